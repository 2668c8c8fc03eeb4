"""The page that keeps a run: what ran, in which version, with what result."""

import os
import platform
import re
from datetime import datetime, timezone

from cluster import PG_BIN
from harness import run


def first(pattern, arguments):
    match = re.search(pattern, run(arguments).text)
    return match.group(1) if match else "unknown"


def cell(text):
    return text.replace("|", "\\|").replace("\n", " ")


CLIENTS = [
    "# Real clients, unchanged", "",
    "Written by `clients/run --evidence docs/clients.md`; how to run it stands in [testing.md](testing.md). The clients are the published ones, pointed at a",
    "cluster of three nodes of this build. What is marked as a replay sends the requests of a client that cannot be run here, reads no more than the client reads,",
    "and parses as strictly as it does.", ""]


def page(report, head, beside=""):
    """The lines of head, versions and the result, then a table for each group of checks. What else is named beside etcd begins with a comma."""
    postgres = first(r"\(PostgreSQL\) (\S+)", [PG_BIN / "postgres", "--version"])
    etcd = first(r"etcd Version: (\S+)", ["etcd", "--version"])
    java = first(r'version "(\S+)"', [f"{os.environ.get('JAVA_HOME', '/usr')}/bin/java", "-version"])
    lines = [
        *head,
        f"{datetime.now(timezone.utc):%Y-%m-%d}, commit {os.environ.get('BUILD') or 'unknown'}: **{report.summary()}**. PostgreSQL {postgres}, etcd {etcd}{beside}, Java {java}, {os.cpu_count()} processors,"
        f" {platform.system()} {platform.machine()}.", ""]
    groups = {}
    for line in report.lines:
        groups.setdefault((line.client, line.version), []).append(line)
    for (client, version), group in groups.items():
        lines += [f"## {client} {version}".rstrip(), "", "| check | result |", "|---|---|"]
        lines += [f"| {cell(line.command)} | {line.verdict}{': ' + cell(line.detail) if line.detail else ''} |" for line in group]
        lines.append("")
    return "\n".join(lines)
