package org.jpatroni.decide;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jpatroni.model.Tree;
import org.jspecify.annotations.Nullable;

/** What an operator has asked of this node. It is a fact like any other: the rules say when it is carried out, and whether. */
public sealed interface Order {

    /** Tells orders of one agent apart. */
    long id();

    /** The name in answers, as Patroni names the action. */
    String name();

    /**
     * Stop and start PostgreSQL.
     *
     * @param timeoutSeconds how long that may take before another member shall lead; empty: {@code primary_start_timeout}
     * @param givenAtNanos when it was given, monotonic
     */
    record Restart(long id, Conditions conditions, OptionalInt timeoutSeconds, long givenAtNanos) implements Order {
        @Override
        public String name() {
            return "restart";
        }
    }

    /**
     * Throw the data away and copy them anew.
     *
     * @param force end a running action for it
     * @param fromLeader copy from the leader, whoever volunteers
     */
    record Reinitialize(long id, boolean force, boolean fromLeader) implements Order {
        @Override
        public String name() {
            return "reinitialize";
        }
    }

    /**
     * When a restart is wanted at all.
     *
     * @param role only in this role, as its text on the wire
     * @param versionBelow only when the server's version number is smaller, for example 150018
     * @param pendingRestart only when a parameter waits for a restart
     */
    record Conditions(Optional<String> role, OptionalInt versionBelow, boolean pendingRestart) {
        public static final Conditions NONE = new Conditions(Optional.empty(), OptionalInt.empty(), false);
    }

    /**
     * A restart for later.
     *
     * @param due when
     * @param shown as it was given, for {@code /patroni} and the member key
     * @param postmasterStart of the server for which it was given: another one has had its restart
     */
    record Scheduled(Restart restart, Instant due, Map<String, @Nullable Object> shown,
            Optional<Instant> postmasterStart) {
        public Scheduled {
            shown = Tree.copyOf(shown);
        }

        /** The content of {@code scheduled_restart} in the member key. */
        Map<String, @Nullable Object> forMemberKey() {
            Map<String, @Nullable Object> key = new LinkedHashMap<>(shown);
            key.put("postmaster_start_time", postmasterStart.map(Scheduled::pythonText).orElse(null));
            return key;
        }

        /** As Python prints a time in UTC. */
        private static String pythonText(Instant time) {
            String[] parts = time.toString().replace("Z", "").split("T", 2);
            int dot = parts[1].indexOf('.');
            String fraction = dot < 0 ? "" : (parts[1].substring(dot) + "000000").substring(0, 7);
            String clock = dot < 0 ? parts[1] : parts[1].substring(0, dot);
            return parts[0] + " " + (clock + ":00").substring(0, 8) + fraction + "+00:00";
        }
    }

    /** Why an order is not carried out. */
    enum Refusal {
        STORE_DOWN("store", "the store cannot be read"),
        BUSY("busy", "another action is under way"),
        CONDITIONS("conditions", "the conditions of the restart do not hold"),
        NOT_POSSIBLE("not_possible", "this server cannot be restarted or replaced now"),
        /** Its data are those that others copy. */
        IS_LEADER("is_leader", "this member leads"),
        /** Nobody to copy from, and perhaps no other data. */
        NO_LEADER("no_leader", "nobody leads"),
        LEADER_NOT_RUNNING("leader_not_running", "the leader's PostgreSQL is not running");

        private final String rule;
        private final String sentence;

        Refusal(String rule, String sentence) {
            this.rule = rule;
            this.sentence = sentence;
        }

        /** Stable identifier for programs. */
        public String rule() {
            return rule;
        }

        public String sentence() {
            return sentence;
        }
    }

    /** The orders that wait. */
    record Pending(Optional<Order> immediate, Optional<Scheduled> scheduled) {
        public static final Pending NOTHING = new Pending(Optional.empty(), Optional.empty());
    }
}
