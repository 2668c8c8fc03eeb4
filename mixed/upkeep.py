"""Daily work: pause, configuration, restart, reinitialize."""

import signal
from datetime import datetime, timedelta, timezone

from harness import poll
from writer import Writer


def pause(cluster, checks):
    """patronictl pause and resume wait for members of both kinds; what a leader of each kind does meanwhile."""
    scope = cluster.scope
    for leader in (cluster.of("j")[0], cluster.of("p")[0]):
        cluster.move(leader)
        other = next(each for each in cluster.nodes if each.kind != leader.kind)
        what = f"{leader.kind} leads in pause"
        with Writer(cluster) as writer:
            cluster.ctl.expect(r"^Success: cluster management is paused$", "pause", scope, "--wait")
            checks.same(f"{what}: every node knows", [True] * 3, [node.patroni().get("pause") for node in cluster.nodes])
            cluster.ctl.expect(r"Maintenance mode: on", "list", scope)
            pid = leader.postmaster()
            leader.signal_agent(signal.SIGTERM)
            leader.daemon.process.wait(60)
            # Longer than the lease: nobody may take over.
            taken = poll(lambda: any(node.is_primary() for node in cluster.nodes if node is not leader), bool, 26, 1)
            checks.check(f"{what}: its daemon ends, PostgreSQL goes on, nobody takes over", leader.postmaster() == pid and taken is not True and writer.goes_on(),
                         "the same postmaster, no other primary", (pid, leader.postmaster(), taken))
            leader.start()
            checks.eventually(f"{what}: the daemon leads again", True, leader.is_primary, 40)
            other.kill_postgres()
            # Patroni starts it in pause when it remembers an earlier pg_rewind, so it is asked of JPatroni only.
            if other.kind == "j":
                checks.same(f"{what}: a killed standby stays down", None, poll(other.postmaster, bool, 12))
            cluster.ctl.expect(r"^Success: cluster management is resumed$", "resume", scope, "--wait")
            checks.same(f"{what}: after resume every node knows", [None] * 3, [node.patroni().get("pause") for node in cluster.nodes])
            checks.check(f"{what}: after resume all is well", poll(cluster.settled, bool, 60) is True, "a settled cluster", cluster.view())
        checks.same(f"{what}: the same leads", leader.name, cluster.leader().name)
        writer.nothing_lost(checks, what)
    switch_in_pause(cluster, checks)


def switch_in_pause(cluster, checks):
    scope = cluster.scope
    cluster.ctl.expect(r"^Success: cluster management is paused$", "pause", scope, "--wait")
    for target in (cluster.of("j")[0], cluster.of("p")[0]):
        cluster.ctl.expect(rf'Successfully switched over to "{target.name}"', "switchover", scope, "--force", "--candidate", target.name)
        checks.eventually(f"switchover in pause: {target.name} leads", target.name, lambda: cluster.leader().name)
        cluster.settle(60)
    cluster.ctl.expect(r"^Success: cluster management is resumed$", "resume", scope, "--wait")


def configuration(cluster, checks):
    """edit-config and PATCH through nodes of both kinds, in effect on all; a pending restart, and its end."""
    scope = cluster.scope
    cluster.ctl.expect(r"Configuration changed", "edit-config", scope, "--force", "-s", "maximum_lag_on_failover=2097152", "-p", "work_mem=7MB")
    checks.eventually("edit-config: work_mem on all nodes", {"7MB"}, lambda: {node.sql("show work_mem") for node in cluster.nodes})
    for node, value in ((cluster.of("j")[0], "8MB"), (cluster.of("p")[0], "9MB")):
        answer = node.call("PATCH", "/config", {"postgresql": {"parameters": {"work_mem": value}}})
        checks.same(f"PATCH /config to {node.name}", 200, answer.status)
        checks.eventually(f"PATCH /config to {node.name}: on all nodes", {value}, lambda: {each.sql("show work_mem") for each in cluster.nodes})
        checks.eventually(f"PATCH /config to {node.name}: the same at all nodes", 1, lambda: len({each.call("GET", "/config").text for each in cluster.nodes}))
    cluster.ctl.expect(r"Configuration changed", "edit-config", scope, "--force", "-q", "-p", "max_connections=60")
    checks.eventually("max_connections: pending restart on all nodes", [True] * 3, cluster.pending)
    checks.eventually("list: column Pending restart", True, lambda: "Pending restart" in cluster.ctl("list", scope).text)
    # By the member keys chooses --pending.
    checks.eventually("max_connections: pending restart in all member keys", [True] * 3, lambda: [each.get("pending_restart") for each in cluster.view()["members"]])
    for node in sorted(cluster.nodes, key=lambda each: each is not cluster.leader()):
        cluster.ctl.expect(rf"Success: restart on member {node.name}", "restart", scope, node.name, "--force", "--pending")
    checks.eventually("restart --pending: the new value on all nodes", {"60"}, lambda: {node.sql("show max_connections") for node in cluster.nodes})
    checks.eventually("restart --pending: nothing pending", [None] * 3, cluster.pending)


def restart(cluster, checks):
    """patronictl restart of each member, with a leader of each kind; scheduled, too."""
    scope = cluster.scope
    for leader in (cluster.of("j")[0], cluster.of("p")[0]):
        cluster.move(leader)
        with Writer(cluster) as writer:
            for node in cluster.nodes:
                started = node.sql("select pg_postmaster_start_time()")
                cluster.ctl.expect(rf"Success: restart on member {node.name}", "restart", scope, node.name, "--force")
                checks.eventually(f"{leader.kind} leads: {node.name} was restarted", True, lambda: node.sql("select pg_postmaster_start_time()") != started)
            checks.same(f"{leader.kind} leads: it leads on", leader.name, cluster.settle().name)
        writer.nothing_lost(checks, f"restarts, {leader.kind} leads")
    soon = (datetime.now(timezone.utc) + timedelta(seconds=10)).isoformat(timespec="seconds")
    started = {node.name: node.sql("select pg_postmaster_start_time()") for node in cluster.nodes}
    for node in cluster.nodes:
        cluster.ctl.expect(r"Success: restart scheduled on member", "restart", scope, node.name, "--force", "--scheduled", soon)
    for node in cluster.nodes:
        checks.eventually(f"scheduled restart of {node.name}", True, lambda: node.sql("select pg_postmaster_start_time()") != started[node.name], 50)


def reinitialize(cluster, checks):
    """patronictl reinit of each replica, with a leader of each kind."""
    scope = cluster.scope
    for leader in (cluster.of("j")[0], cluster.of("p")[0]):
        cluster.move(leader)
        for index, replica in enumerate(cluster.replicas()):
            extra = ["--from-leader"] if index else []
            _, gone = cluster.rebuilt(replica, lambda: cluster.ctl.expect(
                rf"^Success: reinitialize for member {replica.name}\n.*Reinitialize is completed on: {replica.name}$", "reinit", scope, replica.name, "--force", "--wait", *extra))
            checks.check(f"reinit: the data folder of {replica.name} is a new copy of {leader.name}", gone, "no trace of the old one", "the old one")
        refused = leader.call("POST", "/reinitialize", {})
        checks.same(f"reinit of the leader {leader.name} is refused", 503, refused.status)

