package org.jpatroni.api;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jpatroni.model.PostgresObservation;
import org.jpatroni.model.Tags;
import org.jpatroni.node.HaStatus;
import org.jspecify.annotations.Nullable;

/** The status document: the body of {@code /patroni} and of every health check. Keys, their order and types are Patroni's. */
final class StatusJson {

    /** The version of Patroni whose contract this is; clients compare it, so it must be three plain numbers. */
    static final String CONTRACT_VERSION = "4.1.4";

    private StatusJson() {
    }

    static Map<String, @Nullable Object> document(StatusView status, String productVersion) {
        HaStatus ha = status.ha();
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        document.put("state", status.stateText());
        if (status.observation().isPresent()) {
            putObservation(document, status, status.observation().get());
        } else {
            document.put("role", status.role().wireText());
        }
        if (ha.dynamic().pause()) {
            document.put("pause", true);
        }
        if (status.isUnlocked()) {
            document.put("cluster_unlocked", true);
        }
        if (ha.failsafeActive()) {
            document.put("failsafe_mode_is_active", true);
        }
        document.put("dcs_last_seen", ha.dcsLastSeenEpochSeconds());
        Tags tags = ha.tags().effective();
        if (!tags.isEmpty()) {
            document.put("tags", tags.values());
        }
        ha.systemIdentifier().ifPresent(identifier -> document.put("database_system_identifier", identifier));
        if (!ha.pendingRestart().isEmpty()) {
            document.put("pending_restart", true);
            document.put("pending_restart_reason", ha.pendingRestart());
        }
        Map<String, @Nullable Object> patroni = new LinkedHashMap<>();
        patroni.put("version", CONTRACT_VERSION);
        patroni.put("scope", ha.scope());
        patroni.put("name", ha.memberName());
        document.put("patroni", patroni);
        if (!ha.scheduledRestart().isEmpty()) {
            document.put("scheduled_restart", ha.scheduledRestart());
        }
        if (ha.watchdogFailed()) {
            document.put("watchdog_failed", true);
        }
        document.put("jpatroni", ownFields(status, productVersion));
        return document;
    }

    private static void putObservation(Map<String, @Nullable Object> document, StatusView status,
            PostgresObservation observation) {
        document.put("postmaster_start_time", observation.postmasterStart().map(PythonTime::text).orElse(null));
        document.put("role", status.role().wireText());
        document.put("server_version", observation.serverVersion());
        Map<String, @Nullable Object> xlog = new LinkedHashMap<>();
        if (observation.inRecovery()) {
            xlog.put("received_location", observation.receivedLocation().bytes());
            xlog.put("replayed_location", observation.replayedLocation().bytes());
            xlog.put("replayed_timestamp", observation.replayedTimestamp().map(PythonTime::text).orElse(null));
            xlog.put("paused", observation.paused());
        } else {
            xlog.put("location", observation.location().bytes());
        }
        // Whoever chooses a leader takes it for the position of now: none is better than an old one (Patroni has none then, either).
        if (!status.stale() || !observation.inRecovery()) {
            document.put("xlog", xlog);
        }
        if (status.syncStandby()) {
            document.put("sync_standby", true);
        }
        if (status.quorumStandby()) {
            document.put("quorum_standby", true);
        }
        document.put("timeline", status.timeline().isPresent() ? (Object) status.timeline().getAsInt() : null);
        observation.replicationState().ifPresent(state -> document.put("replication_state", state));
        if (!observation.replication().isEmpty()) {
            document.put("replication", observation.replication());
        }
    }

    /** What Patroni does not have stands under one key of its own, so that no client that knows Patroni's keys trips over it. */
    private static Map<String, @Nullable Object> ownFields(StatusView status, String productVersion) {
        Map<String, @Nullable Object> own = new LinkedHashMap<>();
        own.put("version", productVersion);
        if (status.stale()) {
            own.put("stale", true);
            own.put("observation_age_ms", status.ageMillis());
        }
        return own;
    }
}
