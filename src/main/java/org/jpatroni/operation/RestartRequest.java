package org.jpatroni.operation;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jpatroni.decide.Order.Conditions;
import org.jpatroni.model.Units;
import org.jspecify.annotations.Nullable;

/**
 * The body of {@code POST /restart}, key by key in the order in which they came: the first that is wrong decides the answer, in Patroni's words.
 *
 * @param timeoutSeconds how long it may take
 * @param due when; empty: now
 * @param shown the request as {@code scheduled_restart} shows it
 */
record RestartRequest(Conditions conditions, OptionalInt timeoutSeconds, Optional<OffsetDateTime> due,
        Map<String, @Nullable Object> shown) {

    private static final int BAD_REQUEST = 400;
    private static final int UNPROCESSABLE = 422;
    private static final List<String> ROLES = List.of("primary", "standby_leader", "replica");

    /** A request that cannot be carried out. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;
        private final int code;

        private Refused(int code, String text) {
            super(text);
            this.code = code;
        }

        int code() {
            return code;
        }
    }

    private static Refused bad(String text) {
        return new Refused(BAD_REQUEST, text);
    }

    static RestartRequest read(Map<String, @Nullable Object> body, Instant now) throws Refused {
        Optional<String> role = Optional.empty();
        OptionalInt version = OptionalInt.empty();
        OptionalInt timeout = OptionalInt.empty();
        Optional<OffsetDateTime> due = Optional.empty();
        Map<String, @Nullable Object> shown = new LinkedHashMap<>(body);
        for (Map.Entry<String, @Nullable Object> entry : body.entrySet()) {
            Object value = entry.getValue();
            switch (entry.getKey()) {
                case "schedule" -> {
                    ScheduleReader.Schedule.At at = schedule(value, now);
                    due = Optional.of(at.time());
                    shown.put("schedule", at.text());
                }
                case "role" -> role = Optional.of(role(value));
                case "postgres_version" -> version = OptionalInt.of(version(value));
                case "timeout" -> {
                    timeout = OptionalInt.of(timeout(value));
                    shown.put("timeout", timeout.getAsInt());
                }
                case "restart_pending" -> {
                    // Whatever its value: that it is there is the condition.
                }
                default -> throw bad("Unknown filter for the scheduled restart: " + entry.getKey());
            }
        }
        return new RestartRequest(new Conditions(role, version, body.containsKey("restart_pending")), timeout, due,
                shown);
    }

    private static ScheduleReader.Schedule.At schedule(@Nullable Object value, Instant now) throws Refused {
        return switch (ScheduleReader.read(value, "restart", now)) {
            case ScheduleReader.Schedule.At at -> at;
            case ScheduleReader.Schedule.Refused refused -> throw new Refused(refused.code(), refused.text());
            case ScheduleReader.Schedule.Now _ -> throw new Refused(UNPROCESSABLE,
                    "Unable to parse scheduled timestamp. It should be in an unambiguous format, e.g. ISO 8601");
        };
    }

    private static String role(@Nullable Object value) throws Refused {
        if (value instanceof String role && ROLES.contains(role)) {
            return role;
        }
        throw bad("PostgreSQL role should be either primary, standby_leader, or replica");
    }

    private static int timeout(@Nullable Object value) throws Refused {
        OptionalLong seconds = Units.parseInteger(value, "s");
        if (seconds.isEmpty() || seconds.getAsLong() <= 0 || seconds.getAsLong() > Integer.MAX_VALUE) {
            throw bad("Timeout should be a positive number of seconds");
        }
        return (int) seconds.getAsLong();
    }

    /** {@code 15.2} is 150002; before version 10 there were three parts. */
    private static int version(@Nullable Object value) throws Refused {
        String text = String.valueOf(value);
        String[] parts = text.split("\\.", -1);
        int[] numbers = new int[parts.length];
        for (int i = 0; i < parts.length; i++) {
            if (!(value instanceof String) || !parts[i].strip().matches("[+-]?\\d{1,6}")) {
                throw bad("Invalid PostgreSQL version: " + text);
            }
            numbers[i] = Integer.parseInt(parts[i].strip());
        }
        boolean two = numbers.length == 2 && numbers[0] >= 10;
        if (!two && numbers.length != 3) {
            throw bad("Invalid PostgreSQL version format: X.Y or X.Y.Z is accepted: " + text);
        }
        return two ? numbers[0] * 10_000 + numbers[1] : numbers[0] * 10_000 + numbers[1] * 100 + numbers[2];
    }
}
