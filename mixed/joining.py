"""How members come into a cluster of the other kind: bootstrap, clone, a race at the start, and one daemon in the place of the other."""

import re
import signal

from harness import poll, wait_for
from writer import Writer


def bootstrap(cluster, checks):
    """One node makes the cluster, the others copy it; everybody sees the same."""
    first, others = cluster.nodes[0], cluster.nodes[1:]
    checks.same("the bootstrapping node leads", first.name, cluster.leader().name)
    identifiers = {node.sql("select system_identifier from pg_control_system()") for node in cluster.nodes}
    checks.same("one system identifier everywhere", 1, len(identifiers))
    checks.same("it is the one that is stored", identifiers, {cluster.values()["initialize"]})
    first.sql("create table first_row as select 42 as x")
    for node in others:
        checks.eventually(f"{node.name} has what {first.name} wrote", "42", lambda: node.sql("select x from first_row"))
    checks.eventually("each member streams from a slot of its own", sorted(node.name for node in others),
                      lambda: sorted(first.sql("select slot_name from pg_replication_slots where active").split()))
    same_answers(cluster, checks)
    table = cluster.ctl.expect(r"Cluster: ", "list", cluster.scope).text
    for node in cluster.nodes:
        role, state = ("Leader", "running") if node is first else ("Replica", "streaming")
        checks.matches(f"list: the row of {node.name}", rf"^\| {node.name} +\| 127\.0\.0\.1:{node.sql_port} +\| {role} +\| {state} +\| +1 \|", table)
    tree = cluster.ctl.expect(rf"\| {first.name} +\|", "topology", cluster.scope).text
    checks.check("topology: replicas below the leader", all(re.search(rf"\| \+ {node.name} +\|", tree) for node in others), "| + name |", tree)
    told = cluster.ctl.expect(r"Patroni 4\.1\.4 PostgreSQL", "version", cluster.scope).text
    checks.check("version: every member answers", len(re.findall(r"^[jp]\d: Patroni 4\.1\.4 PostgreSQL", told, re.M)) == 3, "three lines", told)


def same_answers(cluster, checks):
    """What a node of one kind says of the cluster is what one of the other kind says of it."""
    j, p = cluster.of("j")[0], cluster.of("p")[0]

    def members(node):
        return [{key: value for key, value in each.items() if "lag" not in key and "lsn" not in key} for each in node.call("GET", "/cluster").json()["members"]]
    checks.eventually("both kinds say the same at /cluster", True, lambda: members(j) == members(p))
    for path in ("/config", "/history"):
        checks.same(f"both kinds say the same at {path}", p.call("GET", path).json(), j.call("GET", path).json())
    checks.eventually("GET /replica?lag=1MB of the replicas", {200}, lambda: {node.call("GET", "/replica?lag=1MB").status for node in cluster.replicas()})


def exchange(cluster, checks):
    """A node's daemon is exchanged for one of the other kind, with the same file and data, under a writer and without touching PostgreSQL."""
    for origin in ("p", "j"):
        other = "j" if origin == "p" else "p"
        node = cluster.move(cluster.of(origin)[0])
        started, pid = node.sql("select pg_postmaster_start_time()"), node.postmaster()
        with Writer(cluster) as writer:
            cluster.ctl.expect(r"cluster management is paused", "pause", cluster.scope, "--wait")
            node.daemon.process.send_signal(signal.SIGTERM)
            node.daemon.process.wait(30)
            checks.check(f"the daemon ({origin}) of the primary {node.name} ends in pause: PostgreSQL goes on", node.postmaster() == pid and writer.goes_on(), "the same postmaster, writes", writer.figures())
            node.become(other)
            node.start()
            checks.eventually(f"the other daemon ({other}) takes {node.name} over", 200, lambda: node.call("GET", "/primary", timeout=3).status, 40)
            cluster.ctl.expect(r"cluster management is resumed", "resume", cluster.scope, "--wait")
            checks.check("writes go on", writer.goes_on(), "rows", writer.figures())
            cluster.settle(60)
        checks.same("PostgreSQL was not restarted", started, node.sql("select pg_postmaster_start_time()"))
        writer.nothing_lost(checks, f"{origin} to {other} on the primary")
    replica = cluster.replicas()[0]
    origin = replica.kind
    replica.daemon.stop(60)
    replica.become("p" if origin == "j" else "j")
    replica.start()
    checks.check(f"a replica's daemon exchanged by a restart ({origin} to {replica.kind}): it streams again", poll(cluster.settled, bool, 60) is True, "a settled cluster", cluster.view())
    for node in cluster.nodes:
        if node.kind != node.name[0]:
            node.daemon.stop(60)
            node.become(node.name[0])
            node.start()
            wait_for(f"{node.name} to answer", lambda: node.call("GET", "/health", timeout=3).status == 200, 60)


def race(cluster, checks):
    """All three start at once in an empty store; one makes the cluster."""
    import shutil
    cluster.stop()
    cluster.ctl.expect(r"Yes I am aware", "remove", cluster.scope, given=f"{cluster.scope}\nYes I am aware\n")
    for node in cluster.nodes:
        shutil.rmtree(node.data, ignore_errors=True)
        node.start()
    checks.check("one leads, the others stream", poll(cluster.settled, bool, 120) is True, "a settled cluster", poll(cluster.view, bool, 1))
    identifiers = {node.sql("select system_identifier from pg_control_system()") for node in cluster.nodes}
    checks.same("one system identifier everywhere, the one that is stored", {cluster.values()["initialize"]}, identifiers)
