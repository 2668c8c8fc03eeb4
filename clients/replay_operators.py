"""Replays of operators and consoles that write: Zalando's postgres-operator, pgEdge's control plane, Ivory."""

import json
from datetime import datetime, timedelta, timezone

from harness import Checks, wait_for
from typed import BOOL, DICT, LIST, NUMBER, TEXT, lag, one_of, problems

CLIENT = "operators"
CLUSTER = "plain"

GO = {"User-Agent": "Go-http-client/1.1", "Accept-Encoding": "gzip"}
STATES = one_of("running", "streaming", "in archive recovery", "creating replica", "starting", "stopped", "stopping", "restarting")
ZALANDO_CLUSTER = {"members!": [{"name!": TEXT, "role!": one_of("leader", "replica", "sync_standby", "standby_leader", "quorum_standby"), "state!": STATES,
                                 "timeline!": NUMBER, "lag": lag}]}
ZALANDO_PATRONI = {"state!": STATES, "role!": one_of("primary", "replica", "standby_leader"), "server_version!": NUMBER, "pending_restart": BOOL,
                   "cluster_unlocked": BOOL, "patroni!": {"version!": TEXT, "scope!": TEXT}}
PGEDGE_PATRONI = {
    "state!": TEXT, "role!": TEXT, "server_version": NUMBER, "sync_standby": BOOL, "quorum_standby": BOOL, "timeline": NUMBER, "pause": BOOL,
    "xlog": {"location": NUMBER, "received_location": NUMBER, "replayed_location": NUMBER, "replayed_timestamp": TEXT, "paused": BOOL},
    "replication": [{"application_name": TEXT, "client_addr": TEXT, "state": TEXT, "sync_priority": NUMBER, "sync_state": TEXT, "usename": TEXT}],
    "cluster_unlocked": BOOL, "failsafe_mode_is_active": BOOL, "dcs_last_seen!": NUMBER, "pending_restart": BOOL}
PGEDGE_CLUSTER = {"members!": [{"name!": TEXT, "role!": TEXT, "state!": TEXT, "api_url!": TEXT, "host!": TEXT, "port!": NUMBER, "timeline": NUMBER,
                                "pending_restart": BOOL, "tags": DICT, "lag": NUMBER}], "pause": BOOL,
                  "scheduled_switchover": {"at": TEXT, "from": TEXT, "to": TEXT}}
PGEDGE_CONFIG = {"loop_wait": NUMBER, "ttl": NUMBER, "retry_timeout": NUMBER, "maximum_lag_on_failover": NUMBER,
                 "postgresql": {"use_pg_rewind": BOOL, "use_slots": BOOL, "parameters": DICT, "pg_hba": LIST}}
IVORY_CLUSTER = {"members!": [{"name!": TEXT, "state!": TEXT, "role!": TEXT, "host!": TEXT, "port!": NUMBER, "api_url!": TEXT, "pending_restart": BOOL,
                               "lag": lag, "timeline": NUMBER, "scheduled_restart": DICT, "tags": DICT}], "pause": BOOL}


def run(cluster, report):
    zalando(cluster, Checks(report, "postgres-operator", "Zalando 1.15 (replay)"))
    cluster.restore()
    pgedge(cluster, Checks(report, "pgEdge control-plane", "(replay)"))
    cluster.restore()
    ivory(cluster, Checks(report, "Ivory", "(replay)"))


def in_an_hour():
    return datetime.now(timezone.utc).replace(microsecond=0) + timedelta(hours=1)


