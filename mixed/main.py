"""Runs the mixed clusters: see mixed/run, which prepares folder, user and environment. A scenario is a function of (cluster, checks)."""

import argparse
import ctypes
import os
import re
import signal
import sys
import traceback
from pathlib import Path

# Beside what lies here: checks, nodes and patronictl, shared with clients/run. Not through PYTHONPATH, which Patroni would see as well.
if "MODULES" in os.environ:
    sys.path.insert(1, os.environ.pop("MODULES"))

import evidence
import joining
import losses
import moves
import outage
import synchrony
import upkeep
import wire
from harness import Checks, Impossible, Report, run
from members import CLUSTERS, MixedCluster
from stores import STORES

SCENARIOS = {
    "bootstrap": joining.bootstrap, "keys": wire.keys, "switchover": moves.switchover, "scheduled": moves.scheduled, "manual-failover": moves.manual_failover,
    "failover": losses.failover, "frozen-node": losses.frozen_node, "postmaster-killed": losses.postmaster_killed, "agent-killed": losses.agent_killed,
    "synchronous": synchrony.synchronous, "quorum": synchrony.quorum, "failsafe": outage.failsafe, "store-away": outage.store_away, "pause": upkeep.pause,
    "configuration": upkeep.configuration, "restart": upkeep.restart, "reinitialize": upkeep.reinitialize, "exchange": joining.exchange, "race": joining.race}
SCENARIO_SECONDS = 420

HEAD = [
    "# JPatroni and Patroni in one cluster", "",
    "Written by `mixed/run --evidence docs/mixed-cluster.md`; how to run it stands in [testing.md](testing.md). Clusters of two JPatroni nodes (j1, j2) and one",
    "Patroni node (p1), and the other way round, do together what a cluster does, driven by Patroni's own patronictl. Patroni is an unchanged checkout.", ""]


def stop_waiting(*_):
    raise Impossible(f"not done within {SCENARIO_SECONDS} s")


def interrupted(*_):
    raise KeyboardInterrupt


def guarded(name, cluster, report, group):
    """A scenario that cannot go on does not keep the others from theirs, and none lasts for ever."""
    checks = cluster.ctl.checks = Checks(report, group, name)
    signal.alarm(SCENARIO_SECONDS)
    try:
        cluster.restore()
        SCENARIOS[name](cluster, checks)
    except Impossible as problem:
        report.add(group, name, "goes on", "FAILED", str(problem))
    except Exception:
        report.add(group, name, "goes on", "FAILED", traceback.format_exc().strip().splitlines()[-1])
        traceback.print_exc()
    finally:
        signal.alarm(0)


def run_cluster(layout, store_class, scenarios, work, report):
    group = f"{layout} over {store_class.name}"
    store = cluster = None
    try:
        folder = work / f"{store_class.name}-{layout}"
        store = store_class(work / f"{store_class.name}-{layout}-store")
        cluster = MixedCluster(folder, [work / "program/bin/jpatroni"], store, layout, report)
        cluster.start()
        for name in scenarios:
            guarded(name, cluster, report, group)
    except Impossible as problem:
        report.add(group, "start", "goes on", "FAILED", str(problem))
    finally:
        if cluster:
            cluster.stop()
        if store:
            store.stop()


def chosen(names):
    """Of each sort what was named, or all of it when nothing was."""
    sorts = [list(STORES), list(CLUSTERS), list(SCENARIOS)]
    unknown = [name for name in names if not any(name in each for each in sorts)]
    if unknown:
        print(f"mixed/run: unknown: {' '.join(unknown)}; there are: {' '.join(name for each in sorts for name in each)}", file=sys.stderr)
        sys.exit(2)
    return [[name for name in each if name in names] or each for each in sorts]


def work_on(options):
    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGALRM, stop_waiting)
    stores, layouts, scenarios = chosen(options.names)
    report = Report("clusters")
    try:
        for store in stores:
            for layout in layouts:
                run_cluster(layout, STORES[store], scenarios, options.work, report)
    except KeyboardInterrupt:
        report.add("mixed/run", "", "goes to its end", "FAILED", "interrupted")
    if options.evidence:
        zookeeper = re.search(r"Version: (\S+)", run(["dpkg", "-s", "zookeeper"]).text)
        beside = f", ZooKeeper {zookeeper.group(1) if zookeeper else 'unknown'}, Patroni 4.1.4"
        (options.work / "evidence.md").write_text(evidence.page(report, HEAD, beside))
    return report.conclude()


def reaped(work):
    """Postmasters have no parent of their own. A machine's process 1 would reap them at some time; here they are reaped at once, as a dead
    postmaster that nobody has reaped looks alive."""
    ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    worker = os.fork()
    if not worker:
        os._exit(work())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda each, _: os.kill(worker, each))
    while True:
        pid, status = os.wait()
        if pid == worker:
            return os.waitstatus_to_exitcode(status) & 0xFF


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--evidence", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if options.list:
        for name, what in CLUSTERS.items():
            print(f"{name:<20} {what}")
        print(f"{'etcd3, zookeeper':<20} stores")
        for name, scenario in SCENARIOS.items():
            print(f"{name:<20} {scenario.__doc__.splitlines()[0]}")
        return 0
    chosen(options.names)

    def worker():
        code = 1
        try:
            code = work_on(options)
        except SystemExit as end:
            code = end.code
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        return code
    return reaped(worker)


if __name__ == "__main__":
    sys.exit(main())
