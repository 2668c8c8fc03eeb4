"""HAProxy with check-ssl: without verification, with a known CA, and with a client's certificate where the node demands one."""

import os
import signal

import haproxy
from harness import Checks, poll, wait_for

CLIENT = "haproxy-tls"
CLUSTER = "tls"

CHECKS = {"none": "check-ssl verify none", "ca": "check-ssl verify required ca-file {ca}", "cert": "check-ssl verify required ca-file {ca} crt {pem}"}
FORMS = [
    ("none-options", ["option httpchk OPTIONS /primary"], "leader"),
    ("none-head", ["option httpchk HEAD /replica"], "replicas"),
    ("none-get-11", ["option httpchk GET /primary HTTP/1.1\\r\\nHost:\\ localhost"], "leader"),
    ("ca-options", ["option httpchk OPTIONS /primary"], "leader"),
    ("ca-send", ["option httpchk", "http-check send meth GET uri /replica?lag=100MB ver HTTP/1.1 hdr Host localhost"], "replicas"),
    ("cert-options", ["option httpchk OPTIONS /primary"], "leader"),
    ("cert-head", ["option httpchk HEAD /primary"], "leader"),
    ("cert-get-11", ["option httpchk GET /read-only HTTP/1.1\\r\\nHost:\\ localhost"], "all"),
]


def run(cluster, report):
    checks = Checks(report, "HAProxy", haproxy.version())

    def options(form):
        return CHECKS[form.split("-")[0]].format(ca=cluster.tls.ca, pem=cluster.tls.client_pem)

    proxy = haproxy.HAProxy(cluster, [], FORMS, options, "haproxy-tls")
    try:
        wait_for("HAProxy's statistics", proxy.rows)
        haproxy.steady(checks, proxy, cluster.leader().name, "verify_client: optional")
        verify_client(cluster, "required")
        for name in proxy.wanted:
            if not name.startswith("cert-"):
                proxy.wanted[name] = "nobody"
        expected = proxy.expected(cluster.leader().name)
        poll(proxy.up, lambda seen: seen == expected, 25)
        checks.same("verify_client: required, after a reload: only checks with a certificate are UP", expected, proxy.up())
    finally:
        proxy.stop()
        verify_client(cluster, "optional")


def verify_client(cluster, word):
    """Changes the nodes' files and reloads them by a signal; done when a client without certificate is treated accordingly."""
    cluster.restapi["verify_client"] = word
    for node in cluster.nodes:
        cluster.write(node)
        os.kill(node.daemon.pid, signal.SIGHUP)
    for node in cluster.nodes:
        wait_for(f"{node.name} to take verify_client: {word}", lambda: refuses(node) == (word == "required"), 20)


def refuses(node):
    try:
        node.call("GET", "/liveness", timeout=3, cert=False)
        return False
    except OSError:
        return True
