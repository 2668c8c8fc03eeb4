package org.jpatroni.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jpatroni.model.FailsafeAnswer;
import org.jpatroni.model.FailsafePing;
import org.jpatroni.model.Lsn;
import org.junit.jupiter.api.Test;

/** {@code POST /failsafe} as Patroni's members send and answer it. */
class FailsafeMessagesTest {

    @Test
    void theQuestion() {
        FailsafePing ping = new FailsafePing("a", "postgres://a:5432/postgres", "http://a:8008/patroni",
                Optional.of(new TreeMap<>(Map.of("b", new Lsn(134491408)))), 30);
        assertThat(FailsafeMessages.encode(ping)).isEqualTo("""
                {"name":"a","conn_url":"postgres://a:5432/postgres","api_url":"http://a:8008/patroni",\
                "slots":{"b":134491408},"ttl":30}""");
        assertThat(FailsafeMessages.encode(new FailsafePing("a", "x", "y", Optional.empty(), 0)))
                .isEqualTo("{\"name\":\"a\",\"conn_url\":\"x\",\"api_url\":\"y\"}");
    }

    @Test
    void onlyPatronisWordsAreAnAgreement() {
        assertThat(answer(200, "Accepted", "134491408")).isEqualTo(new FailsafeAnswer("b",
                FailsafeAnswer.Kind.ACCEPTED, Optional.of(new Lsn(134491408)), "Accepted"));
        assertThat(answer(200, "accepted", "1").isAccepted()).isFalse();
        assertThat(answer(500, "Running as a leader", "").kind()).isEqualTo(FailsafeAnswer.Kind.REFUSED);
        assertThat(answer(502, "<html>".repeat(100), "").text()).isEqualTo("status 502");
        assertThat(answer(200, "Accepted", "x").position()).as("a position that is none").isEmpty();
        assertThat(answer(200, "Accepted", "0").position()).isEmpty();
    }

    private static FailsafeAnswer answer(int status, String body, String lsn) {
        return FailsafeMessages.answer("b", new PeerReply(status, Map.of("lsn", List.of(lsn)), body));
    }
}
