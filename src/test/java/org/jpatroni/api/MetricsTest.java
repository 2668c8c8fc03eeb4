package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.jpatroni.agent.FilledCounters;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresObservation.Sender;
import org.jpatroni.model.StoredStatus;
import org.jpatroni.model.Tags;
import org.jpatroni.node.MetricFamily;
import org.junit.jupiter.api.Test;

/** The whole text of {@code /metrics}, and the table in the documentation. */
class MetricsTest {

    private static final long LEADER_AT = 67_108_960;

    private final NodeFixture leader = NodeFixture.leader();
    private final NodeFixture replica = NodeFixture.replica();

    MetricsTest() {
        leader.members = List.of(member("node0", "streaming", LEADER_AT - 300), member("node1", "", LEADER_AT),
                member("node2", "in archive recovery", LEADER_AT - 5_000), member("new", "", 0));
        leader.senders = List.of(sender("node0", LEADER_AT - 10, LEADER_AT - 100, OptionalDouble.of(0.5)),
                sender("node0", LEADER_AT - 9_000, LEADER_AT - 9_000, OptionalDouble.empty()),
                sender("node2", LEADER_AT, LEADER_AT, OptionalDouble.of(9)),
                sender("pg_basebackup", 0, 0, OptionalDouble.empty()));
        replica.stored = new StoredStatus(new Lsn(LEADER_AT + 1_000), Map.of(), List.of());
        replica.received = new Lsn(LEADER_AT);
        replica.replayed = new Lsn(LEADER_AT - 400);
        replica.replayedTimestamp = Optional.of(Instant.parse("2026-11-22T19:46:01.500Z"));
    }

    private static Exposition scrape(NodeFixture fixture) {
        FakeNode node = new FakeNode(fixture);
        node.metrics.addAll(FilledCounters.metrics().families());
        node.metrics.add(TlsKeeper.expiryFamily().add(1, "usage", "server", "file", "server.pem").build());
        Socketless api = new Socketless(node, new FixedTime(), ApiServer.config("127.0.0.1", 8008));
        api.get("/liveness");
        api.counted("/primary");
        return Exposition.of(Socketless.body(api.get("/metrics")));
    }

    @Test
    void everythingIsDeclaredOnceAndFollowsTheConventions() {
        assertThat(scrape(leader).faults).isEmpty();
        assertThat(scrape(replica).faults).isEmpty();
        leader.observed = false;
        leader.storeSeen = false;
        leader.leaseDeadline = Optional.empty();
        assertThat(scrape(leader).faults).isEmpty();
        leader.name = "no\"de\\\n{1}";
        assertThat(scrape(leader).faults).isEmpty();
    }

    @Test
    void familiesAreWrittenInPrometheusTextFormat() {
        List<MetricFamily> families = List.of(
                MetricFamily.histograms("jpatroni_call_seconds", "Calls.")
                        .add(List.of(0.005, 1.0), List.of(3L, 0L, 2L), 7.25, "verb", "a\"b").build(),
                MetricFamily.counters("jpatroni_none_total", "None yet.").build(),
                MetricFamily.counter("jpatroni_some_total", "A \\ and\na line.", 12_345_678_901L),
                MetricFamily.gauges("jpatroni_x", "Numbers.").add(0.1, "of", "x").add(Double.NaN, "of", "y").build());
        String text = MetricsText.write(leader.view(), families);
        assertThat(text.substring(text.indexOf("# HELP jpatroni_"))).isEqualTo("""
                # HELP jpatroni_call_seconds Calls.
                # TYPE jpatroni_call_seconds histogram
                jpatroni_call_seconds_bucket{scope="demo",name="node1",verb="a\\"b",le="0.005"} 3
                jpatroni_call_seconds_bucket{scope="demo",name="node1",verb="a\\"b",le="1"} 3
                jpatroni_call_seconds_bucket{scope="demo",name="node1",verb="a\\"b",le="+Inf"} 5
                jpatroni_call_seconds_sum{scope="demo",name="node1",verb="a\\"b"} 7.25
                jpatroni_call_seconds_count{scope="demo",name="node1",verb="a\\"b"} 5
                # HELP jpatroni_some_total A \\\\ and\\na line.
                # TYPE jpatroni_some_total counter
                jpatroni_some_total{scope="demo",name="node1"} 12345678901
                # HELP jpatroni_x Numbers.
                # TYPE jpatroni_x gauge
                jpatroni_x{scope="demo",name="node1",of="x"} 0.1
                jpatroni_x{scope="demo",name="node1",of="y"} NaN
                """);
    }

