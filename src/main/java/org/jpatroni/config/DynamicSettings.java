package org.jpatroni.config;

import java.util.List;

/** The scalar settings of the dynamic configuration: names, bounds, defaults, units. One list for reading and for checking. */
final class DynamicSettings {

    private DynamicSettings() {
    }

    /**
     * A whole number.
     *
     * @param baseUnit the unit that a number without unit has; empty: no units
     */
    record Whole(String key, long least, long most, long otherwise, String baseUnit) {
    }

    static final Whole TTL = seconds("ttl", 20, 30);
    static final Whole LOOP_WAIT = seconds("loop_wait", 1, 10);
    static final Whole RETRY_TIMEOUT = seconds("retry_timeout", 3, 10);
    static final Whole MAXIMUM_LAG_ON_FAILOVER = new Whole("maximum_lag_on_failover", 0, Long.MAX_VALUE, 1_048_576, "");
    static final Whole MAXIMUM_LAG_ON_SYNCNODE = new Whole("maximum_lag_on_syncnode", Long.MIN_VALUE, Long.MAX_VALUE,
            -1, "");
    static final Whole PRIMARY_START_TIMEOUT = seconds("primary_start_timeout", 0, 300);
    static final Whole MASTER_START_TIMEOUT = seconds("master_start_timeout", 0, 300);
    static final Whole PRIMARY_STOP_TIMEOUT = seconds("primary_stop_timeout", Integer.MIN_VALUE, 0);
    static final Whole MASTER_STOP_TIMEOUT = seconds("master_stop_timeout", Integer.MIN_VALUE, 0);
    static final Whole PRIMARY_RACE_BACKOFF = seconds("primary_race_backoff", 0, 0);
    static final Whole MAX_TIMELINES_HISTORY = seconds("max_timelines_history", 0, 0);
    static final Whole SYNCHRONOUS_NODE_COUNT = seconds("synchronous_node_count", 0, 1);
    static final Whole MEMBER_SLOTS_TTL = new Whole("member_slots_ttl", 0, Integer.MAX_VALUE, 1800, "s");

    static final List<Whole> WHOLES = List.of(TTL, LOOP_WAIT, RETRY_TIMEOUT, MAXIMUM_LAG_ON_FAILOVER,
            MAXIMUM_LAG_ON_SYNCNODE, PRIMARY_START_TIMEOUT, MASTER_START_TIMEOUT, PRIMARY_STOP_TIMEOUT,
            MASTER_STOP_TIMEOUT, PRIMARY_RACE_BACKOFF, MAX_TIMELINES_HISTORY, SYNCHRONOUS_NODE_COUNT,
            MEMBER_SLOTS_TTL);

    static final List<String> FLAGS = List.of("check_timeline", "pause", "failsafe_mode", "synchronous_mode_strict");

    /** Flags of the sub-tree {@code postgresql} that all nodes must agree on. */
    static final List<String> POSTGRESQL_FLAGS = List.of("use_slots", "use_pg_rewind",
            "remove_data_directory_on_rewind_failure", "remove_data_directory_on_diverged_timelines");

    static final List<String> SLOT_SECTIONS = List.of("permanent_replication_slots", "permanent_slots", "slots");

    static final List<String> STANDBY_CLUSTER = List.of("host", "port", "primary_slot_name", "create_replica_methods",
            "restore_command", "archive_cleanup_command", "recovery_min_apply_delay");

    private static Whole seconds(String key, int least, int otherwise) {
        return new Whole(key, least, Integer.MAX_VALUE, otherwise, "");
    }
}
