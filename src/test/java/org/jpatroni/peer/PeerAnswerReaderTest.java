package org.jpatroni.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PeerAnswer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the status document of another member means in a leader race. */
class PeerAnswerReaderTest {

    @ParameterizedTest(name = "{0} {1}: in recovery {2}")
    @CsvSource({"running, primary, false", "unknown, primary, false", "running, master, false",
            "stopping, primary, true", "stopped, primary, true", "crashed, primary, true", "running, replica, true"})
    void withoutPositionStateAndRoleTell(String state, String role, boolean inRecovery) {
        PeerAnswer answer = PeerAnswerReader.read("b", "{\"state\": \"" + state + "\", \"role\": \"" + role + "\"}");
        assertThat(answer.inRecovery()).isEqualTo(inRecovery);
        assertThat(answer.reachable()).isTrue();
    }

    @Test
    void primaryTellsItsPosition() {
        PeerAnswer answer = PeerAnswerReader.read("b",
                "{\"state\": \"running\", \"role\": \"primary\", \"xlog\": {\"location\": 100}, \"timeline\": 3}");
        assertThat(answer.inRecovery()).isFalse();
        assertThat(answer.walPosition()).isEqualTo(Optional.of(new Lsn(100)));
        assertThat(answer.timeline()).hasValue(3);
    }

    @Test
    void standbyCountsTheLaterOfReceivedAndReplayed() {
        PeerAnswer answer = PeerAnswerReader.read("b", "{\"role\": \"replica\", \"xlog\": {\"received_location\": 100, "
                + "\"replayed_location\": 120}, \"tags\": {\"nofailover\": true}, \"dcs_last_seen\": 7}");
        assertThat(answer.walPosition()).isEqualTo(Optional.of(new Lsn(120)));
        assertThat(answer.tags().nofailover()).isTrue();
        assertThat(answer.dcsLastSeenEpochSeconds()).isEqualTo(7);
    }

    @Test
    void anOldPositionIsNone() {
        String xlog = "\"xlog\": {\"received_location\": 100, \"replayed_location\": 100}";
        assertThat(PeerAnswerReader.read("b", "{\"state\": \"running\", \"role\": \"replica\", " + xlog
                + ", \"jpatroni\": {\"stale\": true, \"observation_age_ms\": 400}}").walPosition()).isEmpty();
        assertThat(PeerAnswerReader.read("b", "{\"state\": \"running\", \"role\": \"replica\", " + xlog
                + ", \"jpatroni\": {\"version\": \"1\"}}").walPosition()).isPresent();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"''", "[1]", "<html>", "\"text\"", "{\"role\": "})
    void garbageIsNoAnswer(String body) {
        assertThat(PeerAnswerReader.read("b", body).reachable()).isFalse();
    }
}
