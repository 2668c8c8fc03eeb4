package org.jpatroni.model;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The cluster-wide settings of the key {@code config}, with every default applied (Patroni: "Dynamic configuration settings").
 *
 * @param ttlSeconds time to live of the leader lease
 * @param maximumLagOnFailoverBytes a member further behind the leader's last position does not race
 * @param maximumLagOnSyncnodeBytes -1 means no limit
 * @param primaryStartTimeoutSeconds how long a crashed primary may take to come back before another is chosen; 0 = fail over at once
 * @param primaryStopTimeoutSeconds how long a primary may take to stop in synchronous mode; 0 = for ever
 * @param maxTimelinesHistory entries kept under {@code history}; 0 = all
 * @param memberSlotsTtlSeconds how long slots of absent members are kept
 * @param slots permanent slots by name, as written
 * @param ignoreSlots matchers of slots that are left alone, as written
 * @param postgresql the sub-tree {@code postgresql}, as written
 * @param tree the whole configuration as written
 */
public record DynamicConfig(int ttlSeconds, int loopWaitSeconds, int retryTimeoutSeconds,
        long maximumLagOnFailoverBytes, long maximumLagOnSyncnodeBytes, int primaryStartTimeoutSeconds,
        int primaryStopTimeoutSeconds, int primaryRaceBackoffSeconds, boolean checkTimeline, boolean pause,
        boolean failsafeMode, SyncPolicy sync, int maxTimelinesHistory, int memberSlotsTtlSeconds,
        Optional<StandbyCluster> standbyCluster, Map<String, @Nullable Object> slots,
        List<Map<String, @Nullable Object>> ignoreSlots, boolean useSlots, boolean usePgRewind,
        boolean removeDataDirectoryOnRewindFailure, boolean removeDataDirectoryOnDivergedTimelines,
        Map<String, @Nullable Object> postgresql, Map<String, @Nullable Object> tree) {

    /** How {@code synchronous_mode} is set. */
    public enum SyncMode {
        OFF, ON, QUORUM
    }

    /**
     * @param strict {@code synchronous_mode_strict}: rather refuse writes than run without a synchronous standby
     * @param nodeCount {@code synchronous_node_count}
     */
    public record SyncPolicy(SyncMode mode, boolean strict, int nodeCount) {
        public static final SyncPolicy ASYNCHRONOUS = new SyncPolicy(SyncMode.OFF, false, 1);
    }

    /** The section {@code standby_cluster}: where the standby leader follows. */
    public record StandbyCluster(Optional<String> host, Optional<String> port, Optional<String> primarySlotName,
            List<String> createReplicaMethods, Optional<String> restoreCommand, Optional<String> archiveCleanupCommand,
            Optional<String> recoveryMinApplyDelay) {
        public StandbyCluster {
            createReplicaMethods = Collections.unmodifiableList(new java.util.ArrayList<>(createReplicaMethods));
        }
    }

    /** What Patroni runs with when nothing is stored. */
    public static final DynamicConfig DEFAULT = new DynamicConfig(30, 10, 10, 1_048_576, -1, 300, 0, 0, false, false,
            false, SyncPolicy.ASYNCHRONOUS, 0, 1800, Optional.empty(), Collections.emptyMap(), Collections.emptyList(),
            true, false, false, false, Collections.emptyMap(), Collections.emptyMap());

    public DynamicConfig {
        if (ttlSeconds < 1 || loopWaitSeconds < 1 || retryTimeoutSeconds < 1) {
            throw new IllegalArgumentException("ttl, loop_wait and retry_timeout must be positive");
        }
        if (loopWaitSeconds + 2 * retryTimeoutSeconds > ttlSeconds) {
            throw new IllegalArgumentException("loop_wait + 2 * retry_timeout must not be more than ttl");
        }
        slots = Tree.copyOf(slots);
        ignoreSlots = ignoreSlots.stream().map(Tree::copyOf).toList();
        postgresql = Tree.copyOf(postgresql);
        tree = Tree.copyOf(tree);
    }

    /** The same with maintenance mode on or off. */
    public DynamicConfig withPause(boolean paused) {
        return new DynamicConfig(ttlSeconds, loopWaitSeconds, retryTimeoutSeconds, maximumLagOnFailoverBytes,
                maximumLagOnSyncnodeBytes, primaryStartTimeoutSeconds, primaryStopTimeoutSeconds,
                primaryRaceBackoffSeconds, checkTimeline, paused, failsafeMode, sync, maxTimelinesHistory,
                memberSlotsTtlSeconds, standbyCluster, slots, ignoreSlots, useSlots, usePgRewind,
                removeDataDirectoryOnRewindFailure, removeDataDirectoryOnDivergedTimelines, postgresql, tree);
    }

    /** The same with other answers to when a data directory may be thrown away. */
    public DynamicConfig withRemoval(boolean onRewindFailure, boolean onDivergedTimelines) {
        return new DynamicConfig(ttlSeconds, loopWaitSeconds, retryTimeoutSeconds, maximumLagOnFailoverBytes,
                maximumLagOnSyncnodeBytes, primaryStartTimeoutSeconds, primaryStopTimeoutSeconds,
                primaryRaceBackoffSeconds, checkTimeline, pause, failsafeMode, sync, maxTimelinesHistory,
                memberSlotsTtlSeconds, standbyCluster, slots, ignoreSlots, useSlots, usePgRewind, onRewindFailure,
                onDivergedTimelines, postgresql, tree);
    }

    public boolean isSynchronous() {
        return sync.mode() != SyncMode.OFF;
    }

    public boolean isQuorum() {
        return sync.mode() == SyncMode.QUORUM;
    }
}
