"""patronictl and check_patroni over TLS with a client's certificate and authentication; autobase's calls over HTTPS."""

import os

from harness import Checks
from harness import run as execute
from patronictl import versions

CLIENT = "tls-clients"
CLUSTER = "tls"


def run(cluster, report):
    for ctl in versions(cluster, report):
        leader, replica = cluster.settle(), cluster.replicas()[0]
        ctl.expect(r"^node0: Patroni 4\.1\.4", "version", cluster.scope)
        ctl.expect(r"Reload request received for member", "reload", cluster.scope, replica.name, "--force")
        ctl.expect(rf"^Success: restart on member {replica.name}$", "restart", cluster.scope, replica.name, "--force")
        ctl.expect(rf'Successfully switched over to "{replica.name}"', "switchover", cluster.scope, "--force", "--candidate", replica.name)
        ctl.checks.same("switchover: who leads", replica.name, cluster.settle().name)
    strangers(cluster, Checks(report, "curl", "without password or certificate"))
    autobase(cluster, Checks(report, "autobase", "2.3 over HTTPS (replay)"))
    check_patroni(cluster, report)


def strangers(cluster, checks):
    """What must not pass: unsafe calls without password, with a wrong one, without certificate."""
    leader = cluster.leader()
    body = {"postgresql": {"parameters": {"work_mem": "64kB"}}}
    answer = leader.call("PATCH", "/config", body)
    checks.same("PATCH /config without a password", (401, 'Basic realm="Patroni"'), (answer.status, answer.headers.get("WWW-Authenticate")))
    checks.same("PATCH /config with a wrong password", 401, leader.call("PATCH", "/config", body, headers={"Authorization": "Basic YWRtaW46d3Jvbmc="}).status)
    checks.same("PATCH /config without a certificate", 403, leader.call("PATCH", "/config", body, headers=cluster.basic(), cert=False).status)
    checks.same("GET /primary without either", 200, leader.call("GET", "/primary", cert=False).status)


def autobase(cluster, checks):
    """Its current tree speaks HTTPS and sends the password at once."""
    leader = cluster.leader()
    answer = leader.call("PATCH", "/config", '{"postgresql":{"parameters":{"work_mem":"6MB"}}}', headers=cluster.basic())
    checks.same("PATCH /config", 200, answer.status)
    checks.eventually("work_mem on all nodes", {"6MB"}, lambda: {node.sql("show work_mem") for node in cluster.nodes})


def check_patroni(cluster, report):
    source = os.environ.get("CHECK_PATRONI_SRC")
    checks = Checks(report, "check_patroni", "2.2.0 over HTTPS")
    if not source:
        checks.skip("all checks", "CHECK_PATRONI_SRC names no checkout of check_patroni 2.2.0")
        return
    endpoints = [each for node in cluster.nodes for each in ("-e", node.url)]
    tls = ["--cert_file", cluster.tls.client_cert, "--key_file", cluster.tls.client_key, "--ca_file", cluster.tls.ca]
    for command in (["cluster_has_leader"], ["cluster_has_replica", "-c", "2:"]):
        seen = execute(["/usr/bin/python3", "-m", "check_patroni", *endpoints, *tls, *command], {"PYTHONPATH": source, "LC_ALL": "C.UTF-8"})
        checks.check(" ".join(command), seen.code == 0 and " OK" in seen.text, "exit code 0, OK", seen)
