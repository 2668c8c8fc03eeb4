"""Patroni's patronictl, changing things: edit-config, pause, resume, reload, restart, flush, switchover, failover, reinit, remove."""

import json
import re
from datetime import datetime, timedelta, timezone

from cluster import Cluster
from harness import poll, wait_for
from patronictl import versions

CLIENT = "patronictl-write"
CLUSTER = "plain"


def run(cluster, report):
    for ctl in versions(cluster, report):
        for step in (edit_config, reload, restart, scheduled_restart, switchover, scheduled_switchover, failover, pause, reinit, history):
            cluster.restore()
            step(cluster, ctl)
        remove(cluster, ctl, report)


def soon(seconds):
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).isoformat(timespec="seconds")


def edit_config(cluster, ctl):
    scope = cluster.scope
    ctl.expect(r"Configuration changed", "edit-config", scope, "--force", "-s", "loop_wait=4", "-p", "work_mem=7MB")
    stored = cluster.nodes[0].call("GET", "/config").json()
    ctl.checks.same("edit-config: what is stored", (4, "7MB", 20), (stored["loop_wait"], stored["postgresql"]["parameters"].get("work_mem"), stored["ttl"]))
    ctl.checks.eventually("edit-config: work_mem on all nodes", {"7MB"}, lambda: {node.sql("show work_mem") for node in cluster.nodes})
    ctl.expect(r"Not changed", "edit-config", scope, "--force", "-s", "loop_wait=4")
    ctl.expect(r"Configuration changed", "edit-config", scope, "-q", "--apply", "-", "--force", given="postgresql:\n  parameters:\n    max_connections: 70\n")
    ctl.checks.eventually("edit-config --apply: pending restart on all nodes", [True] * 3, lambda: cluster.pending())
    ctl.checks.eventually("list: column Pending restart", True, lambda: "Pending restart" in ctl("list", scope).text)
    restored = dict(stored, loop_wait=5)
    restored["postgresql"] = dict(restored["postgresql"], parameters={"max_connections": 50})
    ctl.expect(r"Configuration changed", "edit-config", scope, "--replace", "-", "--force", given=json.dumps(restored))
    ctl.checks.eventually("edit-config --replace: pending restart is gone", [None] * 3, lambda: cluster.pending())
    # patronictl writes the store itself; the API tells what is there, as it is there.
    ctl.checks.same("edit-config --replace: GET /config", restored, cluster.nodes[-1].call("GET", "/config").json())


def reload(cluster, ctl):
    for node in cluster.nodes:
        settings = json.loads(node.file.read_text())
        settings["postgresql"]["parameters"]["log_temp_files"] = "12MB"
        node.file.write_text(json.dumps(settings))
    # The whole cluster in one command; each member has a line of its own.
    seen = ctl.expect(r"Reload request received for member node0 and will be processed within \d+ seconds", "reload", cluster.scope, "--force")
    ctl.checks.same("reload: lines", 3, len(re.findall(r"^Reload request received for member", seen.text, re.M)))
    ctl.checks.eventually("reload: the new value on all nodes", {"12MB"}, lambda: {node.sql("show log_temp_files") for node in cluster.nodes})
    for node in cluster.nodes:
        cluster.write(node)
    ctl.expect(r"Reload request received", "reload", cluster.scope, cluster.leader().name, "--force")
    ctl("reload", cluster.scope, "--force")
    ctl.checks.eventually("reload: the old value again", {"-1"}, lambda: {node.sql("show log_temp_files") for node in cluster.nodes})


def restart(cluster, ctl):
    scope, leader, replica = cluster.scope, cluster.leader(), cluster.replicas()[0]
    for node in (replica, leader):
        started = node.sql("select pg_postmaster_start_time()")
        ctl.expect(rf"^Success: restart on member {node.name}$", "restart", scope, node.name, "--force")
        ctl.checks.check(f"restart: {node.name} was restarted", node.sql("select pg_postmaster_start_time()") != started, "another start time", started)
    ctl.checks.same("restart: the leader leads on", leader.name, cluster.settle().name)
    ctl.expect(r"Configuration changed", "edit-config", scope, "-q", "--force", "-p", "max_connections=55")
    wait_for("pending restart", lambda: cluster.pending() == [True] * 3)
    # The list of members is in the store; --pending chooses by it.
    wait_for("pending restart in the store", lambda: all(each.get("pending_restart") for each in cluster.view()["members"]))
    ctl.expect(rf"^Success: restart on member {leader.name}$", "restart", scope, "--pending", "--role", "primary", "--force")
    seen = ctl.expect(rf"^Success: restart on member {replica.name}$", "restart", scope, "--pending", "--role", "replica", "--force", "--timeout", "60")
    ctl.checks.check("restart --pending: replicas only", f"member {leader.name}" not in seen.text, f"nothing about {leader.name}", seen.text)
    ctl.checks.eventually("restart --pending: max_connections", {"55"}, lambda: {node.sql("show max_connections") for node in cluster.nodes})
    ctl.checks.eventually("restart --pending: nothing is pending", [None] * 3, lambda: cluster.pending())
    ctl.expect(r"^Success: restart on member node\d$", "restart", scope, "--role", "replica", "--any", "--force")
    ctl.expect(r"status code=(503|412), \(.+\)", "restart", scope, replica.name, "--force", "--pg-version", "9.6.1")


