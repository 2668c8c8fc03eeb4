"""The store stands still, with failsafe mode on and off."""

import json

from harness import poll
from stores import Frozen
from writer import Writer


def failsafe(cluster, checks):
    """The leader goes on while all members, of both kinds, answer it; it stops when one does not."""
    for leader in (cluster.of("j")[0], cluster.of("p")[0]):
        cluster.move(leader)
        cluster.patch({"failsafe_mode": True})
        names = sorted(node.name for node in cluster.nodes)
        for node in cluster.nodes:
            checks.eventually(f"{leader.kind} leads: /failsafe of {node.name}", names, lambda: sorted(node.call("GET", "/failsafe").json() or {}), 20)
        timeline = cluster.member(leader.name)["timeline"]
        with Writer(cluster) as writer:
            with Frozen(cluster.store):
                # Longer than the lease lasts.
                demoted = poll(lambda: not leader.is_primary(), bool, 32, 0.5)
                checks.check(f"{leader.kind} leads: 32 s without the store, and it goes on leading", demoted is not True and writer.goes_on(), "primary", demoted)
                checks.eventually(f"{leader.kind} leads: it says so", True, lambda: "failsafe_mode_is_active" in leader.call("GET", "/primary").text)
                standing = [node.name for node in cluster.nodes if node is not leader and node.sql("select pg_is_in_recovery()") != "t"]
                checks.same(f"{leader.kind} leads: the others stay replicas", [], standing)
            checks.check(f"{leader.kind} leads: with the store back all is well", poll(cluster.settled, bool, 60) is True, "a settled cluster", poll(cluster.view, bool, 1))
        checks.same(f"{leader.kind} leads: the same leader, the same timeline", (leader.name, timeline), (cluster.leader().name, cluster.member(leader.name)["timeline"]))
        writer.nothing_lost(checks, f"failsafe, {leader.kind} leads")
        # Sessions ended meanwhile; whoever is not in the key yet may not lead, and is not asked.
        checks.eventually(f"{leader.kind} leads: the key failsafe names all again", names, lambda: sorted(json.loads(cluster.values()["failsafe"])), 30)
        absent = next(each for each in cluster.replicas() if each.kind != leader.kind)
        with Frozen(cluster.store):
            absent.kill_agent()
            checks.eventually(f"{leader.kind} leads: without the store and without {absent.name} it stops being primary", False, leader.is_primary, 40)
        absent.start()
        checks.check(f"{leader.kind} leads: with both back all is well", poll(cluster.settled, bool, 90) is True, "a settled cluster", poll(cluster.view, bool, 1))


def store_away(cluster, checks):
    """Without failsafe mode a leader of either kind stops before its lease ends, and one leads again when the store is back."""
    for leader in (cluster.of("j")[0], cluster.of("p")[0]):
        cluster.move(leader)
        with Writer(cluster) as writer:
            with Frozen(cluster.store):
                checks.eventually(f"{leader.kind} leads: without the store it stops being primary", True, lambda: not leader.is_primary(), 30)
                checks.eventually(f"{leader.kind} leads: nobody accepts writes", True, lambda: all(node.sql("select pg_is_in_recovery()") == "t" for node in cluster.nodes), 30)
            checks.check(f"{leader.kind} leads: with the store back all is well", poll(cluster.settled, bool, 90) is True, "a settled cluster", poll(cluster.view, bool, 1))
            checks.check(f"{leader.kind} leads: writes go on", writer.goes_on(), "rows", writer.figures())
        writer.nothing_lost(checks, f"store away, {leader.kind} leads")
