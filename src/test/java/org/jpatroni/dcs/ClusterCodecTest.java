package org.jpatroni.dcs;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.StoredStatus;
import org.jpatroni.model.SyncState;
import org.jpatroni.model.TimelineHistory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The texts were compared with what Python's json.dumps(value, separators=(',', ':')) prints. */
class ClusterCodecTest {

    @Test
    void treesAreWrittenAsPythonWritesThem() {
        Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        tree.put("z", 1);
        tree.put("a", List.of(true, 1.0, 1.0e16, 1e-5, 0.0001, 123456789012345680.0, -2.5e-7, 1e100));
        tree.put("text", "caf\u00e9 \"\\/\n\t\u0001\u007f\ud83d\ude00");
        tree.put("none", null);
        tree.put("empty", Map.of());
        assertThat(ClusterCodec.encodeTree(tree)).isEqualTo(
                "{\"z\":1,\"a\":[true,1.0,1e+16,1e-05,0.0001,1.2345678901234568e+17,-2.5e-07,1e+100],"
                        + "\"text\":\"caf\\u00e9 \\\"\\\\/\\n\\t\\u0001\\u007f\\ud83d\\ude00\",\"none\":null,\"empty\":{}}");
    }

    @Test
    void statusHasOptimeSlotsAndRetainedSlotsInThatOrder() {
        StoredStatus status = new StoredStatus(new Lsn(67108960),
                Map.of("node2", new Lsn(67108960), "node1", new Lsn(1)),
                List.of("node2", "node3"));
        String text = "{\"optime\":67108960,\"slots\":{\"node1\":1,\"node2\":67108960},\"retain_slots\":[\"node2\",\"node3\"]}";
        assertThat(ClusterCodec.encodeStatus(status)).isEqualTo(text);
        assertThat(ClusterCodec.decodeStatus(text)).isEqualTo(status);
        assertThat(ClusterCodec.encodeStatus(new StoredStatus(new Lsn(5), Map.of(), List.of())))
                .isEqualTo("{\"optime\":5}");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"67108960 | 67108960", "{\"optime\":\"12\"} | 12", "{\"optime\":-1} | 0",
            "{\"optime\":true} | 0", "nonsense | 0", "[] | 0", "{} | 0", "{\"optime\":99999999999999999999} | 0",
            "\"7\" | 0", "{\"optime\":12.7} | 12"})
    void statusOfAnyKindIsRead(String text, long optime) {
        assertThat(ClusterCodec.decodeStatus(text).leaderLsn()).isEqualTo(new Lsn(optime));
    }

    @Test
    void statusMayHoldNestedTrees() {
        StoredStatus status = ClusterCodec
                .decodeStatus(
                        "{\"optime\":1,\"slots\":\"{\\\"a\\\":2,\\\"b\\\":\\\"x\\\"}\",\"retain_slots\":\"[\\\"c\\\"]\"}");
        assertThat(status).isEqualTo(
                new StoredStatus(new Lsn(1), new TreeMap<>(Map.of("a", new Lsn(2), "b", Lsn.ZERO)), List.of("c")));
    }

    @Test
    void failoverIsWrittenWithLeaderMemberAndTime() {
        FailoverRequest request = new FailoverRequest(Optional.of("node1"), Optional.of("node2"),
                Optional.of(OffsetDateTime.parse("2026-11-22T19:47:43.331791+00:00")), Optional.empty(), 0);
        assertThat(ClusterCodec.encodeFailover(request)).isEqualTo("{\"leader\":\"node1\",\"member\":\"node2\","
                + "\"scheduled_at\":\"2026-11-22T19:47:43.331791+00:00\"}");
    }

    @Test
    void timestampsAreThoseOfPython() {
        assertThat(ClusterCodec.timestamp(OffsetDateTime.parse("2026-01-02T03:04:00Z")))
                .isEqualTo("2026-01-02T03:04:00+00:00");
        assertThat(ClusterCodec.timestamp(OffsetDateTime.parse("2026-01-02T03:04:05.000012-05:30")))
                .isEqualTo("2026-01-02T03:04:05.000012-05:30");
    }

    @ParameterizedTest
    @ValueSource(strings = {"2026-11-22T19:47:43.331791+00:00", "2026-11-22 19:47:43.331791+00:00",
            "2026-11-22T19:47:43.331791Z", "2026-11-22T20:47:43.331791+0100", "2026-11-22T20:47:43.331791 +01",
            "2026-11-22 19:47:43.331791Z"})
    void scheduledTimesAreReadInTheUsualForms(String text) {
        Optional<FailoverRequest> request = ClusterCodec
                .decodeFailover("{\"leader\":\"a\",\"scheduled_at\":\"" + text + "\"}", 7);
        assertThat(request.orElseThrow().scheduledAt().orElseThrow().toInstant())
                .isEqualTo(OffsetDateTime.parse("2026-11-22T19:47:43.331791Z").toInstant());
        assertThat(request.orElseThrow().scheduledAtText()).contains(text);
        assertThat(request.orElseThrow().version()).isEqualTo(7);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "", "null", "[]", "5", "{\"leader\":\"\",\"member\":null}",
            "{\"leader\":\"a\",\"scheduled_at\":\"tomorrow\"}", "{\"scheduled_at\":\"2026-11-22T19:47:43Z\"}"})
    void whatAsksForNothingIsNoRequest(String text) {
        assertThat(ClusterCodec.decodeFailover(text, 1)).isEmpty();
    }

    @Test
    void theOldestFormOfARequestIsRead() {
        assertThat(ClusterCodec.decodeFailover("a: b", 1)).contains(
                new FailoverRequest(Optional.of("a"), Optional.of("b"), Optional.empty(), Optional.empty(), 1));
        assertThat(ClusterCodec.decodeFailover("{broken", 1).orElseThrow().leader()).contains("{broken");
    }

    @Test
    void syncIsWrittenWithSortedStandbys() {
        SyncState state = new SyncState(Optional.of("n1"), List.of("n3", "n2"), 1, 4);
        String text = "{\"leader\":\"n1\",\"quorum\":1,\"sync_standby\":\"n2,n3\"}";
        assertThat(ClusterCodec.encodeSync(state)).isEqualTo(text);
        assertThat(ClusterCodec.decodeSync(text, 4)).isEqualTo(state);
        assertThat(ClusterCodec.encodeSync(new SyncState(Optional.of("n1"), List.of(), 0, 0)))
                .isEqualTo("{\"leader\":\"n1\",\"quorum\":0,\"sync_standby\":null}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "[]", "null", "{}", "{\"leader\":null,\"sync_standby\":\"a\"}", "{\"leader\":5}"})
    void syncWithoutLeaderIsEmptyButKeepsItsVersion(String text) {
        assertThat(ClusterCodec.decodeSync(text, 9)).isEqualTo(new SyncState(Optional.empty(), List.of(), 0, 9));
    }

    @Test
    void historyKeepsItsPlaces() {
        TimelineHistory history = new TimelineHistory(List.of(
                new TimelineHistory.Entry(1, new Lsn(67108960), "no recovery target specified",
                        Optional.of("2026-11-22T19:47:43.331791+00:00"), Optional.of("node2")),
                new TimelineHistory.Entry(2, new Lsn(83886080), "no recovery target specified", Optional.empty(),
                        Optional.empty())),
                3);
        String text = "[[1,67108960,\"no recovery target specified\",\"2026-11-22T19:47:43.331791+00:00\",\"node2\"],"
                + "[2,83886080,\"no recovery target specified\"]]";
        assertThat(ClusterCodec.encodeHistory(history)).isEqualTo(text);
        assertThat(ClusterCodec.decodeHistory(text, 3)).isEqualTo(history);
        assertThat(ClusterCodec.decodeHistory("[[1],5,[\"x\",1,\"r\"],[2,3,\"r\",null]]", 3).entries()).hasSize(1);
        assertThat(ClusterCodec.decodeHistory("{", 3).entries()).isEmpty();
        assertThat(ClusterCodec.encodeHistory(TimelineHistory.EMPTY)).isEqualTo("[]");
    }

    @Test
    void failsafeIsAMapOfUrls() {
        String text = "{\"a\":\"http://1:8008/patroni\",\"b\":\"http://2:8008/patroni\"}";
        assertThat(ClusterCodec.encodeFailsafe(ClusterCodec.decodeFailsafe(text))).isEqualTo(text);
        assertThat(ClusterCodec.decodeFailsafe("[1]")).isEmpty();
        assertThat(ClusterCodec.decodeFailsafe("{\"a\":5}")).containsEntry("a", "");
    }

    @Test
    void deepNestingIsNoJson() {
        assertThat(StoredJson.read("[".repeat(100_000))).isEmpty();
        assertThat(StoredJson.read("{\"a\":1} x")).isEmpty();
        assertThat(StoredJson.read("{\"a\":NaN}")).isPresent();
    }

    @Test
    void keysAreThoseOfPatroni() {
        ClusterKeys keys = ClusterKeys.of("/service/", "batman");
        assertThat(keys).isEqualTo(ClusterKeys.of("service", "batman"));
        assertThat(keys.legacyOptime()).isEqualTo("/service/batman/optime/leader");
        assertThat(keys.member("n1")).isEqualTo("/service/batman/members/n1");
        assertThat(keys.memberOf("/service/batman/members/n1")).contains("n1");
        assertThat(keys.memberOf("/service/batman/members/n1/x")).isEmpty();
        assertThat(keys.memberOf("/service/batman/members/")).isEmpty();
        assertThat(keys.memberOf("/service/batman/leader")).isEmpty();
    }
}