    @Test
    void theCheckFindsWhatItShould() {
        String head = "# HELP jpatroni_x_total Help.\n# TYPE jpatroni_x_total counter\n";
        String sample = "jpatroni_x_total{scope=\"s\",name=\"n\"} 1\n";
        assertThat(Exposition.of(head + sample).faults).isEmpty();
        for (String wrong : List.of(head + sample + sample, sample, head, head + sample + head + sample,
                head + "jpatroni_y_total{scope=\"s\",name=\"n\"} 1\n", head + "jpatroni_x_total 1\n",
                head + "jpatroni_x_total{scope=\"s\",name=\"n\",a=\"\"\"} 1\n",
                head + "jpatroni_x_total{scope=\"s\",name=\"n\",le=\"1\"} 1\n",
                head.replace("counter", "gauge") + sample, head.replace("Help.", "") + sample,
                (head + sample).replace("_x_", "_ms_"), (head + sample).replace("counter", "histogram"))) {
            assertThat(Exposition.of(wrong).faults).as(wrong).isNotEmpty();
        }
    }

    @Test
    void aLeaderTellsOfItsLeaseAndItsMembers() {
        Exposition text = scrape(leader);
        assertThat(text.value("jpatroni_leader")).isEqualTo(1);
        assertThat(text.value("jpatroni_primary")).isEqualTo(1);
        assertThat(text.value("jpatroni_lease_remaining_seconds")).isEqualTo(29);
        assertThat(text.value("jpatroni_dcs_snapshot_age_seconds")).isEqualTo(1);
        assertThat(text.value("jpatroni_postgres_observation_age_seconds")).isEqualTo(0.002);
        assertThat(text.families).doesNotContainKeys("jpatroni_receive_lag_bytes", "jpatroni_replay_lag_seconds");
        assertThat(text.value("jpatroni_member_state", "member", "node2", "role", "replica", "state",
                "in archive recovery")).isEqualTo(1);
        assertThat(text.value("jpatroni_member_state", "member", "node1", "role", "leader")).isEqualTo(1);
        assertThat(text.value("jpatroni_member_streaming", "member", "node0")).isEqualTo(1);
        assertThat(text.value("jpatroni_member_streaming", "member", "node2")).isZero();
        assertThat(text.value("jpatroni_member_replay_lag_bytes", "member", "node0")).isEqualTo(300);
        assertThat(text.value("jpatroni_member_receive_lag_bytes", "member", "node2")).isEqualTo(5_000);
        assertThat(text.family("jpatroni_member_replay_lag_bytes").samples).as("not of itself, nor of one unknown")
                .hasSize(2);
        assertThat(text.value("jpatroni_sender_flush_lag_bytes", "member", "node0")).isEqualTo(10);
        assertThat(text.value("jpatroni_sender_replay_lag_bytes", "member", "node0")).isEqualTo(100);
        assertThat(text.value("jpatroni_sender_replay_lag_seconds", "member", "node0")).isEqualTo(0.5);
        assertThat(text.value("jpatroni_sender_replay_lag_seconds", "member", "node2")).isZero();
        assertThat(text.family("jpatroni_sender_flush_lag_bytes").samples).as("members only").hasSize(2);
    }

    @Test
    void aLeaseThatRanOutIsNoLeaderWhateverTheLoopSays() {
        leader.leaseDeadline = Optional.of(NodeFixture.NOW - 1);
        Exposition text = scrape(leader);
        assertThat(text.value("jpatroni_leader")).isZero();
        assertThat(text.value("jpatroni_primary")).isZero();
        assertThat(text.value("jpatroni_lease_remaining_seconds")).isZero();
        assertThat(text.value("patroni_primary")).as("Patroni's is about the role").isEqualTo(1);
        assertThat(text.families).doesNotContainKey("jpatroni_member_state");
    }

