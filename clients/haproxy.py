"""HAProxy with every form of health check that Patroni's samples and templates use, and traffic through its ports."""

import csv
import io
import os
import re
import signal
import socket
import threading
import time

from cluster import free_port
from harness import Checks, Program, poll, wait_for
from harness import run as execute

CLIENT = "haproxy"
CLUSTER = "plain"

# name, lines of the check, who must be up. The first three are Patroni's own sample and its confd templates, with their times.
SAMPLES = [
    ("sample", ["option httpchk"], "leader"),
    ("confd-primary", ["option httpchk HEAD /primary"], "leader"),
    ("confd-replicas", ["option httpchk HEAD /replica"], "replicas"),
]
FORMS = [
    ("options-primary", ["option httpchk OPTIONS /primary"], "leader"),
    ("options-primary-11", ["option httpchk OPTIONS /primary HTTP/1.1\\r\\nHost:\\ localhost"], "leader"),
    ("options-master", ["option httpchk OPTIONS /master"], "leader"),
    ("options-slash-11", ["option httpchk OPTIONS / HTTP/1.1\\r\\nHost:\\ localhost"], "leader"),
    ("head-leader-11", ["option httpchk HEAD /leader HTTP/1.1\\r\\nHost:\\ localhost"], "leader"),
    ("get-primary", ["option httpchk GET /primary"], "leader"),
    ("get-read-write-11", ["option httpchk GET /read-write HTTP/1.1\\r\\nHost:\\ localhost"], "leader"),
    ("get-read-only", ["option httpchk GET /read-only"], "all"),
    ("options-replica-lag", ["option httpchk OPTIONS /replica?lag=100MB"], "replicas"),
    ("options-async-lag", ["option httpchk OPTIONS /async?lag=100MB"], "replicas"),
    ("options-sync", ["option httpchk OPTIONS /sync"], "nobody"),
    ("get-replica-tag", ["option httpchk GET /replica?lag=100MB&tag_zone=b"], "tagged replica"),
    ("head-health", ["option httpchk HEAD /health"], "all"),
    ("options-liveness", ["option httpchk OPTIONS /liveness"], "all"),
    ("get-readiness-11", ["option httpchk GET /readiness HTTP/1.1\\r\\nHost:\\ localhost"], "all"),
    ("send-get-11", ["option httpchk", "http-check send meth GET uri /primary ver HTTP/1.1 hdr Host localhost hdr User-Agent probe"], "leader"),
    ("send-options-11", ["option httpchk", "http-check send meth OPTIONS uri /replica?lag=100MB ver HTTP/1.1 hdr Host localhost"], "replicas"),
    ("send-head-10", ["option httpchk", "http-check send meth HEAD uri /primary"], "leader"),
    ("connect-send", ["option httpchk", "http-check connect default", "http-check send meth GET uri /leader ver HTTP/1.1 hdr Host localhost"], "leader"),
]


def version():
    return re.search(r"version (\d+\.\d+\.\d+)", execute(["haproxy", "-v"]).text).group(1)


