"""Replays of automation: autobase's Ansible tasks and Canonical's charm."""

from urllib.parse import urljoin

from harness import Checks, poll, wait_for

CLIENT = "automation"
CLUSTER = "plain"


def run(cluster, report):
    autobase(cluster, Checks(report, "autobase", "2.3 (replay)"))
    cluster.settle()
    charm(cluster, Checks(report, "Canonical charm", "(replay)"))


ANSIBLE = {"User-Agent": "ansible-httpget", "Connection": "close", "Accept-Encoding": "identity"}


def autobase(cluster, checks):
    leader = cluster.leader()
    # Ansible sends credentials only when it is asked for them, or always with force_basic_auth; both must do without authentication.
    headers = {**ANSIBLE, "Authorization": "Basic cGF0cm9uaTpzZWNyZXQ=", "Content-Type": "application/json"}
    for path in ("/leader", "/replica", "/health", "/standby-leader", "/sync"):
        wanted = {"/leader": {leader.name}, "/replica": {n.name for n in cluster.nodes} - {leader.name}, "/health": {n.name for n in cluster.nodes}}.get(path, set())
        seen = {node.name: node.call("GET", path, headers=ANSIBLE).status for node in cluster.nodes}
        checks.same(f"GET {path}", {node.name: 200 if node.name in wanted else 503 for node in cluster.nodes}, seen)
    # One parameter per call, values as strings; and "null" to remove.
    parameters = {"work_mem": "6MB", "autovacuum_naptime": "30s", "log_checkpoints": "on", "track_io_timing": "on", "random_page_cost": "1.1"}
    for name, value in parameters.items():
        body = '{"postgresql":{"parameters":{"%s":"%s"}}}' % (name, value)
        checks.same(f"PATCH /config {body}", 200, leader.call("PATCH", "/config", body, headers=headers).status)
    config = leader.call("GET", "/config", headers=ANSIBLE).json()
    checks.same("GET /config, compared as strings", parameters, {name: str(config["postgresql"]["parameters"].get(name)) for name in parameters})
    checks.eventually("SHOW on all nodes", {("6MB", "30s", "on", "1.1")}, lambda: {
        tuple(node.sql(f"show {name}") for name in ("work_mem", "autovacuum_naptime", "log_checkpoints", "random_page_cost")) for node in cluster.nodes})
    for name in parameters:
        body = '{"postgresql":{"parameters":{"%s":null}}}' % name
        checks.same(f"PATCH /config {body}", 200, leader.call("PATCH", "/config", body, headers=headers).status)
    checks.same('PATCH /config {"slots":null}', 200, leader.call("PATCH", "/config", '{"slots":null}', headers=headers).status)
    checks.same('PATCH /config {"postgresql":{"slots":null}}', 200, leader.call("PATCH", "/config", '{"postgresql":{"slots":null}}', headers=headers).status)
    seen = leader.call("GET", "/config", headers=ANSIBLE).json()
    checks.same("GET /config has neither", (False, []), ("slots" in seen, sorted(set(parameters) & set(seen["postgresql"].get("parameters") or {}))))
    checks.eventually("work_mem is PostgreSQL's own again", {"4MB"}, lambda: {node.sql("show work_mem") for node in cluster.nodes})


def charm(cluster, checks):
    observer(cluster, checks)
    states = {node.call("GET", "/health", timeout=5).json()["state"] for node in cluster.nodes}
    checks.check("GET /health: state", states <= {"running", "streaming", "starting", "in archive recovery"}, "a running state", states)
    leader = cluster.leader()
    for node in cluster.nodes:
        endpoint = "leader" if node is leader else "replica?lag=100MB"
        checks.eventually(f"is_replication_healthy: GET /{endpoint} of {node.name}", 200, lambda: node.call("GET", f"/{endpoint}", timeout=5).status, 10)
    members = cluster.view()["members"]
    checks.check("GET /cluster: host, api_url, tags as the charm reads them", all({"host", "api_url", "state", "role", "name"} <= set(each) for each in members)
                 and not any("tags" in each and not isinstance(each["tags"], dict) for each in members), "all keys", members)
    synchronous(cluster, checks)
    scrape = leader.call("GET", "/metrics", timeout=5)
    checks.contains("GET /metrics", "patroni_postgres_running", scrape.text)


def observer(cluster, checks):
    """The topology observer takes api_url of each member and puts "cluster" in the place of "patroni"."""
    roles = set()
    for member in cluster.view()["members"]:
        url = urljoin(member["api_url"], "cluster")
        node = cluster.node(member["name"])
        checks.same(f"urljoin(api_url, 'cluster') of {node.name}", f"{node.url}/cluster", url)
        roles.add(tuple(sorted((each["name"], each["role"]) for each in node.call("GET", "/cluster", timeout=5).json()["members"])))
    checks.same("all members tell the same roles", 1, len(roles))


def synchronous(cluster, checks):
    """Who is not the synchronous standby is refused, with the text that the charm compares; the standby takes over."""
    leader = cluster.leader()
    answer = leader.call("PATCH", "/config", {"synchronous_mode": True, "synchronous_node_count": 1}, timeout=10)
    checks.same('PATCH /config {"synchronous_mode":true}', 200, answer.status)
    probe = lambda: [each["name"] for each in cluster.view()["members"] if each["role"] == "sync_standby"]
    standbys = poll(probe, bool, 30)
    if not standbys:
        answer = leader.call("POST", "/switchover", {"leader": leader.name, "candidate": cluster.replicas()[0].name}, timeout=10)
        checks.same("POST /switchover while nobody is synchronous", (412, "candidate name does not match with sync_standby"), (answer.status, answer.text))
        checks.skip("the synchronous standby takes over", "no member became sync_standby within 30 s: this build has no synchronous replication")
        leader.call("PATCH", "/config", {"synchronous_mode": None, "synchronous_node_count": None})
        return
    checks.check("one member becomes sync_standby", len(standbys) == 1, "one", standbys)
    standby = cluster.node(standbys[0])
    other = next(each for each in cluster.nodes if each not in (leader, standby))
    checks.eventually("GET /sync", {standby.name}, lambda: {node.name for node in cluster.nodes if node.call("GET", "/sync").status == 200})
    answer = leader.call("POST", "/switchover", {"leader": leader.name, "candidate": other.name}, timeout=10)
    checks.same("POST /switchover to the asynchronous replica", (412, "candidate name does not match with sync_standby"), (answer.status, answer.text))
    answer = leader.call("POST", "/switchover", {"leader": leader.name, "candidate": standby.name}, timeout=10)
    checks.same("POST /switchover to the synchronous standby, time-out 10 s", (200, f'Successfully switched over to "{standby.name}"'), (answer.status, answer.text))
    wait_for("three members", lambda: len(cluster.view()["members"]) == 3)
    leader = cluster.leader()
    checks.same("POST /reload", 202, leader.call("POST", "/reload", timeout=10).status)
    answer = leader.call("PATCH", "/config", {"synchronous_mode": None, "synchronous_node_count": None}, timeout=10)
    checks.same('PATCH /config {"synchronous_mode":null}', 200, answer.status)
    checks.eventually("nobody is sync_standby any more", [], probe, 20)
    cluster.settle()
    answer = cluster.replicas()[0].call("POST", "/restart", {}, timeout=10)
    checks.same("POST /restart of a replica, time-out 10 s", (200, "restarted successfully"), (answer.status, answer.text))
