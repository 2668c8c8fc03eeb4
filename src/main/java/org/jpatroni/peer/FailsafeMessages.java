package org.jpatroni.peer;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jpatroni.model.FailsafeAnswer;
import org.jpatroni.model.FailsafeAnswer.Kind;
import org.jpatroni.model.FailsafePing;
import org.jpatroni.model.Lsn;
import tools.jackson.databind.json.JsonMapper;

/** {@code POST /failsafe} on the wire, as Patroni's members write and read it. */
final class FailsafeMessages {

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String ACCEPTED = "Accepted";
    private static final int TEXT_MAX = 200;

    private FailsafeMessages() {
    }

    /** Patroni passes over {@code ttl}, which it does not know. */
    static String encode(FailsafePing ping) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("name", ping.name());
        document.put("conn_url", ping.connUrl());
        document.put("api_url", ping.apiUrl());
        ping.slots().ifPresent(slots -> {
            Map<String, Object> positions = new TreeMap<>();
            slots.forEach((name, lsn) -> positions.put(name, lsn.bytes()));
            document.put("slots", positions);
        });
        if (ping.ttlSeconds() > 0) {
            document.put("ttl", ping.ttlSeconds());
        }
        return JSON.writeValueAsString(document);
    }

    static FailsafeAnswer answer(String member, PeerReply reply) {
        boolean accepted = reply.status() == 200 && reply.body().equals(ACCEPTED);
        String text = reply.body().length() > TEXT_MAX ? "status " + reply.status() : reply.body();
        return new FailsafeAnswer(member, accepted ? Kind.ACCEPTED : Kind.REFUSED,
                reply.header("lsn").flatMap(FailsafeMessages::position), text);
    }

    private static Optional<Lsn> position(String header) {
        try {
            long bytes = Long.parseLong(header.strip());
            return bytes > 0 ? Optional.of(new Lsn(bytes)) : Optional.empty();
        } catch (NumberFormatException notANumber) {
            return Optional.empty();
        }
    }
}
