package org.jpatroni.operation;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.operation.ScheduleReader.Schedule;
import org.jspecify.annotations.Nullable;

/**
 * What a body of {@code POST /switchover} or {@code POST /failover} asks for. A failover that names a leader is a switchover, as in Patroni.
 *
 * @param isSwitchover from the leader named, which takes part in it; else whatever leads now
 * @param at when; empty: at once
 */
record SwitchoverRequest(boolean isSwitchover, Optional<String> leader, Optional<String> candidate,
        Optional<Schedule.At> at) {

    private static final int BAD_REQUEST = 400;

    /** What became of reading it. */
    sealed interface Reading {

        record Accepted(SwitchoverRequest request) implements Reading {
        }

        /** In Patroni's words. */
        record Refused(int code, String text) implements Reading {
        }
    }

    /**
     * Reads a body, in Patroni's order of checks.
     *
     * @param failover which of the two calls it was
     * @param paused whether the cluster is in maintenance mode
     */
    static Reading read(boolean failover, Map<String, @Nullable Object> body, boolean paused, Instant now) {
        for (String field : new String[]{"leader", "candidate", "member"}) {
            if (!(isNothing(body.get(field)) || body.get(field) instanceof String)) {
                return refused(field + " must be the name of a member");
            }
        }
        Optional<String> leader = name(body.get("leader"));
        Optional<String> candidate = name(body.get("candidate")).or(() -> name(body.get("member")));
        if (failover && candidate.isEmpty()) {
            return refused("Failover could be performed only to a specific candidate");
        }
        if (!failover && leader.isEmpty()) {
            return refused("Switchover could be performed only from a specific leader");
        }
        Schedule schedule = isNothing(body.get("scheduled_at"))
                ? new Schedule.Now()
                : failover || paused
                        ? new Schedule.Refused(BAD_REQUEST, failover
                                ? "Failover can't be scheduled"
                                : "Can't schedule switchover in the paused state")
                        : ScheduleReader.read(body.get("scheduled_at"), "switchover", now);
        if (schedule instanceof Schedule.Refused no) {
            return new Reading.Refused(no.code(), no.text());
        }
        if (paused && candidate.isEmpty()) {
            return refused("Switchover is possible only to a specific candidate in a paused state");
        }
        if (leader.isPresent() && leader.equals(candidate)) {
            return refused("Switchover target and source are the same");
        }
        return new Reading.Accepted(new SwitchoverRequest(leader.isPresent(), leader, candidate,
                schedule instanceof Schedule.At at ? Optional.of(at) : Optional.empty()));
    }

    /** What Python takes for false: such a field counts as not given. */
    private static boolean isNothing(@Nullable Object value) {
        return value == null || value.equals("") || value.equals(false);
    }

    private static Optional<String> name(@Nullable Object value) {
        return value instanceof String name && !name.isEmpty() ? Optional.of(name) : Optional.empty();
    }

    private static Reading refused(String text) {
        return new Reading.Refused(BAD_REQUEST, text);
    }

    /** As in the log and in answers: {@code switchover} or {@code failover}. */
    String action() {
        return isSwitchover ? "switchover" : "failover";
    }

    /** The same at the begin of a sentence. */
    String title() {
        return isSwitchover ? "Switchover" : "Failover";
    }

    /** Switched or failed, as in "switched over". */
    String participle() {
        return isSwitchover ? "switched" : "failed";
    }

    /** As it is stored. */
    FailoverRequest toStore() {
        return new FailoverRequest(leader, candidate, at.map(Schedule.At::time), at.map(Schedule.At::text), 0);
    }
}
