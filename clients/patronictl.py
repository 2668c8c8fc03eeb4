"""Patroni's patronictl, reading: list, topology, history, show-config, query, dsn, version."""

import json
import os
import re

from harness import Checks, run as execute, words

CLIENT = "patronictl"
CLUSTER = "plain"


class Patronictl:
    """One version of patronictl with a configuration file for a cluster."""

    prefix = ""

    def __init__(self, cluster, report, label, command, environment):
        self.cluster, self.command = cluster, command
        self.environment = {"LC_ALL": "C.UTF-8", "PGPASSWORD": cluster.password, "EDITOR": "true", "PAGER": "cat", **environment}
        self.file = cluster.folder / "patronictl.yml"
        settings = {"scope": cluster.scope, **cluster.store.settings, "ctl": cluster.tls.ctl() if cluster.tls else {}}
        if cluster.login:
            # Under "restapi", because 3.0.2 knows no other place.
            settings["restapi"] = {"authentication": dict(zip(("username", "password"), cluster.login))}
        # JSON is YAML. A user has the same file as the daemon, or one such as this.
        self.file.write_text(json.dumps(settings))
        self.version = re.search(r"version (\S+)", self("version").text).group(1)
        self.checks = Checks(report, "patronictl", f"{self.version}{label}")

    def __call__(self, *arguments, given=None, seconds=90):
        return execute([*self.command, "-c", self.file, *arguments], self.environment, given=given, seconds=seconds)

    @property
    def modern(self):
        return not self.version.startswith("3.")

    def expect(self, pattern, *arguments, given=None, code=0, seconds=90):
        """Runs a command and checks exit code and text. Gives the output."""
        seen = self(*arguments, given=given, seconds=seconds)
        trouble = re.search(r"Traceback|falling back to DCS|Failing over to DCS", seen.text)
        passed = seen.code == code and re.search(pattern, seen.text, re.S | re.M) and not trouble
        self.checks.check(self.prefix + words(arguments), passed, f"exit code {code}, text like {pattern}", seen)
        return seen


def versions(cluster, report):
    """Those that are there; for the others one line says what is missing."""
    source = os.environ.get("PATRONI_SRC")
    if source:
        yield Patronictl(cluster, report, " (checkout)", ["/usr/bin/python3", f"{source}/patronictl.py"], {"PYTHONPATH": source})
    else:
        Checks(report, "patronictl", "4.1.4").skip("all commands", "PATRONI_SRC names no checkout of Patroni 4.1.4")
    if os.access("/usr/bin/patronictl", os.X_OK):
        yield Patronictl(cluster, report, " (Debian)", ["/usr/bin/patronictl"], {})
    else:
        Checks(report, "patronictl", "3.0.2").skip("all commands", "Debian's package patroni is not installed")


def run(cluster, report):
    for ctl in versions(cluster, report):
        listing(cluster, ctl)
        configuration(cluster, ctl)
        history(cluster, ctl)
        sql(cluster, ctl)


