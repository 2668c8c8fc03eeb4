"""Replays of exporters that parse JSON strictly: pgSCV, gopaytech/patroni_exporter, JSON path agents."""

import re

from harness import Checks
from typed import BOOL, NUMBER, TEXT, iso, one_of, problems, spaced

CLIENT = "exporters"
CLUSTER = "plain"

PGSCV_PATRONI = {
    "state!": TEXT, "cluster_unlocked": BOOL, "timeline": NUMBER, "postmaster_start_time!": spaced, "server_version": NUMBER,
    "patroni!": {"version!": lambda value: isinstance(value, str) and re.fullmatch(r"\d+\.\d+\.\d+", value), "scope!": TEXT, "name!": TEXT},
    "role!": one_of("primary", "master", "replica", "standby_leader"),
    "xlog": {"location": NUMBER, "received_location": NUMBER, "replayed_location": NUMBER, "replayed_timestamp": spaced, "paused": BOOL},
    "dcs_last_seen!": NUMBER, "replication_state": TEXT, "pending_restart": BOOL, "pause": BOOL, "sync_standby": BOOL}
PGSCV_CONFIG = {"failsafe_mode": BOOL, "loop_wait!": NUMBER, "maximum_lag_on_failover": NUMBER, "retry_timeout!": NUMBER, "ttl!": NUMBER}


def run(cluster, report):
    pgscv(cluster, Checks(report, "pgSCV", "1 (replay)"))
    patroni_exporter(cluster, Checks(report, "patroni_exporter", "gopaytech (replay)"))
    json_agents(cluster, Checks(report, "JSON path agents", "Zabbix, Telegraf (replay)"))


def pgscv(cluster, checks):
    for node in cluster.nodes:
        checks.same(f"GET /liveness of {node.name}, time-out 1 s", 200, node.call("GET", "/liveness", timeout=1).status)
        answer = node.call("GET", "/patroni", timeout=1)
        checks.same(f"GET /patroni of {node.name}: {answer.json()['role']}", (200, []), (answer.status, problems(answer.json(), PGSCV_PATRONI)))
        answer = node.call("GET", "/config", timeout=1)
        checks.same(f"GET /config of {node.name}", (200, []), (answer.status, problems(answer.json(), PGSCV_CONFIG)))
        answer = node.call("GET", "/history", timeout=1)
        history = answer.json()
        last = history[-1] if history else [1, 2, "none yet", "2026-01-02T03:04:05+00:00"]
        fits = isinstance(last, list) and len(last) >= 4 and isinstance(last[2], str) and iso(last[3])
        checks.check(f"GET /history of {node.name}, {len(history)} rows", answer.status == 200 and fits, "[number, number, text, ISO time] last", last)


def patroni_exporter(cluster, checks):
    leader = cluster.leader()
    for node in cluster.nodes:
        status = node.call("GET", "/patroni").json()
        seen = (status["state"], status["role"], status["patroni"]["scope"], bool(status["patroni"]["version"]))
        checks.same(f"state, role, scope, version of {node.name}", ("running", "primary" if node is leader else "replica", cluster.scope, True), seen)


def json_agents(cluster, checks):
    """Monitoring by paths such as $.xlog.location or $.members[?(@.role=='leader')].name."""
    leader = cluster.leader()
    view = cluster.nodes[-1].call("GET", "/cluster").json()
    checks.same("$.members[?(@.role=='leader')].name", [leader.name], [each["name"] for each in view["members"] if each["role"] == "leader"])
    checks.same("$.scope", cluster.scope, view.get("scope"))
    checks.check("$.xlog.location of the primary", isinstance(leader.call("GET", "/patroni").json()["xlog"]["location"], int), "an integer", "another type")
    checks.same("$.replication[*].state of the primary", ["streaming"] * 2, [each["state"] for each in leader.call("GET", "/patroni").json()["replication"]])
    checks.same("Content-Type of /patroni and /cluster", {"application/json"},
                {leader.call("GET", path).headers.get("Content-Type", "").split(";")[0] for path in ("/patroni", "/cluster")})
