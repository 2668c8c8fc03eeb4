"""A real cluster of JPatroni nodes with PostgreSQL and a store: loopback, free ports, everything below one folder."""

import http.client
import json
import os
import random
import secrets
import signal
import socket
import ssl
import subprocess
import time
from pathlib import Path

from harness import Impossible, Program, poll, run, short, wait_for

PG_BIN = Path(os.environ.get("PG_BIN", "/usr/lib/postgresql/15/bin"))


given_ports = set()


def free_port():
    """Nobody listens there, and the kernel does not give it to an outgoing connection before our server takes it."""
    while True:
        port = random.randint(20000, 31999)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in given_ports:
            given_ports.add(port)
            return port


class Etcd:
    """One etcd server without any data of others."""

    def __init__(self, folder):
        self.port = free_port()
        client, peer = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{free_port()}"
        self.program = Program(
            ["etcd", "--data-dir", folder / "etcd", "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
             "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}", "--unsafe-no-fsync"], folder / "etcd.log")
        wait_for("etcd", lambda: socket.create_connection(("127.0.0.1", self.port), 1).close() or True)
        self.settings = {"etcd3": {"host": f"127.0.0.1:{self.port}"}}

    def stop(self):
        self.program.stop()


class Answer:
    """Status, headers and body of one call."""

    def __init__(self, status, headers, text, seconds, version=11):
        self.status, self.headers, self.text, self.seconds, self.version = status, headers, text, seconds, version

    def json(self):
        return json.loads(self.text)

    def __str__(self):
        return f"{self.status} {short(self.text)}"

    __repr__ = __str__