def zalando(cluster, checks):
    leader = cluster.leader()
    for node in cluster.nodes:
        checks.same(f"GET /cluster of {node.name}", [], problems(node.call("GET", "/cluster", headers=GO).json(), ZALANDO_CLUSTER))
        checks.same(f"GET /patroni of {node.name}", [], problems(node.call("GET", "/patroni", headers=GO).json(), ZALANDO_PATRONI))
    checks.same("GET /readiness", {200}, {node.call("GET", "/readiness", headers=GO).status for node in cluster.nodes})
    before = leader.call("GET", "/config", headers=GO).json()
    # Its values are strings, whatever they are in PostgreSQL; max_connections needs a restart.
    change = {"postgresql": {"parameters": {"work_mem": "5MB", "max_connections": "60"}}, "ttl": 25}
    answer = leader.call("PATCH", "/config", change, headers=GO)
    checks.same("PATCH /config", 200, answer.status)
    after = leader.call("GET", "/config", headers=GO).json()
    checks.same("GET /config has the strings as they were sent", (change["postgresql"]["parameters"]["max_connections"], 25, before["loop_wait"]),
                (after["postgresql"]["parameters"].get("max_connections"), after["ttl"], after["loop_wait"]))
    checks.eventually("work_mem in PostgreSQL", {"5MB"}, lambda: {node.sql("show work_mem") for node in cluster.nodes})
    checks.eventually("pending_restart in /patroni of every node", [True] * 3, cluster.pending)
    # A raised max_connections takes effect on the primary first; each call is answered when its server is up again.
    for node in [leader, *[each for each in cluster.nodes if each is not leader]]:
        started = node.sql("select pg_postmaster_start_time()")
        answer = node.call("POST", "/restart", json.dumps({"restart_pending": True}), headers=GO, timeout=30)
        checks.same(f"POST /restart {{\"restart_pending\":true}} of {node.name}", 200, answer.status)
        checks.check(f"{node.name} was restarted and is up when the answer comes", answer.status == 200 and node.sql("select pg_postmaster_start_time()") != started,
                     "another start time", started)
    checks.eventually("max_connections in PostgreSQL", {"60"}, lambda: {node.sql("show max_connections") for node in cluster.nodes})
    checks.eventually("pending_restart is gone", [None] * 3, cluster.pending)
    zalando_switchover(cluster, checks)


def zalando_switchover(cluster, checks):
    leader, target = cluster.settle(), cluster.replicas()[0]
    answer = leader.call("POST", "/switchover", json.dumps({"leader": leader.name, "member": target.name, "scheduled_at": ""}), headers=GO)
    checks.same('POST /switchover with "member" and an empty "scheduled_at"', (200, f'Successfully switched over to "{target.name}"'), (answer.status, answer.text))
    checks.same("role of the new primary when the answer comes", "primary", target.call("GET", "/patroni").json()["role"])
    leader, target = cluster.settle(), cluster.replicas()[0]
    answer = leader.call("POST", "/failover", json.dumps({"leader": leader.name, "member": target.name}), headers=GO)
    checks.same('POST /failover with "leader" and "member", as its releases before 1.12', 200, answer.status)
    checks.matches("its text", r'^(Successfully failed over|Successfully switched over) to "' + target.name + '"$', answer.text)
    leader, target = cluster.settle(), cluster.replicas()[0]
    at = in_an_hour()
    answer = leader.call("POST", "/switchover", json.dumps({"leader": leader.name, "member": target.name, "scheduled_at": at.strftime("%Y-%m-%dT%H:%M+00")}), headers=GO)
    checks.same('POST /switchover with "scheduled_at" without seconds, "+00"', (202, "Switchover scheduled"), (answer.status, answer.text))
    expected = {"at": at.replace(second=0).isoformat(), "from": leader.name, "to": target.name}
    checks.eventually("scheduled_switchover in /cluster", expected, lambda: cluster.view().get("scheduled_switchover"))
    checks.same("DELETE /switchover", (200, "scheduled switchover deleted"), (lambda a: (a.status, a.text))(leader.call("DELETE", "/switchover", headers=GO)))
    answer = leader.call("POST", "/switchover", json.dumps({"leader": leader.name, "member": "nobody-0"}), headers=GO)
    checks.same("POST /switchover to a member that does not exist", (412, "candidate does not exists"), (answer.status, answer.text))


