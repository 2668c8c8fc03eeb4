"""Runs the clients: see clients/run, which prepares folder, user and environment. A client's file has CLIENT (its name on the command line),
CLUSTER (which cluster it wants: plain, or tls with authentication) and run(cluster, report)."""

import argparse
import os
import signal
import sys
import traceback
from pathlib import Path

import check_patroni
import evidence
import haproxy
import haproxy_tls
import metrics
import patronictl
import patronictl_tls
import patronictl_write
import replay_automation
import replay_exporters
import replay_operators
import replay_probes
from cluster import Certificates, Cluster, Etcd
from harness import Impossible, Report

# Who only reads comes first; who removes, last.
CLIENTS = [haproxy, metrics, replay_probes, replay_exporters, patronictl, check_patroni, replay_operators, replay_automation, patronictl_write,
           haproxy_tls, patronictl_tls]


def interrupted(*_):
    raise KeyboardInterrupt


def run_clients(modules, work, program, etcd, report):
    for kind in ("plain", "tls"):
        wanted = [each for each in modules if each.CLUSTER == kind]
        if not wanted:
            continue
        cluster = None
        try:
            tls = Certificates(work / "certificates") if kind == "tls" else None
            cluster = Cluster(work / kind, program, etcd, kind, tls=tls, login=("admin", "s3cr3t:with colon") if tls else None)
            cluster.start()
            for module in wanted:
                guarded(module, cluster, report)
        except Impossible as problem:
            report.add("JPatroni", "this build", f"start of the cluster {kind}", "FAILED", str(problem))
        finally:
            if cluster:
                cluster.stop()


def guarded(module, cluster, report):
    """A client that cannot go on does not keep the others from their checks."""
    try:
        cluster.restore()
        module.run(cluster, report)
    except Impossible as problem:
        report.add(module.CLIENT, "", "goes on", "FAILED", str(problem))
    except Exception:
        report.add(module.CLIENT, "", "goes on", "FAILED", traceback.format_exc().strip().splitlines()[-1])
        traceback.print_exc()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--evidence", action="store_true")
    parser.add_argument("--control", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if options.list:
        for module in CLIENTS:
            print(f"{module.CLIENT:<20} {module.__doc__.splitlines()[0]}")
        return 0
    unknown = [name for name in options.names if name not in {each.CLIENT for each in CLIENTS}]
    if unknown:
        print(f"clients/run: unknown: {' '.join(unknown)}; there are: {' '.join(each.CLIENT for each in CLIENTS)}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, interrupted)
    program = [options.work / "program/bin/jpatroni"]
    if options.control:
        program = ["/usr/bin/python3", f"{os.environ['PATRONI_SRC']}/patroni.py"]
    report = Report()
    etcd = Etcd(options.work)
    try:
        run_clients([each for each in CLIENTS if not options.names or each.CLIENT in options.names], options.work, program, etcd, report)
    except KeyboardInterrupt:
        report.add("clients/run", "", "goes to its end", "FAILED", "interrupted")
    finally:
        etcd.stop()
    if options.evidence:
        (options.work / "evidence.md").write_text(evidence.page(report, evidence.CLIENTS))
    return report.conclude()


if __name__ == "__main__":
    sys.exit(main())
