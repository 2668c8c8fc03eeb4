package org.jpatroni.api;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The query parameters of a health check. Of a parameter that comes twice the first counts; one without a value counts as not given,
 * except {@code lag=}, which cannot be honoured.
 *
 * @param lagBytes how far the node may be behind; empty when not asked for
 * @param lagMalformed {@code lag} was given and is no size: the check must fail rather than pass without a limit
 * @param replicationState wanted state, for example {@code streaming}
 * @param tags wanted tags by name, without the prefix {@code tag_}
 * @param writeMode {@code mode=write}: count received WAL instead of replayed (readiness)
 */
record HealthQuery(OptionalLong lagBytes, boolean lagMalformed, Optional<String> replicationState,
        Map<String, String> tags, boolean writeMode) {

    static final HealthQuery NONE = new HealthQuery(OptionalLong.empty(), false, Optional.empty(),
            Collections.emptyMap(), false);

    HealthQuery {
        tags = Collections.unmodifiableMap(new LinkedHashMap<>(tags));
    }

    /** Reads what stands after the question mark. */
    static HealthQuery parse(String query) {
        if (query.isEmpty()) {
            return NONE;
        }
        Map<String, String> first = firstValues(query);
        Map<String, String> tags = new LinkedHashMap<>();
        first.forEach((name, value) -> {
            if (name.startsWith("tag_") && !value.isEmpty()) {
                tags.put(name.substring(4), value);
            }
        });
        String lag = first.get("lag");
        OptionalLong lagBytes = lag == null ? OptionalLong.empty() : LagLimit.parse(lag);
        return new HealthQuery(lagBytes, lag != null && lagBytes.isEmpty(),
                Optional.ofNullable(first.get("replication_state")).filter(state -> !state.isEmpty()), tags,
                "write".equals(first.get("mode")));
    }

    private static Map<String, String> firstValues(String query) {
        Map<String, String> first = new LinkedHashMap<>();
        for (String pair : query.split("&", -1)) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                first.putIfAbsent(decode(pair.substring(0, equals)), decode(pair.substring(equals + 1)));
            }
        }
        return first;
    }

    private static String decode(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException malformed) {
            return text; // A stray percent sign stands for itself, as in Python.
        }
    }
}
