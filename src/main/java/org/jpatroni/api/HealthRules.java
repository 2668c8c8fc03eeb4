package org.jpatroni.api;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.json.PythonJson;
import org.jpatroni.model.PostgresObservation;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.node.HaStatus;
import org.jspecify.annotations.Nullable;

/**
 * The rules of the health checks: pure, evaluated at the moment of answering, so that neither a stuck loop nor a slow client can make
 * an old truth look new. They follow Patroni 4.1 but for four points: a limit that cannot be read fails the check, paths match
 * exactly, a leader whose PostgreSQL does not run is no leader to a client, and a primary is one only after its promotion.
 */
final class HealthRules {

    private HealthRules() {
    }

    /**
     * Answers one of the checks by role.
     *
     * @param nowNanos monotonic time of the answer
     */
    static HealthVerdict check(HealthCheck check, StatusView status, HealthQuery query, long nowNanos) {
        return switch (check) {
            // A leader is asked for by role alone: its tags and its lag mean nothing here.
            case PRIMARY -> primary(status, nowNanos);
            case LEADER -> leader(status, nowNanos);
            case STANDBY_LEADER -> standbyLeader(status, nowNanos);
            case REPLICA -> withTags(replica(status, query, nowNanos), status, query);
            case READ_ONLY -> withTags(leaderOr(replica(status, query, nowNanos), status, nowNanos), status, query);
            case SYNCHRONOUS -> withTags(synchronous(status, query, nowNanos), status, query);
            case READ_ONLY_SYNC -> withTags(leaderOrListed(synchronous(status, query, nowNanos), status, nowNanos),
                    status, query);
            case QUORUM -> withTags(quorum(status, query, nowNanos), status, query);
            case READ_ONLY_QUORUM -> withTags(leaderOrListed(quorum(status, query, nowNanos), status, nowNanos),
                    status, query);
            case ASYNCHRONOUS -> withTags(asynchronous(status, query, nowNanos), status, query);
            case HEALTH -> withTags(running(status), status, query);
            case UNKNOWN -> HealthVerdict.no(HealthReason.UNKNOWN_PATH);
        };
    }

    /** Liveness: the HA loop came round within the time to live, or twice that where no primary runs. Paused, a stuck loop is no harm. */
    static HealthVerdict liveness(HaStatus ha, long nowNanos) {
        if (ha.dynamic().pause()) {
            return HealthVerdict.OK;
        }
        boolean runsPrimary = ha.role() == PostgresRole.PRIMARY && ha.state() == PostgresState.RUNNING;
        long limitNanos = ha.dynamic().ttlSeconds() * (runsPrimary ? 1_000_000_000L : 2_000_000_000L);
        long lateNanos = nowNanos - ha.heartbeatAtNanos();
        return lateNanos < limitNanos
                ? HealthVerdict.OK
                : HealthVerdict.no(HealthReason.HEARTBEAT_LATE, "last cycle " + lateNanos / 1_000_000_000L + " s ago");
    }

    /** Readiness: leads, or streams and is not further behind than {@code lag} (default: {@code maximum_lag_on_failover}). */
    static HealthVerdict readiness(StatusView status, HealthQuery query, long nowNanos) {
        if (status.ha().holdsLease(nowNanos)) {
            return leader(status, nowNanos);
        }
        HealthVerdict running = running(status);
        if (!running.isOk()) {
            return running;
        }
        PostgresObservation observation = status.observation().orElseThrow();
        if (!observation.replicationState().equals(Optional.of("streaming"))) {
            return HealthVerdict.no(HealthReason.NOT_STREAMING);
        }
        if (status.cluster().isEmpty() && observation.latestEndLsn().isEmpty()) {
            return status.ha().failsafeActive() ? HealthVerdict.OK : HealthVerdict.no(HealthReason.CLUSTER_UNKNOWN);
        }
        if (query.lagMalformed()) {
            return HealthVerdict.no(HealthReason.LAG_MALFORMED);
        }
        long limit = query.lagBytes().orElse(status.ha().dynamic().maximumLagOnFailoverBytes());
        long reached = (query.writeMode() ? observation.receivedLocation() : observation.replayedLocation()).bytes();
        long lag = status.leaderPosition() - reached;
        return lag > limit ? lagging(lag, limit) : HealthVerdict.OK;
    }

    private static HealthVerdict lagging(long lag, long limit) {
        return HealthVerdict.no(HealthReason.LAG_EXCEEDED, "lag=" + lag + " limit=" + limit);
    }

    private static HealthVerdict running(StatusView status) {
        if (status.ha().state() != PostgresState.RUNNING) {
            return HealthVerdict.no(HealthReason.POSTGRES_NOT_RUNNING, status.stateText());
        }
        return status.observation().isPresent() ? HealthVerdict.OK : HealthVerdict.no(HealthReason.POSTGRES_SILENT);
    }

    private static HealthVerdict leader(StatusView status, long nowNanos) {
        if (isPausedWithoutStore(status)) {
            boolean leads = (status.role() == PostgresRole.PRIMARY || status.role() == PostgresRole.STANDBY_LEADER)
                    && !anotherLed(status);
            return leads ? processRuns(status) : HealthVerdict.no(HealthReason.NOT_LEADER);
        }
        if (!status.ha().holdsLease(nowNanos)) {
            return HealthVerdict.no(status.ha().leaseDeadlineNanos().isPresent()
                    ? HealthReason.LEASE_EXPIRED
                    : HealthReason.NOT_LEADER);
        }
        return processRuns(status);
    }

