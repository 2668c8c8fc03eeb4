"""Synchronous replication across kinds: nothing acknowledged is lost, whoever fails."""

import json

from harness import poll, wait_for
from losses import come_back, directions, taken_over
from writer import Writer


def state(cluster):
    return json.loads(cluster.values().get("sync", "{}"))


def listed(cluster):
    """The synchronous standbys that the store names."""
    return sorted(filter(None, (state(cluster).get("sync_standby") or "").split(",")))


def in_effect(cluster, checks, what, mode, leader):
    """The store, PostgreSQL, both kinds' API and patronictl agree on who is synchronous."""
    others = sorted(node.name for node in cluster.nodes if node is not leader)
    wanted = 1 if mode is True else 2
    checks.check(f"{what}: /sync names {wanted} of the replicas", poll(lambda: len(listed(cluster)) == wanted and set(listed(cluster)) <= set(others), bool, 25) is True, others, state(cluster))
    checks.same(f"{what}: /sync names the leader", leader.name, state(cluster).get("leader"))
    checks.same(f"{what}: quorum in /sync", 0 if mode is True else 1, state(cluster).get("quorum"))
    checks.eventually(f"{what}: PostgreSQL waits for them", listed(cluster),
                      lambda: sorted(leader.sql("select application_name from pg_stat_replication where sync_state in ('sync', 'quorum')").split()), 20)
    path, role = ("/sync", "Sync Standby") if mode is True else ("/quorum", "Quorum Standby")
    for node in cluster.nodes:
        if node is not leader:
            checks.eventually(f"{what}: GET {path} of {node.name}", 200 if node.name in listed(cluster) else 503, lambda: node.call("GET", path).status)
    checks.eventually(f"{what}: patronictl list", wanted, lambda: cluster.ctl("list", cluster.scope).text.count(role))


def asynchronous(cluster):
    """With it on, only a synchronous standby may be made the leader."""
    cluster.patch({"synchronous_mode": None})
    wait_for("the end of synchronous replication", lambda: not listed(cluster) and cluster.leader().sql("show synchronous_standby_names") == "", 30)


def with_mode(cluster, checks, mode):
    word = "synchronous_mode: quorum" if mode == "quorum" else "synchronous_mode: true"
    for origin, target in ((cluster.of("j")[0], cluster.of("p")[0]), (cluster.of("p")[0], cluster.of("j")[0])):
        asynchronous(cluster)
        cluster.move(origin)
        cluster.patch({"synchronous_mode": mode})
        what = f"{word}, {origin.kind} leads"
        in_effect(cluster, checks, what, mode, origin)
        candidate = cluster.node(listed(cluster)[0]) if mode is True and listed(cluster) else target
        with Writer(cluster) as writer:
            cluster.ctl.expect(rf'Successfully switched over to "{candidate.name}"', "switchover", cluster.scope, "--force", "--candidate", candidate.name)
            checks.check(f"{what}: writes go on after the switchover", writer.goes_on(30), "rows", writer.figures())
            cluster.settle(60)
        writer.nothing_lost(checks, f"{what}, switchover")
        in_effect(cluster, checks, f"{what}, after the switchover to {candidate.kind}", mode, candidate)
    asynchronous(cluster)
    for origin, target in directions(cluster):
        cluster.patch({"synchronous_mode": mode})
        what = f"{word}, {origin.name} killed with its agent"
        # The third may not lead, so it must not be the only one who has everything.
        third = next(each for each in cluster.nodes if each not in (origin, target))
        cluster.retag({third.name: {"nofailover": True, "nosync": True}})
        checks.eventually(f"{what}: {target.name} is synchronous", [target.name], lambda: listed(cluster), 40)
        with Writer(cluster) as writer:
            origin.kill()
            taken_over(cluster, checks, what, target)
            origin.start()
            come_back(cluster, checks, what, origin, target)
            checks.check(f"{what}: writes go on", writer.goes_on(30), "rows", writer.figures())
        writer.nothing_lost(checks, what)
        asynchronous(cluster)
    cluster.patch({"synchronous_mode": mode})
    checks.eventually(f"{word}, switched on again: /sync names somebody", True, lambda: bool(listed(cluster)), 25)
    cluster.patch({"synchronous_mode": None})
    checks.eventually(f"{word}, switched off: /sync names nobody", [], lambda: listed(cluster), 25)
    checks.eventually(f"{word}, switched off: synchronous_standby_names", "", lambda: cluster.leader().sql("show synchronous_standby_names"), 25)


def synchronous(cluster, checks):
    """synchronous_mode true: one standby of whatever kind has everything; switchover and loss of the leader in both directions."""
    with_mode(cluster, checks, True)


def quorum(cluster, checks):
    """synchronous_mode quorum: any one of two has everything; switchover and loss of the leader in both directions."""
    with_mode(cluster, checks, "quorum")