def listing(cluster, ctl):
    leader, replicas = cluster.leader(), cluster.replicas()
    scope = cluster.scope
    table = ctl.expect(rf"Cluster: {scope}", "list", scope).text
    for node in cluster.nodes:
        role = "Leader" if node is leader else "Replica"
        # The states "streaming" and "in archive recovery" are of 3.0.4.
        state = "streaming" if ctl.modern and node is not leader else "running"
        ctl.checks.matches(f"list: the row of {node.name}", rf"^\| {node.name} +\| 127\.0\.0\.1:{node.sql_port} +\| {role} +\| {state} +\| +\d+ \|", table)
    ctl.checks.matches("list: tags", r"\| \{zone: b\}|\| zone: b|zone.*b", table)
    rows = json.loads(ctl.expect(r"^\[", "list", "-f", "json", scope).stdout)
    columns = {"Cluster", "Member", "Host", "Role", "State", "TL"}
    ctl.checks.check("list -f json: columns", all(columns <= set(each) for each in rows), sorted(columns), rows)
    ctl.checks.same("list -f json: roles", {node.name: "Leader" if node is leader else "Replica" for node in cluster.nodes}, {each["Member"]: each["Role"] for each in rows})
    lag = "Replay Lag" if ctl.modern else "Lag in MB"
    ctl.checks.same(f"list -f json: {lag} of the replicas", [0, 0], [each.get(lag) for each in rows if each["Member"] != leader.name])
    if ctl.modern:
        ctl.checks.check("list -f json: LSNs of the replicas", all(re.fullmatch(r"[0-9A-F]+/[0-9A-F]+", str(each.get(key))) for each in rows
                         if each["Member"] != leader.name for key in ("Receive LSN", "Replay LSN")), "two LSNs each", rows)
    ctl.expect(r"Pending restart", "list", "-e", "-t", scope)
    ctl.expect(rf"^{scope}\t|^Cluster\t", "list", "-f", "tsv", scope)
    ctl.expect(rf"Member: {leader.name}", "list", "-f", "yaml", scope)
    tree = ctl.expect(rf"\| {leader.name} +\|", "topology", scope).text
    ctl.checks.check("topology: replicas below the leader", all(re.search(rf"\| \+ {node.name} +\|", tree) for node in replicas), "| + name |", tree)


def configuration(cluster, ctl):
    stored = cluster.nodes[0].call("GET", "/config").json()
    shown = ctl.expect(r"^ttl: 20$", "show-config", cluster.scope)
    import yaml
    ctl.checks.same("show-config is what GET /config says", stored, yaml.safe_load(shown.stdout))


def history(cluster, ctl):
    stored = cluster.leader().call("GET", "/history").json()
    rows = json.loads(ctl.expect(r"^\[", "history", "-f", "json", cluster.scope).stdout)
    ctl.checks.same(f"history -f json: {len(stored)} rows of /history", [(each[0], each[1], each[2]) for each in stored],
                    [(each["TL"], each["LSN"], each["Reason"]) for each in rows])
    ctl.expect(r"^\| +TL \| +LSN +\| Reason|^\+-", "history", cluster.scope)


def sql(cluster, ctl):
    leader, replica = cluster.leader(), cluster.replicas()[0]
    scope = cluster.scope
    ctl.expect(rf"^host=127\.0\.0\.1 port={leader.sql_port}$", "dsn", scope)
    ctl.expect(rf"^host=127\.0\.0\.1 port={replica.sql_port}$", "dsn", scope, "-m", replica.name)
    ctl.expect(rf"^host=127\.0\.0\.1 port=({'|'.join(str(each.sql_port) for each in cluster.replicas())})$", "dsn", scope, "-r", "replica")
    ctl.expect(rf"^host=127\.0\.0\.1 port={leader.sql_port}$", "dsn", scope, "-r", "primary")
    query = ["query", scope, "-U", "postgres", "-d", "postgres", "-c", "select inet_server_port() as port, pg_is_in_recovery() as standby"]
    ctl.expect(rf"^{leader.sql_port}\tFalse$", *query)
    ctl.expect(rf"^{replica.sql_port}\tTrue$", *query, "-m", replica.name)
    ctl.expect(r"\tTrue$", *query, "-r", "replica")
    ctl.expect(rf'"port": {leader.sql_port}', *query, "--format", "json")
    ctl.expect(rf"^patronictl version {re.escape(ctl.version)}$", "version")
    told = ctl.expect(rf"^{leader.name}: Patroni 4\.1\.4 PostgreSQL \d+\.\d+$", "version", scope).text
    ctl.checks.check("version: every member answers", len(re.findall(r"^node\d: Patroni 4\.1\.4 PostgreSQL", told, re.M)) == 3, "three lines", told)
    ctl.expect(rf"^{replica.name}: Patroni 4\.1\.4", "version", scope, replica.name)