    @Test
    void aStandbyTellsOfItsLag() {
        Exposition text = scrape(replica);
        assertThat(text.value("jpatroni_receive_lag_bytes")).isEqualTo(1_000);
        assertThat(text.value("jpatroni_replay_lag_bytes")).isEqualTo(1_400);
        assertThat(text.value("jpatroni_replay_lag_seconds")).isEqualTo(2.5);
        assertThat(text.value("jpatroni_receive_lag_seconds")).isEqualTo(2.5);
        assertThat(text.families).doesNotContainKeys("jpatroni_lease_remaining_seconds", "jpatroni_member_state");
        replica.replayedTimestamp = Optional.empty();
        text = scrape(replica);
        assertThat(text.value("jpatroni_replay_lag_bytes")).isEqualTo(1_400);
        assertThat(text.families).as("nothing is known of the time").doesNotContainKey("jpatroni_replay_lag_seconds");
        replica.stored = StoredStatus.EMPTY;
        replica.received = replica.latestEnd.orElseThrow();
        replica.replayed = replica.received;
        text = scrape(replica);
        assertThat(text.value("jpatroni_replay_lag_bytes")).isZero();
        assertThat(text.value("jpatroni_replay_lag_seconds")).isZero();
        replica.latestEnd = Optional.empty();
        assertThat(scrape(replica).families).as("nothing is known of the leader")
                .doesNotContainKeys("jpatroni_receive_lag_bytes", "jpatroni_replay_lag_seconds");
    }

    @Test
    void theAgentsCountersAreThere() {
        Exposition text = scrape(leader);
        assertThat(text.value("jpatroni_operations_total", "operation", "switchover", "outcome", "success"))
                .isEqualTo(1);
        assertThat(text.value("jpatroni_operations_total", "operation", "reinitialize", "outcome", "failure")).isZero();
        assertThat(text.value("jpatroni_leader_changes_total")).isEqualTo(1);
        assertThat(text.value("jpatroni_ha_cycle_duration_seconds_bucket", "le", "0.01")).isEqualTo(1);
        assertThat(text.value("jpatroni_ha_cycle_duration_seconds_bucket", "le", "0.005")).isZero();
        assertThat(text.value("jpatroni_dcs_call_duration_seconds_count", "verb", "renew_lease")).isEqualTo(1);
        assertThat(text.value("jpatroni_status_query_unanswered_total")).isEqualTo(1);
        assertThat(text.value("jpatroni_slot_retained_bytes", "slot", "node0")).isEqualTo(900);
        assertThat(text.value("jpatroni_api_requests_total", "path", "/primary")).isEqualTo(1);
        assertThat(text.value("jpatroni_jvm_heap_used_bytes")).isPositive();
    }

    /** The table is the families themselves, written down; what this prints belongs into the page. */
    @Test
    void theDocumentationListsTheSeriesAsTheyAre() throws IOException {
        Map<String, Exposition.Family> own = new TreeMap<>();
        for (NodeFixture node : List.of(replica, leader)) {
            scrape(node).families.forEach((name, family) -> {
                if (name.startsWith("jpatroni_")) {
                    own.put(name, family);
                }
            });
        }
        List<String> rows = new ArrayList<>();
        own.forEach((name, family) -> rows.add("| `" + name + "` | " + family.type + " | "
                + String.join(", ", family.ownLabels().stream().map(label -> "`" + label + "`").toList()) + " | "
                + family.help.replaceAll("(GET /[a-z]+|[a-z]+_lag|pg_stat_replication|lag=|\\*)(?=[ ,;:.])", "`$1`")
                + " |"));
        List<String> page = Files.readAllLines(Path.of("docs/rest-api.md")).stream()
                .filter(line -> line.startsWith("| `jpatroni_")).toList();
        assertThat(page).as("docs/rest-api.md should say:\n" + String.join("\n", rows)).isEqualTo(rows);
    }

    private static Sender sender(String name, long flushed, long replayed, OptionalDouble seconds) {
        return new Sender(name, Optional.of(new Lsn(flushed)), Optional.of(new Lsn(replayed)), seconds);
    }

    private static Member member(String name, String replication, long bytes) {
        Optional<Lsn> lsn = bytes == 0 ? Optional.empty() : Optional.of(new Lsn(bytes));
        return new Member(name, Optional.of("http://" + name + ":8008/patroni"),
                Optional.of("postgres://" + name + ":5432/postgres"), Optional.empty(), Optional.of("running"),
                Optional.of("replica"), Optional.of("4.1.4"), Tags.NONE, lsn, lsn, lsn,
                Optional.of(replication).filter(state -> !state.isEmpty()), OptionalInt.of(1), false, Map.of(),
                Map.of(), false, false, false);
    }
}