def pgedge(cluster, checks):
    headers = {**GO, "Content-Type": "application/json"}
    for node in cluster.nodes:
        checks.same(f"GET /patroni of {node.name}", [], problems(node.call("GET", "/patroni", headers=GO).json(), PGEDGE_PATRONI))
        checks.same(f"GET /cluster of {node.name}", [], problems(node.call("GET", "/cluster", headers=GO).json(), PGEDGE_CLUSTER))
        checks.same(f"GET /config of {node.name}", [], problems(node.call("GET", "/config", headers=GO).json(), PGEDGE_CONFIG))
        checks.same(f"GET /liveness, /readiness of {node.name}", (200, 200), tuple(node.call("GET", path, headers=GO).status for path in ("/liveness", "/readiness")))
    leader, replica = cluster.leader(), cluster.replicas()[0]
    answer = leader.call("PATCH", "/config", {"postgresql": {"parameters": {"log_min_duration_statement": 1000}}}, headers=headers)
    checks.same("PATCH /config answers with the configuration", (200, []), (answer.status, problems(answer.json(), PGEDGE_CONFIG) if answer.status == 200 else answer.text))
    # Their times carry nanoseconds and "Z".
    at = in_an_hour().strftime("%Y-%m-%dT%H:%M:%S.123456789Z")
    answer = leader.call("POST", "/switchover", {"leader": leader.name, "candidate": replica.name, "scheduled_at": at}, headers=headers)
    checks.same("POST /switchover with a time as Go writes it", 202, answer.status)
    checks.same("DELETE /switchover", 200, leader.call("DELETE", "/switchover", headers=GO).status)
    answer = replica.call("POST", "/restart", {"schedule": at, "role": "replica", "timeout": 30}, headers=headers)
    checks.same("POST /restart with schedule, role, timeout", (202, "Restart scheduled"), (answer.status, answer.text))
    checks.same("DELETE /restart", (200, "scheduled restart deleted"), (lambda a: (a.status, a.text))(replica.call("DELETE", "/restart", headers=GO)))
    checks.same("DELETE /restart again", 404, replica.call("DELETE", "/restart", headers=GO).status)
    checks.same("POST /reload without a body", 202, replica.call("POST", "/reload", headers=GO).status)
    answer = replica.call("POST", "/restart", {}, headers=headers)
    checks.same("POST /restart with {}", (200, "restarted successfully"), (answer.status, answer.text))
    answer, rebuilt = cluster.rebuilt(replica, lambda: replica.call("POST", "/reinitialize", headers=GO))
    checks.same("POST /reinitialize without a body", (200, "reinitialize started", True), (answer.status, answer.text, rebuilt))
    answer = leader.call("POST", "/failover", {"candidate": replica.name}, headers=headers, timeout=60)
    checks.same("POST /failover with a candidate", (200, f'Successfully failed over to "{replica.name}"'), (answer.status, answer.text))


def ivory(cluster, checks):
    leader, replica = cluster.leader(), cluster.replicas()[0]
    for node in cluster.nodes:
        checks.same(f"GET /cluster of {node.name}", [], problems(node.call("GET", "/cluster", headers=GO).json(), IVORY_CLUSTER))
    checks.same("api_url with an explicit port", {f"{node.url}/patroni" for node in cluster.nodes}, {each["api_url"] for each in cluster.view()["members"]})
    checks.same('PATCH /config {"pause":true}', 200, leader.call("PATCH", "/config", {"pause": True}, headers=GO).status)
    checks.eventually("pause is a boolean in /cluster", True, lambda: cluster.view().get("pause"))
    checks.same('PATCH /config {"pause":false}', 200, leader.call("PATCH", "/config", {"pause": False}, headers=GO).status)
    checks.eventually("pause is gone from /cluster", (False, None), lambda: (bool(cluster.view().get("pause")), cluster.view().get("pause") or None))
    wait_for("all members to manage again", lambda: not any("pause" in n.call("GET", "/patroni").json() for n in cluster.nodes), 15)
    at = in_an_hour().isoformat()
    answer = replica.call("POST", "/restart", {"schedule": at}, headers=GO)
    checks.same("POST /restart with a schedule", 202, answer.status)
    checks.eventually("scheduled_restart in /cluster", at, lambda: cluster.member(replica.name).get("scheduled_restart", {}).get("schedule"))
    checks.same("DELETE /restart", 200, replica.call("DELETE", "/restart", headers=GO).status)
    checks.eventually("scheduled_restart is gone", False, lambda: "scheduled_restart" in cluster.member(replica.name))
    answer = replica.call("POST", "/switchover", {"leader": leader.name, "candidate": replica.name}, headers=GO, timeout=60)
    checks.same("POST /switchover sent to the replica", (200, f'Successfully switched over to "{replica.name}"'), (answer.status, answer.text))
    cluster.settle()
