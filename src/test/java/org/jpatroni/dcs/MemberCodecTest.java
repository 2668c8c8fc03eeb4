package org.jpatroni.dcs;

import static org.assertj.core.api.Assertions.assertThat;

import org.jpatroni.model.Member;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemberCodecTest {

    private static final String EVERYTHING = "{\"conn_url\":\"postgres://127.0.0.1:5432/postgres\","
            + "\"api_url\":\"http://127.0.0.1:8008/patroni\",\"state\":\"running\",\"role\":\"replica\",\"version\":\"4.1.4\","
            + "\"proxy_url\":\"postgres://127.0.0.1:6432/postgres\",\"checkpoint_after_promote\":false,"
            + "\"tags\":{\"clonefrom\":true,\"failover_priority\":\"2\",\"ratio\":1.0},\"pending_restart\":true,"
            + "\"pending_restart_reason\":{\"max_connections\":{\"old_value\":\"100\",\"new_value\":\"200\"}},"
            + "\"xlog_location\":67108960,\"replay_lsn\":67108960,\"receive_lsn\":67108961,\"replication_state\":\"streaming\","
            + "\"timeline\":2,\"scheduled_restart\":{\"schedule\":\"2026-11-22T19:47:43+00:00\",\"postmaster_start_time\":\"x\"},"
            + "\"pause\":true}";

    @Test
    void everyFieldSurvivesInPatronisOrder() {
        assertThat(MemberCodec.encode(MemberCodec.decode("n", EVERYTHING))).isEqualTo(EVERYTHING);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "null", "[]", "5", "{}"})
    void nonsenseIsAMemberOfWhichOnlyTheNameIsKnown(String text) {
        assertThat(MemberCodec.decode("n", text)).isEqualTo(Member.named("n"));
    }

    @Test
    void fieldsOfAnotherTypeCountAsAbsent() {
        Member member = MemberCodec.decode("n", "{\"state\":5,\"role\":null,\"tags\":[],\"timeline\":\"3\","
                + "\"xlog_location\":-1,\"replay_lsn\":\"12\",\"pending_restart\":\"yes\",\"pause\":1,\"unknown\":{}}");
        assertThat(member.state()).isEmpty();
        assertThat(member.role()).isEmpty();
        assertThat(member.tags().isEmpty()).isTrue();
        assertThat(member.timeline()).hasValue(3);
        assertThat(member.xlogLocation()).isEmpty();
        assertThat(member.replayLsn().orElseThrow().bytes()).isEqualTo(12);
        assertThat(member.pendingRestart()).isFalse();
        assertThat(member.paused()).isFalse();
    }

    @Test
    void theOldRoleAndTheOldestFormsAreRead() {
        assertThat(MemberCodec.decode("n", "{\"role\":\"master\"}").role()).contains("primary");
        Member governor = MemberCodec.decode("n",
                "postgres://u@h:5432/postgres?application_name=http%3A%2F%2Fh%3A8008%2Fpatroni");
        assertThat(governor.connUrl()).contains("postgres://u@h:5432/postgres");
        assertThat(governor.apiUrl()).contains("http://h:8008/patroni");
        assertThat(MemberCodec.decode("n", "{\"conn_kwargs\":{\"host\":\"h\",\"port\":5433}}").connUrl())
                .contains("postgresql://h:5433");
    }
}