class HAProxy:
    """One HAProxy with a listener per form."""

    def __init__(self, cluster, samples, forms, options=lambda form: "", label="haproxy"):
        self.cluster, self.folder = cluster, cluster.folder
        self.port = {name: free_port() for name, _, _ in samples + forms}
        self.wanted = {name: who for name, _, who in samples + forms}
        self.socket = self.folder / f"{label}.sock"
        lines = ["global", "  maxconn 100", f"  stats socket {self.socket} mode 600 level admin", "defaults", "  mode tcp", "  retries 2", "  timeout client 30m",
                 "  timeout connect 4s", "  timeout server 30m", "  timeout check 5s"]
        for group, interval in ((samples, "3s"), (forms, "1s")):
            for name, check, _ in group:
                lines += [f"listen {name}", f"  bind 127.0.0.1:{self.port[name]}", *("  " + each for each in check), "  http-check expect status 200",
                          f"  default-server inter {interval} fall 3 rise 2 on-marked-down shutdown-sessions"]
                lines += [f"  server {node.name} 127.0.0.1:{node.sql_port} maxconn 100 check port {node.rest_port} {options(name)}" for node in cluster.nodes]
        file = self.folder / f"{label}.cfg"
        file.write_text("\n".join(lines) + "\n")
        self.program = Program(["haproxy", "-db", "-f", file], self.folder / f"{label}.log")

    def stop(self):
        self.program.stop()

    def rows(self):
        """By (listener, server): what HAProxy knows of it."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(self.socket))
            connection.sendall(b"show stat\n")
            text = b""
            while chunk := connection.recv(65536):
                text += chunk
        rows = csv.DictReader(io.StringIO(text.decode().lstrip("# ")))
        return {(row["pxname"], row["svname"]): row for row in rows if row["svname"] not in ("FRONTEND", "BACKEND")}

    def up(self):
        result = {}
        for (listener, server), row in self.rows().items():
            result.setdefault(listener, set())
            if row["status"].startswith("UP"):
                result[listener].add(server)
        return result

    def expected(self, leader):
        names = {node.name for node in self.cluster.nodes}
        tagged = self.cluster.nodes[-1].name
        by_word = {"leader": {leader}, "replicas": names - {leader}, "all": names, "nobody": set(), "tagged replica": {tagged} - {leader}}
        return {name: by_word[who] for name, who in self.wanted.items()}

    def downs(self):
        return {key: int(row["chkdown"] or 0) for key, row in self.rows().items()}


class Traffic(threading.Thread):
    """A client program behind HAProxy: one statement after the other, and a new connection when one breaks."""

    def __init__(self, cluster, port, statement, pause=0.02):
        super().__init__(daemon=True)
        self.cluster, self.port, self.statement, self.pause = cluster, port, statement, pause
        self.acknowledged, self.errors, self.longest_gap, self.answers = [], [], 0.0, set()
        self.stopping = False

    def run(self):
        import psycopg2
        connection, last, number = None, time.monotonic(), 0
        while not self.stopping:
            number += 1
            try:
                if connection is None:
                    connection = psycopg2.connect(host="127.0.0.1", port=self.port, user="postgres", password=self.cluster.password, dbname="postgres",
                                                  connect_timeout=3, options="-c statement_timeout=5000")
                    connection.autocommit = True
                with connection.cursor() as cursor:
                    cursor.execute(self.statement, {"number": number})
                    self.answers.add(cursor.fetchone()[0] if cursor.description else None)
                now = time.monotonic()
                self.longest_gap, last = max(self.longest_gap, now - last), now
                self.acknowledged.append(number)
                time.sleep(self.pause)
            except psycopg2.Error as problem:
                self.errors.append(str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__)
                if connection is not None:
                    connection.close()
                connection = None
                time.sleep(0.1)
        if connection is not None:
            connection.close()

    def goes_on(self):
        """Whether ten more statements succeed soon."""
        before = len(self.acknowledged)
        return poll(lambda: len(self.acknowledged) >= before + 10, bool, 40) is True

    def finish(self):
        self.stopping = True
        self.join(15)


def steady(checks, proxy, leader, what):
    """Everybody as wanted, and for six seconds nothing changes and no check is answered by anything but a status."""
    expected = proxy.expected(leader)
    poll(lambda: all("INI" not in row["check_status"] for row in proxy.rows().values()) and proxy.up() == expected, bool, 25)
    seen = proxy.up()
    for name in expected:
        checks.check(f"{what}: {name}: {proxy.wanted[name]} UP", seen.get(name) == expected[name], sorted(expected[name]), sorted(seen.get(name, [])))
    before, until, odd = proxy.downs(), time.monotonic() + 6, set()
    while time.monotonic() < until:
        odd |= {f"{listener}/{server} {row['check_status']} {row['last_chk']}" for (listener, server), row in proxy.rows().items()
                if row["check_status"].lstrip("* ") not in ("L7OK", "L7STS")}
        time.sleep(0.5)
    checks.check(f"{what}: every check is answered with a status", not odd, "L7OK or L7STS", sorted(odd))
    flapped = {f"{key[0]}/{key[1]}": count - before[key] for key, count in proxy.downs().items() if count != before[key]}
    checks.check(f"{what}: no check flaps", not flapped, "no server marked down", flapped)


def run_steady(cluster, checks):
    proxy = HAProxy(cluster, SAMPLES, FORMS)
    try:
        wait_for("HAProxy's statistics", proxy.rows)
        steady(checks, proxy, cluster.leader().name, "all forms of checks")
    finally:
        proxy.stop()


def run_events(cluster, checks):
    """A writer on the sample's port and a reader on the replicas' port, through a switchover and a killed postmaster."""
    cluster.leader().sql("drop table if exists behind_haproxy; create table behind_haproxy (number bigint primary key)")
    proxy = HAProxy(cluster, SAMPLES, FORMS, label="haproxy-events")
    writer = reader = None
    try:
        wait_for("HAProxy's statistics", proxy.rows)
        leader = cluster.settle()
        poll(proxy.up, lambda seen: seen == proxy.expected(leader.name), 25)
        writer = Traffic(cluster, proxy.port["sample"], "insert into behind_haproxy values (%(number)s)")
        reader = Traffic(cluster, proxy.port["confd-replicas"], "select pg_is_in_recovery()")
        writer.start()
        reader.start()
        checks.check("a writer through the sample's port", writer.goes_on(), "inserts", writer.errors[-3:])
        checks.check("a reader through the replicas' port", reader.goes_on(), "selects", reader.errors[-3:])
        switchover(cluster, checks, proxy, leader, writer, reader)
        kill_postmaster(cluster, checks, proxy, writer, reader)
        # In the nine seconds that the sample's checks need, the replicas' port may lead to a replica that was promoted; not afterwards.
        reader.answers.clear()
        checks.check("the replicas' port leads to replicas only", reader.goes_on() and reader.answers == {True}, {True}, reader.answers)
        writer.finish()
        reader.finish()
        there = set(cluster.leader().sql("select number from behind_haproxy").split())
        lost = [number for number in writer.acknowledged if str(number) not in there]
        checks.check(f"nothing acknowledged is lost ({len(writer.acknowledged)} inserts, the longest pause {writer.longest_gap:.1f} s)", not lost, "all rows", lost[:10])
    finally:
        for each in (writer, reader):
            if each is not None and each.is_alive():
                each.finish()
        proxy.stop()


def after_event(checks, proxy, what, before, may_go_down, writer, reader):
    checks.check(f"{what}: writes go on", writer.goes_on(), "ten more inserts within 40 s", writer.errors[-3:])
    checks.check(f"{what}: reads go on", reader.goes_on(), "ten more selects within 40 s", reader.errors[-3:])
    downs = {key: count - before[key] for key, count in proxy.downs().items()}
    # A replica that has lost its upstream is not ready; every other check is about roles.
    odd = {f"{key[0]}/{key[1]}": count for key, count in downs.items() if count > (1 if key[1] in may_go_down else 0) and "readiness" not in key[0]}
    checks.check(f"{what}: no check flaps", not odd, f"at most one mark-down of {sorted(may_go_down)} per listener", odd)


def switchover(cluster, checks, proxy, leader, writer, reader):
    target = cluster.replicas()[0]
    before = proxy.downs()
    answer = leader.call("POST", "/switchover", {"leader": leader.name, "candidate": target.name}, timeout=60)
    if not checks.same("POST /switchover while traffic flows", (200, f'Successfully switched over to "{target.name}"'), (answer.status, answer.text)):
        return
    poll(proxy.up, lambda seen: seen == proxy.expected(target.name), 30)
    checks.same("after the switchover: who is UP", proxy.expected(target.name), proxy.up())
    after_event(checks, proxy, "after the switchover", before, {leader.name, target.name}, writer, reader)
    cluster.settle()


def kill_postmaster(cluster, checks, proxy, writer, reader):
    leader = cluster.leader()
    before, pid = proxy.downs(), leader.postmaster()
    os.kill(pid, signal.SIGKILL)
    wait_for("another postmaster or another leader", lambda: leader.postmaster() not in (pid,) and cluster.leader(), 60)
    now = cluster.settle(90)
    poll(proxy.up, lambda seen: seen == proxy.expected(now.name), 30)
    checks.same("after SIGKILL of the leader's postmaster: who is UP", proxy.expected(now.name), proxy.up())
    # The replicas lose their upstream with it, which is no reason to take them out.
    after_event(checks, proxy, "after SIGKILL of the leader's postmaster", before, {leader.name, now.name}, writer, reader)


def run(cluster, report):
    checks = Checks(report, "HAProxy", version())
    run_steady(cluster, checks)
    run_events(cluster, checks)