def scheduled_restart(cluster, ctl):
    scope, replica = cluster.scope, cluster.replicas()[0]
    far = soon(3600)
    ctl.expect(rf"^Success: restart scheduled on member {replica.name}$", "restart", scope, replica.name, "--scheduled", far, "--force")
    ctl.checks.eventually("restart --scheduled: list", True, lambda: "Scheduled restart" in ctl("list", scope).text)
    ctl.expect(rf"^Success: restart scheduled on member {replica.name}$", "restart", scope, replica.name, "--scheduled", far, "--force")
    ctl.expect(rf"^Success: flush scheduled restart for member {replica.name}$", "flush", scope, replica.name, "restart", "--force")
    ctl.checks.eventually("flush restart: /cluster", False, lambda: "scheduled_restart" in cluster.member(replica.name))
    ctl.expect(rf"^No scheduled restart for member {replica.name}$", "flush", scope, replica.name, "restart", "--force")
    ctl.expect(r"422|in the past", "restart", scope, replica.name, "--scheduled", "2020-01-01T00:00:00+00:00", "--force")
    started = replica.sql("select pg_postmaster_start_time()")
    ctl.expect(r"^Success: restart scheduled on member", "restart", scope, replica.name, "--scheduled", soon(20), "--force")
    ctl.checks.check("restart --scheduled: happens at its time", poll(lambda: replica.sql("select pg_postmaster_start_time()") != started, bool, 60) is True,
                     "another start time", started)
    ctl.checks.eventually("restart --scheduled: is forgotten afterwards", False, lambda: "scheduled_restart" in cluster.member(replica.name))


def switchover(cluster, ctl):
    scope, leader, target = cluster.scope, cluster.leader(), cluster.replicas()[-1]
    seen = ctl.expect(rf'Successfully switched over to "{target.name}"', "switchover", scope, "--force", "--leader", leader.name, "--candidate", target.name)
    ctl.checks.check("switchover: the new primary accepts writes at once", poll(lambda: target.sql("create temp table now (x int); select 1") == "1", bool, 1) is True,
                     "a write", seen.text)
    ctl.checks.same("switchover: who leads", target.name, cluster.settle().name)
    ctl.expect(r'Successfully switched over to "node\d"', "switchover", scope, "--force")
    leader = cluster.settle()
    ctl.expect(rf"Member {target.name} is not the leader of cluster", "switchover", scope, "--force", "--leader", target.name, code=1)
    # Interactive, as operators type it: primary, candidate, when, yes.
    other = cluster.replicas()[0]
    ctl.expect(rf'Successfully switched over to "{other.name}"', "switchover", scope, given=f"\n{other.name}\nnow\ny\n")
    cluster.settle()
    ctl.expect(r"Aborting switchover", "switchover", scope, given=f"\n{leader.name}\nnow\nn\n", code=1)


def scheduled_switchover(cluster, ctl):
    scope, leader, target = cluster.scope, cluster.leader(), cluster.replicas()[0]
    ctl.expect(r"Switchover scheduled", "switchover", scope, "--force", "--candidate", target.name, "--scheduled", soon(3600))
    ctl.expect(rf"Switchover scheduled at: .*\n +from: {leader.name}\n +to: {target.name}", "list", scope)
    ctl.expect(r"^Success: scheduled switchover deleted$", "flush", scope, "switchover")
    ctl.expect(r"^No pending scheduled switchover$", "flush", scope, "switchover")
    ctl.checks.eventually("flush switchover: /cluster", None, lambda: cluster.view().get("scheduled_switchover"))
    ctl.expect(r"Switchover scheduled", "switchover", scope, "--force", "--candidate", target.name, "--scheduled", soon(20))
    ctl.checks.check("switchover --scheduled: happens at its time", poll(lambda: cluster.leader().name == target.name, bool, 60) is True, target.name, cluster.leader().name)
    ctl.checks.eventually("switchover --scheduled: is forgotten afterwards", None, lambda: cluster.view().get("scheduled_switchover"))
    ctl.expect(r"422|in the past", "switchover", scope, "--force", "--candidate", leader.name, "--scheduled", "2020-01-01T00:00:00+00:00")


