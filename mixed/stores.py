"""The two stores: started for a cluster of its own, read beside the members, held still."""

import base64
import json
import os
import signal
import socket
import urllib.request

import cluster
from cluster import free_port
from harness import Program, wait_for


class Frozen:
    """SIGSTOP for the whole store: connections hang instead of being refused, as when a network goes away."""

    def __init__(self, store):
        self.store = store

    def __enter__(self):
        self.store.hold()

    def __exit__(self, *_):
        self.store.release()


class Etcd(cluster.Etcd):
    name = "etcd3"

    def __init__(self, folder):
        folder.mkdir()
        super().__init__(folder)

    def values(self, scope):
        """All keys of a cluster, below its own, with the text that is stored."""
        prefix = f"/service/{scope}/"
        ask = {"key": encoded(prefix), "range_end": encoded(prefix[:-1] + "0")}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v3/kv/range", json.dumps(ask).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=5) as answer:
            found = json.load(answer).get("kvs", [])
        return {decoded(each["key"])[len(prefix):]: decoded(each.get("value", "")) for each in found}

    def hold(self):
        os.killpg(self.program.pid, signal.SIGSTOP)

    def release(self):
        os.killpg(self.program.pid, signal.SIGCONT)

    def stop(self):
        self.release()
        super().stop()


class ZooKeeper:
    """One server of Debian's package."""

    name = "zookeeper"

    def __init__(self, folder):
        folder.mkdir()
        self.port = free_port()
        config = folder / "zoo.cfg"
        config.write_text(f"tickTime=1000\ninitLimit=10\nsyncLimit=5\ndataDir={folder}\nclientPort={self.port}\nclientPortAddress=127.0.0.1\n"
                          "minSessionTimeout=2000\nmaxSessionTimeout=60000\nadmin.enableServer=false\nmaxClientCnxns=0\n")
        self.program = Program(["/usr/share/zookeeper/bin/zkServer.sh", "start-foreground", config], folder / "server.log",
                               {"ZOO_LOG_DIR": str(folder), "ZOO_LOG4J_PROP": "WARN,CONSOLE", "JMXDISABLE": "true"}, folder)
        wait_for("ZooKeeper", lambda: socket.create_connection(("127.0.0.1", self.port), 1).close() or True)
        self.settings = {"zookeeper": {"hosts": [f"127.0.0.1:{self.port}"]}}
        self.client = None

    def values(self, scope):
        from kazoo.client import KazooClient
        if self.client is None:
            self.client = KazooClient(f"127.0.0.1:{self.port}", timeout=30)
            self.client.start(15)
        root, found = f"/service/{scope}", {}
        for key in self.client.get_children(root):
            below = [f"members/{each}" for each in self.client.get_children(f"{root}/members")] if key == "members" else [key]
            found.update({each: self.client.get(f"{root}/{each}")[0].decode() for each in below})
        return found

    def hold(self):
        os.killpg(self.program.pid, signal.SIGSTOP)

    def release(self):
        os.killpg(self.program.pid, signal.SIGCONT)

    def stop(self):
        self.release()
        if self.client is not None:
            self.client.stop()
            self.client.close()
        # The script may be a shell with the server below it.
        os.killpg(self.program.pid, signal.SIGTERM)
        self.program.stop()


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def decoded(text):
    return base64.b64decode(text).decode()


STORES = {each.name: each for each in (Etcd, ZooKeeper)}
