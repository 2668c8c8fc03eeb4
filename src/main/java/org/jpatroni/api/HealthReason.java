package org.jpatroni.api;

/** Why a health check was answered as it was: the value of the header {@code X-Patroni-Reason} and the label of a counter. */
enum HealthReason {
    OK("ok"),
    /** Does not hold the leader lease. */
    NOT_LEADER("not-leader"),
    /** Held the lease, but its deadline has passed without a renewal. */
    LEASE_EXPIRED("lease-expired"),
    POSTGRES_NOT_RUNNING("postgres-not-running"),
    /** Should be running, but did not answer the status query. */
    POSTGRES_SILENT("postgres-does-not-answer"),
    /** Holds the lease, but PostgreSQL has not been promoted yet. */
    IN_RECOVERY("in-recovery"),
    /** Leads a standby cluster, where there is no primary. */
    STANDBY_CLUSTER("standby-cluster"),
    NOT_STANDBY_CLUSTER("not-a-standby-cluster"),
    NOT_REPLICA("not-a-replica"),
    NO_LOAD_BALANCE("noloadbalance"),
    LAG_EXCEEDED("lag-exceeded"),
    LAG_MALFORMED("lag-malformed"),
    REPLICATION_STATE("replication-state-differs"),
    NOT_STREAMING("not-streaming"),
    NOT_SYNCHRONOUS("not-synchronous"),
    NOT_QUORUM("not-in-quorum"),
    SYNCHRONOUS("synchronous"),
    /** The store was not read within the time to live. */
    CLUSTER_UNKNOWN("cluster-unknown"),
    TAG_DIFFERS("tag-differs"),
    /** The HA loop has not come round in time. */
    HEARTBEAT_LATE("heartbeat-late"),
    UNKNOWN_PATH("unknown-path");

    private final String wireText;

    HealthReason(String wireText) {
        this.wireText = wireText;
    }

    String wireText() {
        return wireText;
    }
}
