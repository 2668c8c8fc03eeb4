"""check_patroni, a monitoring plugin: all its checks in good and in bad states of the cluster."""

import hashlib
import json
import os
import re
from datetime import datetime, timedelta, timezone

from harness import Checks, poll, wait_for, words
from harness import run as execute

CLIENT = "check_patroni"
CLUSTER = "plain"

OK, WARNING, CRITICAL = 0, 1, 2


class Plugin:
    def __init__(self, cluster, report, source):
        self.cluster, self.source = cluster, source
        self.environment = {"PYTHONPATH": source, "LC_ALL": "C.UTF-8"}
        self.all = [each for node in cluster.nodes for each in ("-e", node.url)]
        version = re.search(r"Version (\S+)", execute(self.command([], "--version"), self.environment).text).group(1)
        self.checks = Checks(report, "check_patroni", version)

    def command(self, endpoints, *arguments):
        return ["/usr/bin/python3", "-m", "check_patroni", *endpoints, *arguments]

    def ask(self, *arguments, on=None):
        return execute(self.command(["-e", on.url] if on else self.all, *arguments), self.environment, folder=self.cluster.folder)

    def expect(self, code, text, *arguments, on=None, label="", within=12):
        """The exit code is what the monitoring system sees; a change of the cluster may need a moment to show."""
        seen = poll(lambda: self.ask(*arguments, on=on), lambda output: output.code == code and re.search(text, output.text), within, 0.5)
        where = f" on {on.name}" if on else ""
        self.checks.check(f"{re.sub(r'[0-9a-f]{32}', 'HASH', words(arguments)).replace(str(self.cluster.folder), '...')}{where}{label}", seen.code == code and re.search(text, seen.text), f"exit code {code}, text like {text}", seen)


def run(cluster, report):
    source = os.environ.get("CHECK_PATRONI_SRC")
    if not source:
        Checks(report, "check_patroni", "2.2.0").skip("all checks", "CHECK_PATRONI_SRC names no checkout of check_patroni 2.2.0")
        return
    plugin = Plugin(cluster, report, source)
    healthy(cluster, plugin)
    configuration(cluster, plugin)
    maintenance(cluster, plugin)
    scheduled(cluster, plugin)
    pending(cluster, plugin)


def healthy(cluster, plugin):
    leader, replica = cluster.leader(), cluster.replicas()[0]
    timeline = cluster.member(leader.name)["timeline"]
    plugin.expect(OK, r"members=3", "cluster_node_count", "-w", "3:", "-c", "2:", "--healthy-warning", "3:", "--healthy-critical", "2:")
    plugin.expect(OK, r"healthy_members=3.*role_leader=1.*role_replica=2.*state_running=1.*state_streaming=2", "cluster_node_count")
    plugin.expect(CRITICAL, r"CRITICAL", "cluster_node_count", "-c", "4:")
    plugin.expect(OK, r"running leader.*has_leader=1.*is_leader=1", "cluster_has_leader")
    plugin.expect(OK, r"healthy_replica is 2.*node\d_lag=0.*sync_replica=0.*unhealthy_replica=0", "cluster_has_replica", "-w", "2:", "-c", "1:", "--max-lag", "1MB")
    plugin.expect(CRITICAL, r"healthy_replica is 2", "cluster_has_replica", "-c", "3:")
    plugin.expect(CRITICAL, r"sync_replica", "cluster_has_replica", "--sync-critical", "1:")
    plugin.expect(OK, r"is_in_maintenance is 0", "cluster_is_in_maintenance")
    plugin.expect(OK, r"has_scheduled_actions is 0", "cluster_has_scheduled_action")
    plugin.expect(OK, r"This node is alive", "node_is_alive", on=replica)
    plugin.expect(OK, r"This node is the primary", "node_is_primary", on=leader)
    plugin.expect(CRITICAL, r"This node is not the primary", "node_is_primary", on=replica)
    plugin.expect(OK, r"This node is a leader node", "node_is_leader", on=leader)
    plugin.expect(CRITICAL, r"This node is not a", "node_is_leader", on=replica)
    plugin.expect(CRITICAL, r"This node is not a standby leader", "node_is_leader", "--is-standby-leader", on=leader)
    plugin.expect(OK, r"This node is a running replica", "node_is_replica", on=replica)
    plugin.expect(OK, r"This node is a running replica", "node_is_replica", "--max-lag", "10MB", on=replica)
    plugin.expect(OK, r"asynchronous|running", "node_is_replica", "--is-async", on=replica)
    plugin.expect(CRITICAL, r"not a", "node_is_replica", "--is-sync", on=replica)
    plugin.expect(CRITICAL, r"not a running replica", "node_is_replica", on=leader)
    plugin.expect(OK, r"doesn't have the pending restart flag", "node_is_pending_restart", on=replica)
    plugin.expect(OK, rf"{timeline}", "node_tl_has_changed", "--timeline", str(timeline), on=leader)
    plugin.expect(CRITICAL, r"timeline", "node_tl_has_changed", "--timeline", "99", on=leader)
    plugin.expect(OK, r"4\.1\.4", "node_patroni_version", "--patroni-version", "4.1.4", on=leader)
    plugin.expect(CRITICAL, r"4\.0\.0", "node_patroni_version", "--patroni-version", "4.0.0", on=leader)


