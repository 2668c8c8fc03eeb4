package org.jpatroni.api;

import java.util.List;

/** The health checks by role, each with its paths. */
enum HealthCheck {
    PRIMARY("/", "/primary", "/read-write", "/master"),
    LEADER("/leader"),
    STANDBY_LEADER("/standby-leader", "/standby_leader"),
    REPLICA("/replica"),
    READ_ONLY("/read-only"),
    SYNCHRONOUS("/synchronous", "/sync"),
    READ_ONLY_SYNC("/read-only-sync", "/read-only-synchronous"),
    QUORUM("/quorum"),
    READ_ONLY_QUORUM("/read-only-quorum"),
    ASYNCHRONOUS("/asynchronous", "/async"),
    HEALTH("/health"),
    /** Any path that is none of ours: 503 with the status document, as the reference says of requests that match no condition. */
    UNKNOWN;

    @SuppressWarnings("ImmutableEnumChecker") // List.of cannot be changed.
    private final List<String> paths;

    HealthCheck(String... paths) {
        this.paths = List.of(paths);
    }

    List<String> paths() {
        return paths;
    }
}
