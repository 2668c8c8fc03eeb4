package org.jpatroni.peer;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.model.Tags;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads the status document of another member; what is missing or malformed is left empty. So is the position of a standby whose PostgreSQL did not
 * answer just now: it may have acknowledged commits since, and votes in a race rest on it.
 */
final class PeerAnswerReader {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private PeerAnswerReader() {
    }

    static PeerAnswer read(String name, String body) {
        JsonNode status;
        try {
            status = JSON.readTree(body);
        } catch (JacksonException malformed) {
            return PeerAnswer.unreachable(name);
        }
        if (!status.isObject()) {
            return PeerAnswer.unreachable(name);
        }
        JsonNode xlog = status.path("xlog");
        boolean inRecovery = !xlog.has("location") && !(xlog.isMissingNode() && mayBePrimary(status));
        int timeline = status.path("timeline").asInt(0);
        boolean old = inRecovery && status.path("jpatroni").path("stale").asBoolean(false);
        return new PeerAnswer(name, true, inRecovery, old ? Optional.empty() : position(xlog),
                timeline > 0 ? OptionalInt.of(timeline) : OptionalInt.empty(), tags(status),
                status.path("watchdog_failed").asBoolean(false), status.path("dcs_last_seen").asLong(0),
                status.path("role").asString(""), status.path("replication_state").asString("").equals("streaming"));
    }

    /** A primary that did not answer its own agent in time: it may well take writes. One that is stopping or stopped does not. */
    private static boolean mayBePrimary(JsonNode status) {
        String role = status.path("role").asString("");
        String state = status.path("state").asString("");
        return (role.equals("primary") || role.equals("master"))
                && (state.equals("running") || state.equals("unknown"));
    }

    private static Optional<Lsn> position(JsonNode xlog) {
        if (xlog.has("location")) {
            return lsn(xlog.path("location"));
        }
        Optional<Lsn> received = lsn(xlog.path("received_location"));
        Optional<Lsn> replayed = lsn(xlog.path("replayed_location"));
        if (received.isEmpty() || replayed.isPresent() && replayed.get().isAfter(received.get())) {
            return replayed;
        }
        return received;
    }

    private static Optional<Lsn> lsn(JsonNode number) {
        long bytes = number.asLong(-1);
        return bytes >= 0 ? Optional.of(new Lsn(bytes)) : Optional.empty();
    }

    private static Tags tags(JsonNode status) {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        status.path("tags").properties().forEach(tag -> values.put(tag.getKey(), switch (tag.getValue().getNodeType()) {
            case BOOLEAN -> tag.getValue().asBoolean();
            case NUMBER -> tag.getValue().numberValue();
            default -> tag.getValue().asString("");
        }));
        return new Tags(values);
    }
}
