package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.StoredStatus;
import org.jpatroni.model.SyncState;
import org.jpatroni.model.Tags;
import org.jpatroni.model.TimelineHistory;
import org.jpatroni.node.FreshSnapshot;
import org.jpatroni.node.MetricFamily;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Paths, documents and errors of the routes, without a server. */
class RoutesTest {

    private final NodeFixture leader = NodeFixture.leader();
    private final FakeNode node = new FakeNode(leader);
    private final Socketless api = new Socketless(node, new FixedTime(), ApiServer.config("127.0.0.1", 8008));

    @ParameterizedTest
    @ValueSource(strings = {"/", "/primary", "/read-write", "/master", "/leader", "//leader", "/leader/", "///leader//",
            "http://node1:8008/leader", "https://node1", "/read-only", "/health", "/leader?x=1", "/leader/?lag=1",
            "/patroni", "//patroni/", "/metrics", "/cluster", "/history", "/liveness", "/readiness"})
    void answeredByALeader(String target) {
        assertThat(api.get(target).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/notaleaderatall", "/PRIMARY", "/%70rimary", "/primary/x", "/foo/primary",
            "/patroni/extra",
            "/healthz", "/primary;x", "leader", "*", ""})
    void anythingElseIsAFailedCheckWithTheDocument(String target) {
        Response response = api.get(target.isEmpty() ? "x" : target);
        assertThat(response.status()).isEqualTo(503);
        assertThat(Socketless.body(response)).startsWith("{\"state\": \"running\"");
        assertThat(response.headerLines()).isEqualTo("X-Patroni-Reason: unknown-path\r\n");
    }

    @ParameterizedTest
    @CsvSource({"POST,/config", "DELETE,/primary", "PUT,/", "PATCH,/primary", "TRACE,/x", "GETT,/primary"})
    void methodsThatNobodyServes(String method, String path) {
        Response response = api.answer(Request.of(method, path, true, true, false, 0));
        assertThat(response.status()).isEqualTo(501);
        assertThat(Socketless.body(response)).isEqualTo("Unsupported method ('" + method + "')\n");
        Response asJson = api.answer(Request.of(method, path, true, true, true, 0));
        assertThat(asJson.contentType()).isEqualTo("application/problem+json");
        assertThat(Socketless.body(asJson)).isEqualTo("{\"type\": \"about:blank\", \"title\": \"Not Implemented\", "
                + "\"status\": 501, \"detail\": \"Unsupported method ('" + method + "')\"}");
    }

    @Test
    void everyRouteSaysWhoMayCallItAndWhy() {
        Router router = new ReadRoutes(new FixedTime(), new ApiCounters(), node::agentMetrics).router();
        assertThat(router.table()).hasSizeGreaterThan(26).allSatisfy(route -> {
            assertThat(route.why()).isNotBlank();
            assertThat(route.access() == Route.Access.OPEN).as(route.toString())
                    .isEqualTo(route.method().equals("GET") || route.path().equals("/mpp"));
        });
    }

    @Test
    void statusSaysWhatPatroniSaysOfTheSameState() {
        leader.dynamic.put("pause", true);
        leader.leaderKey = Optional.empty();
        leader.failsafeActive = true;
        leader.watchdogFailed = true;
        leader.tags = new Tags(Map.of("clonefrom", true));
        assertThat(Socketless.body(api.get("/patroni"))).contains("\"timeline\": 1, \"pause\": true, "
                + "\"cluster_unlocked\": true, \"failsafe_mode_is_active\": true, \"dcs_last_seen\": 1795376759, "
                + "\"tags\": {\"clonefrom\": true}, \"database_system_identifier\": \"7711084414955563011\", "
                + "\"patroni\": {\"version\": \"4.1.4\", \"scope\": \"demo\", \"name\": \"node1\"}, "
                + "\"watchdog_failed\": true, \"jpatroni\": {\"version\": \"0.0.0\"}}");
    }

    @Test
    void silentPostgresIsUnknownWithTheRoleOfTheLoop() {
        leader.observed = false;
        leader.systemIdentifier = Optional.empty();
        assertThat(Socketless.body(api.get("/patroni"))).isEqualTo("{\"state\": \"unknown\", \"role\": \"primary\", "
                + "\"dcs_last_seen\": 1795376759, \"patroni\": {\"version\": \"4.1.4\", \"scope\": \"demo\", "
                + "\"name\": \"node1\"}, \"jpatroni\": {\"version\": \"0.0.0\"}}");
    }

    @Test
    void anOldAnswerIsMarked() {
        leader.stale = true;
        leader.observedAt = NodeFixture.NOW - 1_500_000_000L;
        assertThat(Socketless.body(api.get("/patroni"))).startsWith("{\"state\": \"running\"").endsWith(
                "\"jpatroni\": {\"version\": \"0.0.0\", \"stale\": true, \"observation_age_ms\": 1500}}");
    }