class Node:
    """One daemon and its PostgreSQL."""

    def __init__(self, cluster, name, program=None):
        self.cluster, self.name, self.program = cluster, name, program or cluster.program
        self.rest_port, self.sql_port = free_port(), free_port()
        self.data = cluster.folder / name
        self.file = cluster.folder / f"{name}.yml"
        self.log = cluster.folder / f"{name}.log"
        self.daemon = None

    @property
    def url(self):
        return f"{'https' if self.cluster.tls else 'http'}://127.0.0.1:{self.rest_port}"

    def start(self):
        self.daemon = Program([*self.program, self.file], self.log, {"HOME": str(self.cluster.folder)}, self.cluster.folder)

    def postmaster(self):
        """The pid of this node's own postmaster, or None."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            return pid if os.readlink(f"/proc/{pid}/cwd") == str(self.data) else None
        except (OSError, ValueError, IndexError):
            return None

    def call(self, method, path, body=None, headers=None, timeout=30, cert=True):
        """One request on a connection of its own, as most clients make it. A body that is no text is sent as JSON."""
        began = time.monotonic()
        if self.cluster.tls:
            connection = http.client.HTTPSConnection("127.0.0.1", self.rest_port, timeout=timeout, context=self.cluster.tls.context(cert))
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.rest_port, timeout=timeout)
        sent = dict(headers or {})
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
            return Answer(answer.status, answer.headers, text, time.monotonic() - began, answer.version)
        finally:
            connection.close()

    def sql(self, query):
        """What psql says, unaligned, without headings."""
        done = run([PG_BIN / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", self.sql_port, "-U", "postgres", "-c", query],
                   {"PGPASSWORD": self.cluster.password, "PGCONNECT_TIMEOUT": "5"}, seconds=20)
        if done.code != 0:
            raise RuntimeError(short(done.text))
        return done.text


class Cluster:
    """Nodes of one scope."""

    def __init__(self, folder, program, store, scope="demo", count=3, tls=None, login=None):
        self.folder, self.program, self.store, self.scope, self.tls, self.login = folder, program, store, scope, tls, login
        folder.mkdir()
        self.sockets = folder
        self.password, self.replication_password = secrets.token_hex(12), secrets.token_hex(12)
        self.nodes = [Node(self, f"node{i}") for i in range(count)]
        self.restapi, self.initial = {}, None
        self.tags = {self.nodes[-1].name: {"zone": "b"}} if self.nodes else {}

    def start(self):
        for node in self.nodes:
            self.write(node)
            node.start()
            # The first one bootstraps; who comes later need not ask whether it may.
            if node is self.nodes[0]:
                wait_for(f"{node.name} to lead", lambda: node.call("GET", "/primary", timeout=3).status == 200, 60)
        self.settle(90)
        self.initial = self.nodes[0].call("GET", "/config").json()
        return self

    def write(self, node):
        """The node's configuration file, in JSON, which is YAML."""
        rest = {"listen": f"127.0.0.1:{node.rest_port}", "connect_address": f"127.0.0.1:{node.rest_port}", **self.restapi}
        extra = {}
        if self.tls:
            rest.update(certfile=str(self.tls.server_cert), keyfile=str(self.tls.server_key), cafile=str(self.tls.ca))
            rest.setdefault("verify_client", "optional")
            extra["ctl"] = self.tls.ctl()
        if self.login:
            rest["authentication"] = dict(zip(("username", "password"), self.login))
            extra.setdefault("ctl", {})["authentication"] = rest["authentication"]
        settings = {
            "scope": self.scope, "name": node.name, "restapi": rest, **self.store.settings, **extra,
            "bootstrap": {
                "dcs": {"ttl": 20, "loop_wait": 5, "retry_timeout": 5, "maximum_lag_on_failover": 1048576,
                        "postgresql": {"use_pg_rewind": True, "parameters": {"max_connections": 50}}},
                "initdb": [{"encoding": "UTF8"}, "data-checksums", {"locale": "C.UTF-8"}]},
            "postgresql": {
                "listen": f"127.0.0.1:{node.sql_port}", "connect_address": f"127.0.0.1:{node.sql_port}", "data_dir": str(node.data),
                "bin_dir": str(PG_BIN), "pgpass": str(self.folder / f"{node.name}.pgpass"), "use_unix_socket": True,
                "authentication": {
                    "superuser": {"username": "postgres", "password": self.password},
                    "replication": {"username": "replicator", "password": self.replication_password},
                    "rewind": {"username": "rewinder", "password": self.replication_password}},
                "pg_hba": ["local all all trust", "host replication replicator 127.0.0.1/32 scram-sha-256",
                           "host all all 127.0.0.1/32 scram-sha-256"],
                "parameters": {"unix_socket_directories": str(self.sockets), "shared_buffers": "16MB", "fsync": "off"}},
            "tags": self.tags.get(node.name, {})}
        node.file.touch(0o600)
        node.file.write_text(json.dumps(settings, indent=1) + "\n")

    def any_call(self, path):
        """GET from the first node that answers with 200."""
        seen = None
        for node in self.nodes:
            try:
                seen = node.call("GET", path, timeout=3)
                if seen.status == 200:
                    return seen.json()
            except OSError as problem:
                seen = problem
        raise Impossible(f"no node answers GET {path} with 200: {seen}")

    def view(self):
        return self.any_call("/cluster")

    def member(self, name):
        return next(each for each in self.view()["members"] if each["name"] == name)

    def node(self, name):
        return next(each for each in self.nodes if each.name == name)

    def leader(self):
        """The node that leads by /cluster and answers as primary."""
        def probe():
            names = [each["name"] for each in self.view()["members"] if each["role"] in ("leader", "standby_leader")]
            return names and self.node(names[0]).call("GET", "/primary", timeout=3).status == 200 and self.node(names[0])
        return wait_for("a leader", probe)

    def replicas(self):
        leader = self.leader()
        return [each for each in self.nodes if each is not leader]

    def settled(self):
        members = self.view()["members"]
        roles = sorted(each["role"] == "leader" for each in members)
        return (len(members) == len(self.nodes) and roles == [False] * (len(members) - 1) + [True]
                and all(each["state"] == ("running" if each["role"] == "leader" else "streaming") for each in members)
                and len({each["timeline"] for each in members}) == 1
                and all(node.call("GET", "/health", timeout=3).status == 200 for node in self.nodes))

    def settle(self, seconds=60):
        """Waits for one leader that runs and replicas that stream, on one timeline, then says who leads."""
        seen = poll(self.settled, bool, seconds)
        if seen is not True:
            raise Impossible(f"the cluster did not settle within {seconds} s: {short(poll(self.view, bool, 1), 600)}")
        return self.leader()

    def rebuilt(self, node, action):
        """Does something that ends in a new data folder; waits until the old one is gone, whatever /cluster says meanwhile, and all is well."""
        mark = node.data / "clients-run-was-here"
        mark.write_text("gone with the folder\n")
        result = action()
        gone = poll(lambda: not mark.exists(), bool, 60) is True
        self.settle(90)
        return result, gone

    def pending(self):
        return [node.call("GET", "/patroni").json().get("pending_restart") for node in self.nodes]

    def restore(self):
        """The configuration as it was at the start, in effect on every node: no client sees what another one left."""
        leader = self.settle(90)
        if leader.call("GET", "/config").json() != self.initial:
            leader.call("PUT", "/config", self.initial, headers=self.basic())
        wanted = str(self.initial["postgresql"]["parameters"]["max_connections"])

        def restored():
            # The primary first, and a replica perhaps twice: it follows a lower max_connections only when it has replayed the primary's.
            for node in sorted(self.nodes, key=lambda each: each is not leader):
                if node.call("GET", "/patroni").json().get("pending_restart"):
                    node.call("POST", "/restart", {}, headers=self.basic(), timeout=60)
            return not any(self.pending()) and {node.sql("show max_connections") for node in self.nodes} == {wanted}

        if poll(restored, bool, 60, 0.5) is not True:
            raise Impossible(f"the configuration of the start did not come into effect again; pending restart: {self.pending()}")
        self.settle(90)

    def patch(self, change):
        return self.leader().call("PATCH", "/config", change, headers=self.basic())

    def basic(self):
        if not self.login:
            return {}
        import base64
        return {"Authorization": "Basic " + base64.b64encode(":".join(self.login).encode()).decode()}

    def stop(self):
        """All daemons at once, then whatever server of ours is left."""
        for node in self.nodes:
            if node.daemon and node.daemon.runs():
                node.daemon.process.terminate()
        for node in self.nodes:
            if node.daemon:
                node.daemon.stop(45)
            pid = node.postmaster()
            if pid:
                os.kill(pid, signal.SIGQUIT)
                poll(node.postmaster, lambda value: value is None, 10)


class Certificates:
    """A certificate authority for the time of the run, a server's and a client's certificate."""

    def __init__(self, folder):
        folder.mkdir()
        self.ca, self.server_cert, self.server_key = folder / "ca.crt", folder / "server.crt", folder / "server.key"
        self.client_cert, self.client_key, self.client_pem = folder / "client.crt", folder / "client.key", folder / "client.pem"
        ca_key = folder / "ca.key"
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=clients CA", "-days", "2", "-keyout", ca_key, "-out", self.ca)
        for name, cert, key in (("127.0.0.1", self.server_cert, self.server_key), ("client", self.client_cert, self.client_key)):
            request, extension = folder / f"{name}.csr", folder / f"{name}.ext"
            extension.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
            self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request)
            self._openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "2", "-extfile", extension, "-out", cert)
        self.client_pem.write_text(self.client_cert.read_text() + self.client_key.read_text())

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    def context(self, cert=True):
        context = ssl.create_default_context(cafile=str(self.ca))
        if cert:
            context.load_cert_chain(self.client_cert, self.client_key)
        return context

    def ctl(self):
        return {"certfile": str(self.client_cert), "keyfile": str(self.client_key), "cacert": str(self.ca)}
