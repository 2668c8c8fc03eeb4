package org.jpatroni.model;

import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Everything in the store about one cluster at one instant.
 *
 * @param initialize the system identifier under {@code initialize}; empty text while a bootstrap is under way
 * @param config the stored dynamic configuration
 * @param leader the lease holder
 * @param status what the leader last told
 * @param members sorted by name
 * @param failover a requested move
 * @param sync synchronous standbys
 * @param history timelines
 * @param failsafe member name to API URL, the members that must agree in failsafe mode; empty when the key is absent
 */
public record ClusterSnapshot(Optional<String> initialize, Optional<StoredConfig> config, Optional<LeaderKey> leader,
        StoredStatus status, List<Member> members, Optional<FailoverRequest> failover, SyncState sync,
        TimelineHistory history, SortedMap<String, String> failsafe) {

    /**
     * The key {@code config} as stored.
     *
     * @param json exact text: key order and number text must survive
     * @param version for compare-and-set
     */
    public record StoredConfig(String json, long version) {
    }

    public static final ClusterSnapshot EMPTY = new ClusterSnapshot(Optional.empty(), Optional.empty(),
            Optional.empty(), StoredStatus.EMPTY, Collections.emptyList(), Optional.empty(), SyncState.ABSENT,
            TimelineHistory.EMPTY, new TreeMap<>());

    public ClusterSnapshot {
        members = members.stream().sorted(Comparator.comparing(Member::name)).toList();
        failsafe = Collections.unmodifiableSortedMap(new TreeMap<>(failsafe));
    }

    public Optional<Member> member(String name) {
        return members.stream().filter(member -> member.name().equals(name)).findFirst();
    }

    /** The leader's member record, or one with only its name when the member key is missing. */
    public Optional<Member> leaderMember() {
        return leader.map(key -> member(key.holder()).orElseGet(() -> Member.named(key.holder())));
    }

    public boolean isUnlocked() {
        return leader.isEmpty();
    }

    public boolean isLeader(String name) {
        return leader.isPresent() && leader.get().holder().equals(name);
    }

    /** Whether a bootstrap has been finished: the key holds a system identifier. */
    public boolean isInitialized() {
        return initialize.isPresent() && !initialize.get().isEmpty();
    }
}
