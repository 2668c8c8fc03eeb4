package org.jpatroni.decide;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.DynamicConfig.StandbyCluster;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresView.SlotSettings;
import org.jpatroni.model.StoredStatus;

/** Configurations and stored positions that speak of slots. */
final class SlotConfigs {

    private SlotConfigs() {
    }

    static DynamicConfig of(DynamicConfig d, int retentionSeconds, Map<String, Object> slots,
            List<Map<String, Object>> ignored, boolean standbyCluster) {
        Optional<StandbyCluster> remote = standbyCluster
                ? Optional.of(new StandbyCluster(Optional.of("remote"), Optional.empty(), Optional.empty(), List.of(),
                        Optional.empty(), Optional.empty(), Optional.empty()))
                : d.standbyCluster();
        List<Map<String, Object>> matchers = ignored;
        return new DynamicConfig(d.ttlSeconds(), d.loopWaitSeconds(), d.retryTimeoutSeconds(),
                d.maximumLagOnFailoverBytes(), d.maximumLagOnSyncnodeBytes(), d.primaryStartTimeoutSeconds(),
                d.primaryStopTimeoutSeconds(), d.primaryRaceBackoffSeconds(), d.checkTimeline(), d.pause(),
                d.failsafeMode(), d.sync(), d.maxTimelinesHistory(), retentionSeconds, remote,
                new LinkedHashMap<>(slots), new java.util.ArrayList<>(matchers), d.useSlots(), d.usePgRewind(),
                d.removeDataDirectoryOnRewindFailure(), d.removeDataDirectoryOnDivergedTimelines(), Map.of(), Map.of());
    }

    /** The leader has a permanent logical slot that is not here. */
    static World missingLogical(World world) {
        world.facts().postgres().replication().ifPresent(up -> world.up(
                Replications.withSlotSettings(up, new SlotSettings(true, true, false, new TreeSet<>()))));
        Map<String, Object> slot = Map.of("database", "d", "plugin", "p");
        return world.dynamic(d -> of(d, d.memberSlotsTtlSeconds(), Map.of("l", slot), List.of(), false)).noFailover()
                .snapshot(s -> status(s, Map.of("l", new Lsn(950)), s.status().retainSlots()));
    }

    static ClusterSnapshot status(ClusterSnapshot s, Map<String, Lsn> slots, List<String> retained) {
        return new ClusterSnapshot(s.initialize(), s.config(), s.leader(),
                new StoredStatus(new Lsn(1000), slots, retained), s.members(), s.failover(), s.sync(), s.history(),
                s.failsafe());
    }
}