    /** A second primary, made by hand, is no leader because the store went away. */
    private static boolean anotherLed(StatusView status) {
        return status.ha().snapshot()
                .filter(last -> last.leader().isPresent() && !last.isLeader(status.ha().memberName())).isPresent();
    }

    /** In a paused cluster nobody fails over, so without a store the role is all that is known, and enough. */
    private static boolean isPausedWithoutStore(StatusView status) {
        return status.cluster().isEmpty() && status.ha().dynamic().pause();
    }

    /** The loop learns of the postmaster's end at once, so its word turns the check before any query could. */
    private static HealthVerdict processRuns(StatusView status) {
        return status.ha().state() == PostgresState.RUNNING
                ? HealthVerdict.OK
                : HealthVerdict.no(HealthReason.POSTGRES_NOT_RUNNING, status.stateText());
    }

    private static HealthVerdict primary(StatusView status, long nowNanos) {
        HealthVerdict leader = leader(status, nowNanos);
        if (!leader.isOk()) {
            return leader;
        }
        if (status.isStandbyCluster()) {
            return HealthVerdict.no(HealthReason.STANDBY_CLUSTER);
        }
        return status.role() == PostgresRole.PRIMARY ? HealthVerdict.OK : HealthVerdict.no(HealthReason.IN_RECOVERY);
    }

    private static HealthVerdict standbyLeader(StatusView status, long nowNanos) {
        HealthVerdict leader = leader(status, nowNanos);
        if (!leader.isOk()) {
            return leader;
        }
        // A replica that holds the lease of a standby cluster leads it before its role says so.
        boolean standby = status.role() == PostgresRole.STANDBY_LEADER || status.role() == PostgresRole.REPLICA;
        return standby && status.isStandbyCluster()
                ? HealthVerdict.OK
                : HealthVerdict.no(HealthReason.NOT_STANDBY_CLUSTER, status.role().wireText());
    }

    private static HealthVerdict replica(StatusView status, HealthQuery query, long nowNanos) {
        boolean leadsStandbyCluster = status.isStandbyCluster() && status.ha().holdsLease(nowNanos);
        if (status.role() != PostgresRole.REPLICA || leadsStandbyCluster) {
            return HealthVerdict.no(HealthReason.NOT_REPLICA, status.role().wireText());
        }
        HealthVerdict running = running(status);
        if (!running.isOk()) {
            return running;
        }
        if (status.ha().tags().noloadbalance()) {
            return HealthVerdict.no(HealthReason.NO_LOAD_BALANCE);
        }
        if (query.lagMalformed()) {
            return HealthVerdict.no(HealthReason.LAG_MALFORMED);
        }
        if (query.lagBytes().isPresent()) {
            long leader = status.leaderPosition();
            long lag = leader - status.observation().orElseThrow().replayedLocation().bytes();
            if (leader != 0 && lag > query.lagBytes().getAsLong()) {
                return lagging(lag, query.lagBytes().getAsLong());
            }
        }
        if (query.replicationState().isPresent() && !query.replicationState().equals(status.replicationState())) {
            return HealthVerdict.no(HealthReason.REPLICATION_STATE, status.replicationState().orElse("none"));
        }
        return HealthVerdict.OK;
    }

    private static HealthVerdict leaderOr(HealthVerdict otherwise, StatusView status, long nowNanos) {
        boolean leads = primary(status, nowNanos).isOk() || standbyLeader(status, nowNanos).isOk();
        return leads ? HealthVerdict.OK : otherwise;
    }

    private static HealthVerdict leaderOrListed(HealthVerdict listed, StatusView status, long nowNanos) {
        return status.cluster().isEmpty() ? listed : leaderOr(listed, status, nowNanos);
    }

    private static HealthVerdict synchronous(StatusView status, HealthQuery query, long nowNanos) {
        return listed(status.syncStandby(), HealthReason.NOT_SYNCHRONOUS, status, query, nowNanos);
    }

    private static HealthVerdict quorum(StatusView status, HealthQuery query, long nowNanos) {
        return listed(status.quorumStandby(), HealthReason.NOT_QUORUM, status, query, nowNanos);
    }

    private static HealthVerdict asynchronous(StatusView status, HealthQuery query, long nowNanos) {
        boolean isAsynchronous = !status.syncStandby() && !status.quorumStandby();
        return listed(isAsynchronous, HealthReason.SYNCHRONOUS, status, query, nowNanos);
    }

    /** Who is synchronous is written in the store: when that is not known, nobody passes. */
    private static HealthVerdict listed(boolean isListed, HealthReason otherwise, StatusView status, HealthQuery query,
            long nowNanos) {
        if (status.cluster().isEmpty()) {
            return HealthVerdict.no(HealthReason.CLUSTER_UNKNOWN);
        }
        return isListed ? replica(status, query, nowNanos) : HealthVerdict.no(otherwise);
    }

    private static HealthVerdict withTags(HealthVerdict verdict, StatusView status, HealthQuery query) {
        if (!verdict.isOk() || query.tags().isEmpty()) {
            return verdict;
        }
        Map<String, @Nullable Object> own = status.ha().tags().effective().values();
        for (Map.Entry<String, String> wanted : query.tags().entrySet()) {
            if (!wanted.getValue().equals(tagText(own.get(wanted.getKey())))) {
                return HealthVerdict.no(HealthReason.TAG_DIFFERS);
            }
        }
        return verdict;
    }

    /** A tag as it is compared: texts exactly, other values as Python prints them in lower case; null for a tag that is not there. */
    private static @Nullable String tagText(@Nullable Object value) {
        return switch (value) {
            case null -> null;
            case String text -> text;
            case Double number -> PythonJson.floatRepr(number);
            default -> value.toString().toLowerCase(Locale.ROOT);
        };
    }
}
