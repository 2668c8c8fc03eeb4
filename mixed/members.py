"""A cluster whose members are of two kinds, JPatroni (j1, j2) and Patroni (p1, p2)."""

import os
import signal

from cluster import Cluster, Node
from harness import Impossible, poll, wait_for
from patronictl import Patronictl

PATRONI_SRC = os.environ.get("PATRONI_SRC", "")
PATRONI = ["/usr/bin/python3", f"{PATRONI_SRC}/patroni.py"]
CLUSTERS = {"jjp": "two JPatroni nodes, one Patroni node, bootstrapped by Patroni", "jpp": "one JPatroni node, two Patroni nodes, bootstrapped by JPatroni"}


class Ctl(Patronictl):
    prefix = "patronictl "


class MixedNode(Node):
    def __init__(self, cluster, name, programs):
        super().__init__(cluster, name, programs[name[0]])
        self.programs = programs

    @property
    def kind(self):
        """j or p: whose daemon runs here."""
        return "j" if self.program is self.programs["j"] else "p"

    def become(self, kind):
        self.program = self.programs[kind]

    def alive(self):
        return self.daemon is not None and self.daemon.runs()

    def signal_agent(self, number):
        os.kill(self.daemon.pid, number)

    def kill_agent(self):
        self.daemon.process.kill()
        self.daemon.process.wait()

    def kill_postgres(self):
        """The postmaster; its children end when they see that."""
        pid = self.postmaster()
        if pid:
            os.kill(pid, signal.SIGKILL)
            poll(self.servers, lambda found: not found, 10)

    def servers(self):
        """The processes of this node's PostgreSQL: those that work in its data folder."""
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    if os.readlink(f"/proc/{entry}/cwd") == str(self.data) and os.readlink(f"/proc/{entry}/exe").endswith("/postgres"):
                        found.append(int(entry))
                except OSError:
                    pass
        return found

    def kill(self):
        self.kill_agent()
        self.kill_postgres()

    def signal_all(self, number):
        """To the agent, the guard beside it, and PostgreSQL: the machine as a whole."""
        for pid in {self.daemon.pid, *session(self.daemon.pid), *guards(self.data), *self.servers()}:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def is_primary(self):
        try:
            return self.call("GET", "/primary", timeout=3).status == 200
        except OSError:
            return False

    def patroni(self):
        return self.call("GET", "/patroni", timeout=5).json()


def status_field(pid, index):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[index]


def session(leader):
    """The processes of a session."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if int(status_field(entry, 3)) == leader:
                    found.append(int(entry))
            except (OSError, IndexError, ValueError):
                pass
    return found


def guards(data):
    """JPatroni's guard has a session of its own; it is told the data folder."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/cmdline") as file:
                    if str(data) in file.read().split("\0") and not os.readlink(f"/proc/{entry}/exe").endswith("/postgres"):
                        found.append(int(entry))
            except OSError:
                pass
    return found


class MixedCluster(Cluster):
    def __init__(self, folder, jpatroni, store, layout, report):
        super().__init__(folder, None, store, layout, count=0)
        programs = {"j": jpatroni, "p": PATRONI}
        names = {"jjp": ("p1", "j1", "j2"), "jpp": ("j1", "p1", "p2")}[layout]
        self.nodes = [MixedNode(self, name, programs) for name in names]
        self.layout = layout
        self.ctl = Ctl(self, report, "", ["/usr/bin/python3", f"{PATRONI_SRC}/patronictl.py"], {"PYTHONPATH": PATRONI_SRC})

    def of(self, kind, but=()):
        """The nodes of a kind, without those given."""
        return [each for each in self.nodes if each.kind == kind and each not in but]

    def values(self):
        return self.store.values(self.scope)

    def move(self, target):
        """Makes a node the leader, if it is not, without checks of its own."""
        leader = self.settle(60)
        if leader is not target:
            answer = leader.call("POST", "/switchover", {"leader": leader.name, "candidate": target.name}, timeout=60)
            if answer.status != 200 or poll(lambda: self.leader() is target, bool, 20) is not True:
                raise Impossible(f"{target.name} does not become the leader: {answer}")
        self.settle(60)
        return target

    def retag(self, tags):
        """Other tags for some nodes, the usual ones for all others, and in effect."""
        self.tags = tags
        for node in self.nodes:
            self.write(node)
            node.call("POST", "/reload", timeout=10)
        wait_for("the tags in the store", lambda: all(self.member(node.name).get("tags", {}) == {key: value for key, value in tags.get(node.name, {}).items() if value}
                                                      for node in self.nodes), 20)

    def restore(self):
        """Everybody runs, with the configuration of the start."""
        self.store.release()
        for node in self.nodes:
            if node.alive():
                node.signal_all(signal.SIGCONT)
            else:
                node.start()
        for node in self.nodes:
            wait_for(f"an answer of {node.name}", lambda: node.call("GET", "/liveness", timeout=3).status == 200, 40)
        if self.tags:
            self.retag({})
        self.settle(90)
        super().restore()

    def stop(self):
        self.store.release()
        for node in self.nodes:
            if node.alive():
                node.signal_all(signal.SIGCONT)
        super().stop()
