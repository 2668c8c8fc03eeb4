package org.jpatroni.api;

import java.util.Optional;
import java.util.OptionalInt;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.PostgresObservation;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.node.HaStatus;
import org.jpatroni.node.NodeStatus;

/**
 * A node's status as the API tells it: the loop's status and PostgreSQL's answer put together at one moment.
 *
 * @param observation PostgreSQL's answer, where it may be used
 * @param stale it is not fresh: the question for a newer one hit its deadline
 * @param ageMillis its age
 * @param role from PostgreSQL's own answer when that is fresh, else from the loop
 * @param cluster the last snapshot while it is younger than the time to live; an older one says nothing about now
 * @param syncStandby listed under {@code sync} in priority mode
 * @param quorumStandby listed under {@code sync} in quorum mode
 */
record StatusView(HaStatus ha, Optional<PostgresObservation> observation, boolean stale, long ageMillis,
        PostgresRole role, Optional<ClusterSnapshot> cluster, boolean syncStandby, boolean quorumStandby) {

    /**
     * How old PostgreSQL's last answer may be and still speak for it. A server that is slow for a moment shall not lose its readers; one
     * that hangs shall.
     */
    static final long STALE_LIMIT_MILLIS = 5_000;

    static StatusView of(NodeStatus status, long nowNanos) {
        HaStatus ha = status.ha();
        Optional<PostgresObservation> observation = status.observation();
        long ageMillis = observation.map(o -> Math.max(0, (nowNanos - o.begunAtNanos()) / 1_000_000)).orElse(0L);
        boolean stale = status.stale() && observation.isPresent();
        if (stale && !isUsableThoughStale(ha, observation.get(), ageMillis)) {
            observation = Optional.empty();
            stale = false;
        }
        PostgresRole role = stale || observation.isEmpty() ? ha.role() : observedRole(ha, observation.get());
        Optional<ClusterSnapshot> cluster = isClusterKnown(ha, nowNanos) ? ha.snapshot() : Optional.empty();
        boolean listed = observation.isPresent() && role == PostgresRole.REPLICA && ha.dynamic().isSynchronous()
                && ha.dynamic().standbyCluster().isEmpty() && cluster.isPresent()
                && cluster.get().sync().matches(ha.memberName());
        return new StatusView(ha, observation, stale, ageMillis, role, cluster, listed && !ha.dynamic().isQuorum(),
                listed && ha.dynamic().isQuorum());
    }

    private static boolean isUsableThoughStale(HaStatus ha, PostgresObservation observation, long ageMillis) {
        boolean saysStandby = ha.role() == PostgresRole.REPLICA || ha.role() == PostgresRole.STANDBY_LEADER;
        return ageMillis <= STALE_LIMIT_MILLIS && ha.state() == PostgresState.RUNNING
                && observation.inRecovery() == saysStandby;
    }

    private static PostgresRole observedRole(HaStatus ha, PostgresObservation observation) {
        if (!observation.inRecovery()) {
            return PostgresRole.PRIMARY;
        }
        // Which of the standbys leads a standby cluster is not PostgreSQL's knowledge.
        return ha.dynamic().standbyCluster().isPresent() ? ha.role() : PostgresRole.REPLICA;
    }

    private static boolean isClusterKnown(HaStatus ha, long nowNanos) {
        return ha.snapshot().isPresent()
                && nowNanos - ha.snapshotAtNanos() < ha.dynamic().ttlSeconds() * 1_000_000_000L;
    }

    /** Running as the loop says, and answering. */
    boolean isRunning() {
        return ha.state() == PostgresState.RUNNING && observation.isPresent();
    }

    /** The state on the wire; {@code unknown} when PostgreSQL should be running and does not answer. */
    String stateText() {
        return ha.state() == PostgresState.RUNNING && observation.isEmpty() ? "unknown" : ha.state().wireText();
    }

    boolean isStandbyCluster() {
        return ha.dynamic().standbyCluster().isPresent();
    }

    boolean isUnlocked() {
        return cluster.isEmpty() || cluster.get().isUnlocked();
    }

    OptionalInt timeline() {
        OptionalInt observed = observation.isPresent() ? observation.get().timeline() : OptionalInt.empty();
        return observed.isPresent() ? observed : ha.timeline();
    }

    Optional<String> replicationState() {
        return observation.flatMap(PostgresObservation::replicationState);
    }

    /** The position of the leader as far as it is known: what the store says, or later, what the upstream reported; 0 when unknown. */
    long leaderPosition() {
        long stored = cluster.isPresent() ? cluster.get().status().leaderLsn().bytes() : 0;
        long reported = observation.flatMap(PostgresObservation::latestEndLsn).map(lsn -> lsn.bytes()).orElse(0L);
        return Math.max(stored, reported);
    }
}
