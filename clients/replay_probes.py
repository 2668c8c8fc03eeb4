"""Replays of probes: vip-manager, kubelet, operators' liveness probes, Consul, spilo's curl, cloud load balancers."""

import http.client
import os
import re
import signal
import socket
import struct
import time

from harness import Checks, poll, run as execute

CLIENT = "probes"
CLUSTER = "plain"


def raw(port, request, seconds):
    """Sends bytes, reads the status line only and resets the connection, as probes do. Gives (status, seconds)."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), seconds) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(request)
        line = b""
        while b"\r\n" not in line:
            connection.settimeout(max(0.01, seconds - (time.monotonic() - began)))
            chunk = connection.recv(64)
            if not chunk:
                break
            line += chunk
    match = re.match(rb"HTTP/1\.[01] (\d{3}) ", line)
    return int(match.group(1)) if match else None, time.monotonic() - began


def go_get(port, path, agent="Go-http-client/1.1"):
    return raw(port, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: {agent}\r\nAccept-Encoding: gzip\r\n\r\n".encode(), 1.0)


def run(cluster, report):
    vip_manager(cluster, Checks(report, "vip-manager", "5, dcs-type patroni (replay)"))
    kubelet(cluster, Checks(report, "kubelet", "probes of Zalando's, Crunchy's and Percona's pods (replay)"))
    shells(cluster, Checks(report, "curl", "spilo's and Percona's scripts"))
    consul(cluster, Checks(report, "Consul", "HTTP check (replay)"))
    balancers(cluster, Checks(report, "cloud balancers", "health checks with keep-alive (replay)"))


def vip_manager(cluster, checks):
    leader = cluster.leader()
    for path in ("//leader", "/leader", "/primary", "//primary"):
        seen = {node.name: go_get(node.rest_port, path)[0] for node in cluster.nodes}
        checks.same(f"GET {path}", {node.name: 200 if node is leader else 503 for node in cluster.nodes}, seen)
    # Its interval is a second; from version 5 on, any error takes the address away. Fifty rounds stand for a minute.
    slowest, odd = 0.0, []
    for _ in range(50):
        try:
            status, seconds = go_get(leader.rest_port, "//leader")
            slowest = max(slowest, seconds)
            odd += [] if status == 200 else [status]
        except OSError as problem:
            odd.append(str(problem))
        time.sleep(0.05)
    checks.check("GET //leader 50 times, closed without reading", not odd, "200 each time", odd)
    checks.check("GET //leader within its 1 s", slowest < 1.0, "less than 1 s", f"{slowest:.3f} s")
    frozen_postgres(cluster, checks, leader)


def frozen_postgres(cluster, checks, leader):
    """PostgreSQL stands still for three seconds; the address must stay, because the lease does."""
    pids = [leader.postmaster()]
    children = execute(["ps", "-o", "pid=", "--ppid", pids[0]]).stdout.split()
    pids += [int(each) for each in children]
    answers, slowest = [], 0.0
    try:
        for pid in pids:
            signal_if_there(pid, signal.SIGSTOP)
        until = time.monotonic() + 3
        while time.monotonic() < until:
            try:
                status, seconds = go_get(leader.rest_port, "//leader")
                slowest = max(slowest, seconds)
                answers.append(status)
            except OSError as problem:
                answers.append(str(problem))
            time.sleep(0.1)
    finally:
        for pid in reversed(pids):
            signal_if_there(pid, signal.SIGCONT)
    odd = [each for each in answers if each != 200]
    checks.check("GET //leader while PostgreSQL stands still (SIGSTOP, 3 s)", answers and not odd, "200 within 1 s each time", odd)
    poll(cluster.settled, bool, 20)


def signal_if_there(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def kubelet(cluster, checks):
    for path in ("/liveness", "/readiness"):
        for node in cluster.nodes:
            request = (f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{node.rest_port}\r\nUser-Agent: kube-probe/1.29\r\nAccept: */*\r\nConnection: close\r\n\r\n").encode()
            status, seconds = raw(node.rest_port, request, 1.0)
            checks.check(f"GET {path} of {node.name} within 1 s", status is not None and 200 <= status < 400, "200 to 399", status)


def shells(cluster, checks):
    leader = cluster.leader()
    for path, wanted in (("/primary", {leader.name}), ("/replica", {node.name for node in cluster.nodes} - {leader.name})):
        seen = {}
        for node in cluster.nodes:
            code = execute(["curl", "-o", "/dev/null", "-s", "-w", "%{http_code}", f"{node.url}{path}"]).stdout
            seen[node.name] = code
        checks.same(f"curl -s -w '%{{http_code}}' {path}", {node.name: "200" if node.name in wanted else "503" for node in cluster.nodes}, seen)
    for path in ("/liveness", "/readiness"):
        codes = {execute(["curl", "-k", "-sS", "-o", "/dev/null", "-w", "%{http_code}", f"{node.url}{path}"]).text for node in cluster.nodes}
        checks.same(f"curl -k {path}", {"200"}, codes)
    checks.same("curl --fail --head /replica of a replica", 0, execute(["curl", "-sf", "--head", f"{cluster.replicas()[0].url}/replica"]).code)


def consul(cluster, checks):
    leader = cluster.leader()
    headers = {"User-Agent": "Consul Health Check", "Accept": "text/plain, text/*, */*"}
    for path, expected in (("/primary", {leader.name}), ("/replica", {n.name for n in cluster.nodes} - {leader.name}), ("/standby-leader", set())):
        seen = {node.name for node in cluster.nodes if node.call("GET", path, headers=headers, timeout=5).status == 200}
        checks.same(f"GET {path} passes on", sorted(expected), sorted(seen))


def balancers(cluster, checks):
    """Many checks on one connection, as AWS, Google and Hetzner may send them; each answer must be framed."""
    leader = cluster.leader()
    for path in ("/primary", "/replica?lag=100MB"):
        for node in cluster.nodes:
            wanted = 200 if (node is leader) == (path == "/primary") else 503
            connection = http.client.HTTPConnection("127.0.0.1", node.rest_port, timeout=5)
            seen, sockets = set(), set()
            try:
                for _ in range(20):
                    connection.request("GET", path, headers={"User-Agent": "GoogleHC/1.0", "Connection": "Keep-Alive"})
                    sockets.add(connection.sock.getsockname())
                    answer = connection.getresponse()
                    answer.read()
                    seen.add(answer.status)
            finally:
                connection.close()
            checks.same(f"GET {path} of {node.name}, 20 times on one connection", ({wanted}, 1), (seen, len(sockets)))
