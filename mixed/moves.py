"""Leadership is handed over on purpose: switchover, scheduled switchover, manual failover."""

from datetime import datetime, timedelta, timezone

from harness import poll
from writer import Writer


def pairs(cluster):
    """From where to where: across kinds in both directions, then within the kind that has two nodes."""
    j, p = cluster.of("j")[0], cluster.of("p")[0]
    twins = cluster.of("j") if len(cluster.of("j")) > 1 else cluster.of("p")
    return [(p, j), (j, p)], twins


def history(cluster):
    """Once the leader stands in it, when somebody was promoted at all."""
    leader = cluster.leader()

    def complete():
        lines = leader.call("GET", "/history").json()
        return (not lines and leader is cluster.nodes[0] or lines and lines[-1][-1] == leader.name) and [lines]
    return (poll(complete, bool, 15) or [leader.call("GET", "/history").json()])[0]


def arrived(cluster, checks, what, target, before):
    checks.eventually(f"{what}: {target.name} leads and says so", (target.name, True), lambda: (cluster.leader().name, target.is_primary()), 10)
    checks.check(f"{what}: all stream on one timeline again", poll(cluster.settled, bool, 40) is True, "a settled cluster", cluster.view())
    # Patroni writes it in the cycle after the promotion, and reads what it tells of it in the cycle after that.
    checks.eventually(f"{what}: /history of both kinds names the new leader", [(len(before) + 1, target.name)] * 2,
                      lambda: [(len(lines), lines[-1][-1]) for lines in (cluster.of(kind)[0].call("GET", "/history").json() for kind in "jp")])


def switchover(cluster, checks):
    """By patronictl and by POST to a replica of the other kind, with a writer: nothing is lost."""
    across, twins = pairs(cluster)
    for origin, target in across:
        cluster.move(origin)
        before = history(cluster)
        with Writer(cluster) as writer:
            cluster.ctl.expect(rf'Successfully switched over to "{target.name}"', "switchover", cluster.scope, "--force", "--leader", origin.name, "--candidate", target.name)
            arrived(cluster, checks, f"{origin.kind} to {target.kind}", target, before)
            checks.check(f"{origin.kind} to {target.kind}: writes go on", writer.goes_on(), "rows", writer.figures())
        writer.nothing_lost(checks, f"{origin.kind} to {target.kind}")
    for origin, target in [*across, (twins[0], twins[1])]:
        cluster.move(origin)
        before = history(cluster)
        # A replica, and of another kind than the leader where there is one.
        asked = next((each for each in cluster.replicas() if each.kind != origin.kind), target)
        what = f"{origin.kind} to {target.kind}, POST /switchover to a replica of kind {asked.kind}"
        with Writer(cluster) as writer:
            answer = asked.call("POST", "/switchover", {"leader": origin.name, "candidate": target.name}, timeout=60)
            checks.same(what, (200, f'Successfully switched over to "{target.name}"'), (answer.status, answer.text))
            arrived(cluster, checks, what, target, before)
        writer.nothing_lost(checks, what)


def scheduled(cluster, checks):
    """At a time, in both directions, seen and flushed by patronictl."""
    for origin, target in pairs(cluster)[0]:
        cluster.move(origin)
        scope, what = cluster.scope, f"{origin.kind} to {target.kind}"
        far = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat(timespec="seconds")
        cluster.ctl.expect(r"Switchover scheduled", "switchover", scope, "--force", "--candidate", target.name, "--scheduled", far)
        cluster.ctl.expect(rf"Switchover scheduled at: .*\n +from: {origin.name}\n +to: {target.name}", "list", scope)
        for node in cluster.nodes:
            checks.eventually(f"{what}: /cluster of {node.name} tells it", target.name, lambda: node.call("GET", "/cluster").json().get("scheduled_switchover", {}).get("to"))
        cluster.ctl.expect(r"^Success: scheduled switchover deleted$", "flush", scope, "switchover")
        before = history(cluster)
        soon = (datetime.now(timezone.utc) + timedelta(seconds=12)).isoformat(timespec="seconds")
        with Writer(cluster) as writer:
            cluster.ctl.expect(r"Switchover scheduled", "switchover", scope, "--force", "--candidate", target.name, "--scheduled", soon)
            checks.eventually(f"{what}: happens at its time", target.name, lambda: cluster.leader().name, 40)
            arrived(cluster, checks, f"{what}, scheduled", target, before)
        checks.eventually(f"{what}: is forgotten afterwards", None, lambda: cluster.view().get("scheduled_switchover"))
        writer.nothing_lost(checks, f"{what}, scheduled")


def manual_failover(cluster, checks):
    """patronictl failover in both directions, and refused where nobody is named."""
    for origin, target in pairs(cluster)[0]:
        cluster.move(origin)
        before = history(cluster)
        cluster.ctl.expect(r"Failover could be performed only to a specific candidate", "failover", cluster.scope, "--force", code=1)
        with Writer(cluster) as writer:
            cluster.ctl.expect(rf'(Successfully failed over|Successfully switched over) to "{target.name}"', "failover", cluster.scope, "--force", "--candidate", target.name)
            arrived(cluster, checks, f"{origin.kind} to {target.kind}, failover", target, before)
        writer.nothing_lost(checks, f"{origin.kind} to {target.kind}, failover")
