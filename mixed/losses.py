"""The leader is lost without a word: PostgreSQL, agent, both, or the whole machine standing still."""

import signal

from harness import poll
from writer import Writer


def directions(cluster):
    """Leader and the one that is to follow it, of the other kind; the third is kept from leading by a tag."""
    j, p = cluster.of("j")[0], cluster.of("p")[0]
    for origin, target in ((j, p), (p, j)):
        third = next(each for each in cluster.nodes if each not in (origin, target))
        cluster.retag({third.name: {"nofailover": True}})
        cluster.move(origin)
        yield origin, target
    cluster.retag({})


def taken_over(cluster, checks, what, target, seconds=50):
    checks.eventually(f"{what}: {target.name} leads", True, target.is_primary, seconds)


def come_back(cluster, checks, what, node, target):
    """The lost one comes back, follows, and has what the leader has."""
    checks.check(f"{what}: {node.name} comes back as a replica", poll(cluster.settled, bool, 90) is True and cluster.leader() is target, "a settled cluster", cluster.view())
    target.sql(f"create table back_{node.name}_{target.name} as select 1; drop table back_{node.name}_{target.name}; checkpoint")
    count = "select count(*) from pg_class"
    checks.eventually(f"{what}: {node.name} has what {target.name} has", target.sql(count), lambda: node.sql(count))


def failover(cluster, checks):
    """Agent and PostgreSQL killed: the other kind takes over when the lease ends, the lost one comes back."""
    for origin, target in directions(cluster):
        what = f"agent and PostgreSQL of {origin.name} killed"
        with Writer(cluster) as writer:
            origin.kill()
            taken_over(cluster, checks, what, target)
            checks.check(f"{what}: writes go on", writer.goes_on(), "rows", writer.figures())
            origin.start()
            come_back(cluster, checks, what, origin, target)
        lost = writer.lost()
        # Asynchronous replication: what the walsender had not sent yet is gone, a moment's worth.
        checks.check(f"{what}: at most what asynchronous replication permits is lost ({writer.figures()})", len(lost) <= 10, "10 rows at most", f"{len(lost)} rows")


def frozen_node(cluster, checks):
    """The whole machine stands still for longer than the lease: the other kind leads, the old primary does not come back as one."""
    for origin, target in directions(cluster):
        what = f"{origin.name} stands still"
        with Writer(cluster) as writer:
            origin.signal_all(signal.SIGSTOP)
            try:
                taken_over(cluster, checks, what, target)
                checks.check(f"{what}: writes go on", writer.goes_on(), "rows", writer.figures())
            finally:
                origin.signal_all(signal.SIGCONT)
            come_back(cluster, checks, what, origin, target)
        lost = writer.lost()
        checks.check(f"{what}: at most what asynchronous replication permits is lost ({writer.figures()})", len(lost) <= 10, "10 rows at most", f"{len(lost)} rows")


def postmaster_killed(cluster, checks):
    """PostgreSQL alone is killed: the leader starts it again and goes on leading, its replicas follow."""
    for leader in (cluster.of("j")[0], cluster.of("p")[0]):
        cluster.move(leader)
        # Its member key may still tell the one from before the promotion.
        timeline = leader.patroni()["timeline"]
        with Writer(cluster) as writer:
            leader.kill_postgres()
            checks.eventually(f"{leader.name} is back", True, leader.is_primary, 40)
            checks.check(f"{leader.name}: writes go on", writer.goes_on(), "rows", writer.figures())
            checks.check(f"{leader.name}: all stream again", poll(cluster.settled, bool, 40) is True, "a settled cluster", cluster.view())
        checks.same(f"{leader.name}: the timeline is the same", timeline, leader.patroni()["timeline"])
        writer.nothing_lost(checks, f"postmaster of {leader.name}")


def agent_killed(cluster, checks):
    """The agent alone is killed. JPatroni's guard stops PostgreSQL before the lease ends; with Patroni the old primary goes on writing."""
    for origin, target in directions(cluster):
        what = f"agent of {origin.name} killed"
        with Writer(cluster) as writer:
            origin.kill_agent()
            taken_over(cluster, checks, what, target)
            if origin.kind == "j":
                checks.same(f"{what}: its PostgreSQL was stopped before", None, origin.postmaster())
            origin.start()
            come_back(cluster, checks, what, origin, target)
        if origin.kind == "j":
            lost = writer.lost()
            checks.check(f"{what}: at most what asynchronous replication permits is lost ({writer.figures()})", len(lost) <= 10, "10 rows at most", f"{len(lost)} rows")
