"""What stands in the store: the same JSON, whoever wrote it."""

import json
import re

from harness import poll

NAMES = ("slots",)


def shape(value, name=""):
    """Keys in their order and types of values. Where keys are names of members, one stands for all."""
    if isinstance(value, dict):
        if name in NAMES:
            return {"*": sorted({shape(each) for each in value.values()})}
        return [(key, shape(each, key)) for key, each in value.items()]
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def compact(text):
    """Whether the text has Patroni's separators and escapes."""
    return json.dumps(json.loads(text), separators=(",", ":")) == text


def keys(cluster, checks):
    """Each key as JPatroni writes it and as Patroni writes it: names, order, types, separators."""
    leader = cluster.leader()
    leader.call("PATCH", "/config", {"failsafe_mode": True})
    written = {}
    # Each leads after the other one, so that there is a history.
    for kind in ("p", "j") if leader.kind == "j" else ("j", "p"):
        leader = cluster.move(cluster.of(kind)[0])
        poll(lambda: json.loads(cluster.values()["status"]).get("retain_slots"), bool, 15)
        poll(lambda: "failsafe" in cluster.values(), bool, 15)
        written[kind] = seen = cluster.values()
        for key in ("status", "history", "failsafe", "config", *(f"members/{node.name}" for node in cluster.nodes)):
            checks.check(f"{kind} leads: {key} is compact JSON", key in seen and compact(seen[key]), "compact JSON", seen.get(key))
        checks.same(f"{kind} leads: the leader key is the name", leader.name, seen.get("leader"))
        checks.same(f"{kind} leads: failsafe has all members", {node.name: f"{node.url}/patroni" for node in cluster.nodes}, json.loads(seen.get("failsafe", "{}")))
        for node in cluster.nodes:
            checks.eventually(f"{kind} leads: GET /failsafe of {node.name}", json.loads(seen.get("failsafe", "{}")), lambda: node.call("GET", "/failsafe").json())
        status = json.loads(seen["status"])
        checks.same(f"{kind} leads: slots in status", sorted(node.name for node in cluster.nodes), sorted(status.get("slots", {})))
        lines = json.loads(seen["history"])
        checks.check(f"{kind} leads: the last line of history", len(lines[-1]) == 5 and lines[-1][4] == leader.name and lines[-1][2].startswith("no recovery target specified")
                     and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", lines[-1][3]), "[timeline, position, reason, time, leader]", lines[-1])
        rows = json.loads(cluster.ctl.expect(r"^\[", "history", "-f", "json", cluster.scope).stdout)
        checks.same(f"{kind} leads: patronictl history", [(each[0], each[1], each[4]) for each in lines if len(each) == 5], [(each["TL"], each["LSN"], each["New Leader"]) for each in rows if each.get("New Leader")])
    for key in ("status", "failsafe"):
        checks.same(f"{key}: the same shape", shape(json.loads(written["p"][key])), shape(json.loads(written["j"][key])))
    lines = {kind: json.loads(written[kind]["history"])[-1] for kind in written}
    checks.same("history: the same shape of a line", [type(each).__name__ for each in lines["p"]], [type(each).__name__ for each in lines["j"]])
    members(cluster, checks, written)
    cluster.move(cluster.of("j")[0])
    checks.same("the stored configuration is the one of the start", cluster.initial | {"failsafe_mode": True}, json.loads(cluster.values()["config"]))


def members(cluster, checks, written):
    """A primary's key beside a primary's, a replica's beside a replica's of the same moment."""
    j, p = cluster.of("j")[0], cluster.of("p")[0]
    documents = {kind: {node: json.loads(written[kind][f"members/{node.name}"]) for node in (j, p)} for kind in written}
    for what, of_j, of_p in (("primary", documents["j"][j], documents["p"][p]), ("replica", documents["p"][j], documents["j"][p])):
        checks.same(f"member key of a {what}: the same shape", shape(of_p), shape(of_j))
        for field in ("role", "state", "version", "replication_state"):
            checks.same(f"member key of a {what}: {field}", of_p.get(field), of_j.get(field))
        urls = [re.sub(r"\d{5}", "PORT", f"{each.get('conn_url')} {each.get('api_url')}") for each in (of_p, of_j)]
        checks.same(f"member key of a {what}: the same form of addresses", *urls)
