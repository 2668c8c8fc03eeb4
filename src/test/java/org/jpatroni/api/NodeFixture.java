package org.jpatroni.api;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresObservation;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.StoredStatus;
import org.jpatroni.model.SyncState;
import org.jpatroni.model.Tags;
import org.jpatroni.model.TimelineHistory;
import org.jpatroni.node.HaStatus;
import org.jpatroni.node.NodeStatus;

/** A node's status for tests, changed field by field. Starts as a healthy leader {@code node1} of scope {@code demo}. */
final class NodeFixture {

    /** The tests' moment: every other time is relative to it. */
    static final long NOW = TimeUnit.HOURS.toNanos(1);

    String name = "node1";
    Optional<LeaderKey> leaderKey = Optional.of(new LeaderKey("node1", 1, "1", true));
    StoredStatus stored = new StoredStatus(new Lsn(67108960), Map.of(), List.of());
    SyncState sync = SyncState.ABSENT;
    TimelineHistory history = TimelineHistory.EMPTY;
    Optional<FailoverRequest> failover = Optional.empty();
    List<Member> members = List.of();
    Optional<ClusterSnapshot.StoredConfig> config = Optional.empty();
    boolean storeSeen = true;
    long snapshotAt = NOW - TimeUnit.SECONDS.toNanos(1);
    Map<String, Object> dynamic = new LinkedHashMap<>();
    Tags tags = Tags.NONE;
    Optional<Long> leaseDeadline = Optional.of(NOW + TimeUnit.SECONDS.toNanos(29));
    PostgresState state = PostgresState.RUNNING;
    PostgresRole role = PostgresRole.PRIMARY;
    Optional<String> systemIdentifier = Optional.of("7711084414955563011");
    OptionalInt timeline = OptionalInt.of(1);
    Map<String, Object> pendingRestart = Collections.emptyMap();
    Map<String, Object> scheduledRestart = Collections.emptyMap();
    long heartbeatAt = NOW - TimeUnit.SECONDS.toNanos(1);
    long dcsLastSeen = 1795376759;
    boolean failsafeActive;
    boolean watchdogFailed;
    TreeMap<String, String> failsafe = new TreeMap<>();
    boolean observed = true;
    boolean stale;
    long observedAt = NOW - TimeUnit.MILLISECONDS.toNanos(2);
    boolean inRecovery;
    Lsn location = new Lsn(67108960);
    Lsn received = new Lsn(67108960);
    Lsn replayed = new Lsn(67108960);
    Optional<Instant> replayedTimestamp = Optional.empty();
    boolean replayPaused;
    Optional<Lsn> latestEnd = Optional.empty();
    Optional<String> replicationState = Optional.empty();
    OptionalInt observedTimeline = OptionalInt.of(1);
    Optional<Instant> postmasterStart = Optional.of(Instant.parse("2026-11-22T19:45:48.742740Z"));
    int serverVersion = 150020;
    List<Map<String, Object>> replication = List.of();
    List<PostgresObservation.Sender> senders = List.of();

    static NodeFixture leader() {
        return new NodeFixture();
    }

    /** A streaming replica {@code node0} of that leader, not behind. */
    static NodeFixture replica() {
        NodeFixture node = new NodeFixture();
        node.name = "node0";
        node.leaderKey = Optional.of(new LeaderKey("node1", 1, "1", false));
        node.leaseDeadline = Optional.empty();
        node.role = PostgresRole.REPLICA;
        node.inRecovery = true;
        node.replicationState = Optional.of("streaming");
        node.latestEnd = Optional.of(new Lsn(67108960));
        return node;
    }

    ClusterSnapshot snapshot() {
        return new ClusterSnapshot(systemIdentifier, config, leaderKey, stored, members, failover, sync, history,
                failsafe);
    }

    HaStatus ha() {
        return new HaStatus(name, "demo", storeSeen ? Optional.of(snapshot()) : Optional.empty(), snapshotAt,
                dcsLastSeen, dynamicConfig(), tags, leaseDeadline, state, role, systemIdentifier, timeline,
                pendingRestart, scheduledRestart, heartbeatAt, watchdogFailed, failsafeActive, failsafe,
                OptionalInt.of(serverVersion), postmasterStart);
    }

    NodeStatus status() {
        Optional<PostgresObservation> observation = observed
                ? Optional.of(new PostgresObservation(observedAt, inRecovery, serverVersion, postmasterStart,
                        observedTimeline, location, received, replayed, replayedTimestamp, replayPaused, latestEnd,
                        replicationState, replication, senders))
                : Optional.empty();
        return new NodeStatus(ha(), observation, stale);
    }

    StatusView view() {
        return StatusView.of(status(), NOW);
    }

    private DynamicConfig dynamicConfig() {
        DynamicConfig base = DynamicConfig.DEFAULT;
        String mode = String.valueOf(dynamic.getOrDefault("synchronous_mode", "false"));
        DynamicConfig.SyncMode sync = switch (mode) {
            case "true" -> DynamicConfig.SyncMode.ON;
            case "quorum" -> DynamicConfig.SyncMode.QUORUM;
            default -> DynamicConfig.SyncMode.OFF;
        };
        Optional<DynamicConfig.StandbyCluster> standby = dynamic.containsKey("standby_cluster")
                ? Optional.of(new DynamicConfig.StandbyCluster(Optional.of("elsewhere"), Optional.empty(),
                        Optional.empty(), List.of(), Optional.empty(), Optional.empty(), Optional.empty()))
                : Optional.empty();
        return new DynamicConfig(base.ttlSeconds(), base.loopWaitSeconds(), base.retryTimeoutSeconds(),
                base.maximumLagOnFailoverBytes(), base.maximumLagOnSyncnodeBytes(), base.primaryStartTimeoutSeconds(),
                base.primaryStopTimeoutSeconds(), base.primaryRaceBackoffSeconds(), base.checkTimeline(),
                Boolean.TRUE.equals(dynamic.get("pause")), Boolean.TRUE.equals(dynamic.get("failsafe_mode")),
                new DynamicConfig.SyncPolicy(sync, false, 1), base.maxTimelinesHistory(), base.memberSlotsTtlSeconds(),
                standby, Collections.emptyMap(), List.of(), base.useSlots(), base.usePgRewind(),
                base.removeDataDirectoryOnRewindFailure(), base.removeDataDirectoryOnDivergedTimelines(),
                Collections.emptyMap(), dynamic);
    }
}
