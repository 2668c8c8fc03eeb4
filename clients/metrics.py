"""Prometheus scraping /metrics, and promtool's opinion of it."""

import json
import re
import urllib.parse
import urllib.request

from cluster import free_port
from harness import Checks, Program, wait_for
from harness import run as execute

CLIENT = "prometheus"
CLUSTER = "plain"

# The series that published dashboards and alert rules use.
USED = ["patroni_version", "patroni_postgres_running", "patroni_postmaster_start_time", "patroni_primary", "patroni_master", "patroni_standby_leader",
        "patroni_replica", "patroni_sync_standby", "patroni_xlog_location", "patroni_xlog_received_location", "patroni_xlog_replayed_location",
        "patroni_xlog_replayed_timestamp", "patroni_xlog_paused", "patroni_postgres_server_version", "patroni_postgres_timeline", "patroni_cluster_unlocked",
        "patroni_dcs_last_seen", "patroni_pending_restart", "patroni_is_paused", "patroni_failsafe_mode_is_active", "patroni_postgres_streaming",
        "patroni_postgres_in_archive_recovery"]
# promtool wants counters to end in _total; Patroni's do not, and dashboards use their names.
COMPLAINTS = re.compile(r'^(patroni_xlog_location|patroni_xlog_received_location|patroni_xlog_replayed_location|patroni_postgres_timeline|patroni_dcs_last_seen)'
                        r' counter metrics should have "_total" suffix$')


def version(program):
    return re.search(r"version (\d+\.\d+\.\d+)", execute([program, "--version"]).text).group(1)


class Prometheus:
    def __init__(self, cluster):
        self.port = free_port()
        file = cluster.folder / "prometheus.yml"
        job = {"job_name": "patroni", "static_configs": [{"targets": [f"127.0.0.1:{node.rest_port}" for node in cluster.nodes]}]}
        file.write_text(json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": [job]}))
        self.program = Program(["prometheus", f"--config.file={file}", f"--storage.tsdb.path={cluster.folder / 'prometheus'}",
                                f"--web.listen-address=127.0.0.1:{self.port}"], cluster.folder / "prometheus.log")

    def query(self, expression):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/query?{urllib.parse.urlencode({'query': expression})}", timeout=5) as answer:
            return json.load(answer)["data"]["result"]

    def values(self, expression):
        """By target: the value."""
        return {each["metric"].get("instance"): float(each["value"][1]) for each in self.query(expression)}

    def targets(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/targets", timeout=5) as answer:
            return json.load(answer)["data"]["activeTargets"]


def run(cluster, report):
    scraping(cluster, Checks(report, "Prometheus", version("prometheus")))
    linting(cluster, Checks(report, "promtool", version("promtool")))


def scraping(cluster, checks):
    prometheus = Prometheus(cluster)
    try:
        wait_for("Prometheus", lambda: prometheus.query("vector(1)"), 30)
        names = {f"127.0.0.1:{node.rest_port}": node for node in cluster.nodes}
        wait_for("ten scrapes", lambda: min(prometheus.values("count_over_time(up[1m])").values(), default=0) >= 10, 30)
        checks.same("up of every target", {name: 1.0 for name in names}, prometheus.values("up"))
        checks.same("up, the worst of ten scrapes", {name: 1.0 for name in names}, prometheus.values("min_over_time(up[1m])"))
        checks.same("errors of scrapes", [""] * len(names), [each["lastError"] for each in prometheus.targets()])
        for series in USED:
            seen = prometheus.query(f'{series}{{scope="{cluster.scope}"}}')
            labelled = sorted(each["metric"].get("name", "") for each in seen)
            checks.same(f"{series} with the labels scope and name", sorted(node.name for node in cluster.nodes), labelled)
        leader = cluster.leader()
        checks.same("patroni_primary == 1", [leader.name], [each["metric"]["name"] for each in prometheus.query("patroni_primary == 1")])
        checks.same("sum(patroni_replica)", {None: 2.0}, prometheus.values("sum(patroni_replica)"))
        checks.check("time() - patroni_dcs_last_seen", max(prometheus.values("time() - patroni_dcs_last_seen").values()) < 15, "less than 15 s",
                     prometheus.values("time() - patroni_dcs_last_seen"))
        checks.eventually("alert expression of a lagging replica", {}, lambda: prometheus.values(
            "scalar(max(patroni_xlog_location)) - patroni_xlog_replayed_location * (patroni_replica == 1) > 1e6"))
    finally:
        prometheus.program.stop()


def linting(cluster, checks):
    for node in cluster.nodes:
        answer = node.call("GET", "/metrics")
        checks.matches(f"content type on {cluster.member(node.name)['role']}", r"^text/plain; version=0\.0\.4", answer.headers.get("Content-Type", ""))
        linted = execute(["promtool", "check", "metrics"], given=answer.text)
        lines = [line for line in linted.text.splitlines() if line.strip()]
        known = [line for line in lines if COMPLAINTS.match(line)]
        checks.check(f"promtool check metrics of {node.name}; known: {'; '.join(known) or 'none'}", set(lines) == set(known) and linted.code in (0, 3),
                     "no complaint but those about Patroni's own counters", [line for line in lines if line not in known])