def failover(cluster, ctl):
    scope, leader, target = cluster.scope, cluster.leader(), cluster.replicas()[0]
    ctl.expect(rf'(Successfully failed over|Successfully switched over) to "{target.name}"', "failover", scope, "--force", "--candidate", target.name)
    ctl.checks.same("failover: who leads", target.name, cluster.settle().name)
    ctl.expect(r"Failover could be performed only to a specific candidate", "failover", scope, "--force", code=1)
    ctl.expect(r"does not exist in cluster", "failover", scope, "--force", "--candidate", "nobody", code=1)


def pause(cluster, ctl):
    scope, leader, target = cluster.scope, cluster.leader(), cluster.replicas()[0]
    ctl.expect(r"^Success: cluster management is paused$", "pause", scope, "--wait")
    ctl.checks.same("pause --wait: every node knows", [True] * 3, [node.call("GET", "/patroni").json().get("pause") for node in cluster.nodes])
    ctl.checks.same("pause: /cluster", True, cluster.view().get("pause"))
    ctl.expect(r"Maintenance mode: on", "list", scope)
    ctl.expect(r"Cluster is already paused", "pause", scope, code=1)
    ctl.expect(r"Can't schedule restart in the paused state", "restart", scope, target.name, "--scheduled", soon(3600), "--force", code=1)
    ctl.expect(r"Can't schedule switchover in the paused state", "switchover", scope, "--force", "--scheduled", soon(3600), code=1)
    ctl.expect(rf"^Success: restart on member {target.name}$", "restart", scope, target.name, "--force")
    ctl.expect(r"Switchover is possible only to a specific candidate in a paused state", "switchover", scope, "--force")
    ctl.expect(rf'Successfully switched over to "{target.name}"', "switchover", scope, "--force", "--candidate", target.name)
    ctl.checks.eventually("switchover in pause: who leads", target.name, lambda: cluster.leader().name)
    ctl.expect(r"^Success: cluster management is resumed$", "resume", scope, "--wait")
    ctl.checks.same("resume --wait: every node knows", [None] * 3, [node.call("GET", "/patroni").json().get("pause") for node in cluster.nodes])
    ctl.expect(r"Cluster is not paused", "resume", scope, code=1)


def reinit(cluster, ctl):
    scope, leader, replica = cluster.scope, cluster.leader(), cluster.replicas()[0]
    extra = ["--from-leader"] if ctl.modern else []
    _, rebuilt = cluster.rebuilt(replica, lambda: ctl.expect(
        rf"^Success: reinitialize for member {replica.name}\n.*Reinitialize is completed on: {replica.name}$", "reinit", scope, replica.name, "--force", "--wait", *extra))
    ctl.checks.check("reinit: the data folder is a new one", rebuilt, "no trace of the old one", "the old one")
    ctl.expect(rf"{leader.name} is not a member of cluster|No replica among provided members", "reinit", scope, leader.name, "--force", code=1)


def history(cluster, ctl):
    rows = json.loads(ctl("history", "-f", "json", cluster.scope).stdout)
    leader = cluster.leader()
    ctl.checks.check(f"history: {len(rows)} changes; the last one names the leader", bool(rows) and rows[-1].get("New Leader") == leader.name, leader.name, rows[-2:])
    ctl.checks.check("history: timestamps", all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", each["Timestamp"]) for each in rows), "ISO times", rows[-2:])


def remove(cluster, ctl, report):
    """On a cluster of its own: its keys go while its only node is down."""
    scope = f"removed{ctl.version[0]}"
    single = Cluster(cluster.folder / scope, cluster.program, cluster.store, scope, count=1)
    try:
        single.start()
        ctl.expect(r"Cluster names specified do not match", "remove", scope, given="other\n", code=1)
        ctl.expect(r"You did not exactly type", "remove", scope, given=f"{scope}\nyes\n", code=1)
        ctl.expect(r"You did not specify the current leader", "remove", scope, given=f"{scope}\nYes I am aware\nnobody\n", code=1)
        single.stop()
        ctl.expect(r"Yes I am aware", "remove", scope, given=f"{scope}\nYes I am aware\nnode0\n")
        ctl.checks.matches("remove: nothing is left", rf"\(uninitialized\)|^(?!.*node0)", ctl("list", scope).text)
        # The same data come up again as a cluster; that is what remove is used for.
        for node in single.nodes:
            node.start()
        ctl.checks.eventually("remove: the node comes up again from its data", 200, lambda: single.nodes[0].call("GET", "/primary", timeout=3).status, 60)
    finally:
        single.stop()