    /** Members that choose a leader count it, Patroni's as well, which know nothing of the mark. */
    @Test
    void aStandbyTellsNoOldPosition() {
        leader.inRecovery = true;
        leader.role = PostgresRole.REPLICA;
        assertThat(Socketless.body(api.get("/patroni"))).contains("\"received_location\": 67108960");
        leader.stale = true;
        assertThat(Socketless.body(api.get("/patroni"))).startsWith("{\"state\": \"running\"")
                .contains("\"role\": \"replica\"", "\"stale\": true").doesNotContain("xlog");
    }

    @Test
    void wholeSecondsHaveNoFraction() {
        leader.postmasterStart = Optional.of(Instant.parse("2026-11-22T19:45:48Z"));
        assertThat(Socketless.body(api.get("/patroni")))
                .contains("\"postmaster_start_time\": \"2026-11-22 19:45:48+00:00\"");
        assertThat(Socketless.body(api.get("/metrics")))
                .contains("patroni_postmaster_start_time{scope=\"demo\",name=\"node1\"} 1795376748.0\n");
    }

    @Test
    void clusterOfAStandbyClusterInQuorumPauseAndWithASchedule() {
        leader.config = Optional
                .of(new ClusterSnapshot.StoredConfig("{\"pause\":true,\"synchronous_mode\":\"quorum\"}", 1));
        leader.sync = new SyncState(Optional.of("node1"), List.of("node0"), 0, 1);
        leader.stored = new StoredStatus(new Lsn(0x3000100), Map.of(), List.of());
        leader.failover = Optional.of(new FailoverRequest(Optional.of("node1"), Optional.of("node0"),
                Optional.of(OffsetDateTime.parse("2100-01-01T12:30:00.5+05:30")), Optional.empty(), 1));
        leader.members = List.of(member("node1", "postgres://[::1]:5433/postgres", "running", null, 0),
                member("node0", "postgres://db_0:5432/postgres", "running", "streaming", 0x3000000),
                member("node2", "postgres://Host2/postgres", "starting", null, 0));
        assertThat(Socketless.body(api.get("/cluster"))).isEqualTo("{\"members\": ["
                + "{\"name\": \"node0\", \"role\": \"quorum_standby\", \"state\": \"streaming\", "
                + "\"api_url\": \"http://node0:8008/patroni\", \"host\": \"db_0\", \"port\": 5432, \"timeline\": 1, "
                + "\"receive_lag\": 256, \"receive_lsn\": \"0/3000000\", \"replay_lag\": 256, "
                + "\"replay_lsn\": \"0/3000000\", \"lag\": 256, \"lsn\": \"0/3000000\"}, "
                + "{\"name\": \"node1\", \"role\": \"leader\", \"state\": \"running\", "
                + "\"api_url\": \"http://node1:8008/patroni\", \"host\": \"::1\", \"port\": 5433, \"timeline\": 1}, "
                + "{\"name\": \"node2\", \"role\": \"replica\", \"state\": \"starting\", "
                + "\"api_url\": \"http://node2:8008/patroni\", \"host\": \"host2\", \"port\": 5432, \"timeline\": 1, "
                + "\"receive_lsn\": \"unknown\", \"receive_lag\": \"unknown\", \"replay_lsn\": \"unknown\", "
                + "\"replay_lag\": \"unknown\", \"lsn\": \"unknown\", \"lag\": \"unknown\"}], \"pause\": true, "
                + "\"scheduled_switchover\": {\"at\": \"2100-01-01T12:30:00.500000+05:30\", \"from\": \"node1\", "
                + "\"to\": \"node0\"}, \"scope\": \"demo\"}");
    }

    @Test
    void standbyLeaderShowsItsReplicationState() {
        leader.config = Optional.of(new ClusterSnapshot.StoredConfig("{\"standby_cluster\":{\"host\":\"x\"}}", 1));
        leader.members = List.of(member("node1", "postgres://a:1/postgres", "running", "streaming", 0));
        assertThat(Socketless.body(api.get("/cluster")))
                .contains("\"role\": \"standby_leader\", \"state\": \"streaming\"");
    }