def configuration(cluster, plugin):
    """The hash is made of GET /config as parsed and written again: key order and number text count."""
    def fingerprint(node):
        return hashlib.md5(json.dumps(node.call("GET", "/config").json()).encode()).hexdigest()
    prints = {fingerprint(node) for node in cluster.nodes}
    plugin.checks.same("the hash is the same on all nodes", 1, len(prints))
    before = prints.pop()
    plugin.expect(OK, r"has not changed", "cluster_config_has_changed", "--hash", before)
    state = cluster.folder / "check_patroni.state"
    plugin.ask("cluster_config_has_changed", "--state-file", str(state), "--save")
    plugin.expect(OK, r"has not changed", "cluster_config_has_changed", "--state-file", str(state))
    cluster.patch({"maximum_lag_on_failover": 2097152})
    plugin.expect(CRITICAL, r"has changed", "cluster_config_has_changed", "--hash", before, label=" after PATCH /config")
    cluster.patch({"maximum_lag_on_failover": 1048576})
    plugin.expect(OK, r"has not changed", "cluster_config_has_changed", "--hash", before, label=" after the old value came back")


def maintenance(cluster, plugin):
    cluster.patch({"pause": True})
    plugin.expect(CRITICAL, r"is_in_maintenance is 1", "cluster_is_in_maintenance", label=" in pause")
    cluster.patch({"pause": None})
    plugin.expect(OK, r"is_in_maintenance is 0", "cluster_is_in_maintenance", label=" after pause")
    wait_for("all members to manage again", lambda: not any("pause" in node.call("GET", "/patroni").json() for node in cluster.nodes), 15)


def scheduled(cluster, plugin):
    leader, replica = cluster.leader(), cluster.replicas()[0]
    at = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat(timespec="seconds")
    leader.call("POST", "/switchover", {"leader": leader.name, "scheduled_at": at})
    plugin.expect(CRITICAL, r"scheduled_switchover=1", "cluster_has_scheduled_action", label=" with a switchover")
    leader.call("DELETE", "/switchover")
    replica.call("POST", "/restart", {"schedule": at})
    plugin.expect(CRITICAL, r"scheduled_restart=1", "cluster_has_scheduled_action", label=" with a restart")
    replica.call("DELETE", "/restart")
    plugin.expect(OK, r"has_scheduled_actions is 0", "cluster_has_scheduled_action", label=" afterwards")


def pending(cluster, plugin):
    cluster.patch({"postgresql": {"parameters": {"max_connections": 51}}})
    plugin.expect(CRITICAL, r"has the pending restart flag", "node_is_pending_restart", on=cluster.replicas()[0], label=" after max_connections changed")
    cluster.patch({"postgresql": {"parameters": {"max_connections": 50}}})
    plugin.expect(OK, r"doesn't have the pending restart flag", "node_is_pending_restart", on=cluster.replicas()[0], label=" after it changed back")