    @Test
    void theLastKnownClusterIsMarkedWithItsAge() {
        node.setCluster(Optional.of(new FreshSnapshot(leader.snapshot(), NodeFixture.NOW - 42_000_000_000L, true)));
        Response response = api.get("/cluster");
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.headerLines()).isEqualTo("Age: 42\r\nX-Patroni-Stale: true\r\n");
        assertThat(Socketless.body(response)).isEqualTo("{\"members\": [], \"scope\": \"demo\", \"stale\": true}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/cluster", "/history", "/config"})
    void aStoreThatWasNeverReadIsSaid(String path) {
        leader.storeSeen = false;
        node.setCluster(Optional.empty());
        Response response = api.get(path);
        assertThat(response.status()).isEqualTo(503);
        assertThat(Socketless.body(response))
                .isEqualTo("{\"error\": \"the store has not been read yet\", \"scope\": \"demo\"}");
    }

    @Test
    void configKeepsOrderAndNumbers() {
        leader.config = Optional.of(new ClusterSnapshot.StoredConfig(
                "{\"ttl\":30,\"a\":1e3,\"big\":12345678901234567890,\"b\":{\"z\":1,\"y\":\"\u00e9\"}}", 1));
        assertThat(Socketless.body(api.get("/config"))).isEqualTo("{\"ttl\": 30, \"a\": 1000.0, "
                + "\"big\": 12345678901234567890, \"b\": {\"z\": 1, \"y\": \"\\u00e9\"}}");
    }

    @Test
    void configThatIsMissingOrBrokenIs502() {
        assertThat(api.get("/config").status()).isEqualTo(502);
        leader.config = Optional.of(new ClusterSnapshot.StoredConfig("{broken", 1));
        assertThat(Socketless.body(api.get("/config"))).isEqualTo("the stored configuration is not JSON\n");
    }

    @Test
    void historyLeavesOutWhatIsNotKnown() {
        leader.history = new TimelineHistory(List.of(
                new TimelineHistory.Entry(1, new Lsn(5), "r", Optional.of("2026-11-22T19:47:43.331791+00:00"),
                        Optional.of("node0")),
                new TimelineHistory.Entry(2, new Lsn(6), "r", Optional.empty(), Optional.empty())), 1);
        assertThat(Socketless.body(api.get("/history"))).isEqualTo(
                "[[1, 5, \"r\", \"2026-11-22T19:47:43.331791+00:00\", \"node0\"], [2, 6, \"r\"]]");
    }

    @Test
    void failsafeIsShownWhenItsMembersAreKnown() {
        assertThat(api.get("/failsafe").status()).isEqualTo(502);
        leader.failsafe.put("node1", "http://a:1/patroni");
        assertThat(Socketless.body(api.get("/failsafe"))).isEqualTo("{\"node1\": \"http://a:1/patroni\"}");
    }

    @Test
    void metricsOfANodeThatDoesNotRunLeaveOutReplication() {
        leader.observed = false;
        leader.state = PostgresState.CRASHED;
        leader.role = PostgresRole.DEMOTED;
        String text = Socketless.body(api.get("/metrics"));
        assertThat(text).contains("patroni_postgres_running{scope=\"demo\",name=\"node1\"} 0\n")
                .contains("patroni_postgres_state{scope=\"demo\",name=\"node1\"} 14\n")
                .contains("patroni_master{scope=\"demo\",name=\"node1\"} 0\n")
                .doesNotContain("patroni_postgres_streaming").doesNotContain("in_archive_recovery");
    }

    @Test
    void metricsEndWithThoseOfTheAgentAndTheApi() {
        node.metrics.add(MetricFamily.counters("jpatroni_ha_rule_total", "Rules.").add(2, "rule", "leader.\"x\\y\"")
                .build());
        node.metrics.add(MetricFamily.gauge("jpatroni_cycle_seconds", "One\nline.", 0.25));
        node.metrics.add(MetricFamily.gauges("jpatroni_nothing", "Nothing.").build());
        api.get("/liveness");
        String text = Socketless.body(api.get("/metrics"));
        assertThat(text).contains("# HELP jpatroni_ha_rule_total Rules.\n# TYPE jpatroni_ha_rule_total counter\n"
                + "jpatroni_ha_rule_total{scope=\"demo\",name=\"node1\",rule=\"leader.\\\"x\\\\y\\\"\"} 2\n")
                .contains("# HELP jpatroni_cycle_seconds One\\nline.\n# TYPE jpatroni_cycle_seconds gauge\n"
                        + "jpatroni_cycle_seconds{scope=\"demo\",name=\"node1\"} 0.25\n")
                .contains("jpatroni_api_health_answers_total{scope=\"demo\",name=\"node1\",reason=\"ok\"} 1\n")
                .doesNotContain("jpatroni_nothing");
    }

    private static Member member(String name, String connUrl, String state,
            @org.jspecify.annotations.Nullable String replication, long bytes) {
        Optional<Lsn> lsn = bytes == 0 ? Optional.empty() : Optional.of(new Lsn(bytes));
        return new Member(name, Optional.of("http://" + name + ":8008/patroni"), Optional.of(connUrl), Optional.empty(),
                Optional.of(state), Optional.of("replica"), Optional.of("4.1.4"), Tags.NONE, lsn, lsn, lsn,
                Optional.ofNullable(replication), OptionalInt.of(1), false, Map.of(), Map.of(), false, false, false);
    }
}
