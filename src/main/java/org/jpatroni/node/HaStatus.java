package org.jpatroni.node;

import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.Tags;
import org.jspecify.annotations.Nullable;

/**
 * What the HA loop published last. One writer: the loop (and the postmaster watch, which may only turn it towards "not running" and
 * towards a replica that has become ready).
 *
 * @param memberName name of this node
 * @param scope name of the cluster
 * @param snapshot the last snapshot of the store; empty if there never was one
 * @param snapshotAtNanos monotonic time when it was asked for
 * @param dcsLastSeenEpochSeconds wall clock second of the last confirmed contact with the store; 0 = never
 * @param dynamic the dynamic configuration in force
 * @param tags the local tags as configured
 * @param leaseDeadlineNanos monotonic time until which this node holds the leader lease; empty when it does not hold it
 * @param state of the local PostgreSQL
 * @param role of the local PostgreSQL
 * @param systemIdentifier of the data directory
 * @param timeline of the leader's member record or the local one, for a replica without receiver
 * @param pendingRestart parameters that wait for a restart
 * @param scheduledRestart as shown in {@code /patroni}
 * @param heartbeatAtNanos monotonic time of the last complete cycle
 * @param watchdogFailed a required fence does not work
 * @param failsafeActive the store is down and the members agreed to go on
 * @param failsafeMembers member name to API URL as known now
 * @param postgresVersion server version number when known, for example 150018
 */
public record HaStatus(String memberName, String scope, Optional<ClusterSnapshot> snapshot, long snapshotAtNanos,
        long dcsLastSeenEpochSeconds, DynamicConfig dynamic, Tags tags, Optional<Long> leaseDeadlineNanos,
        PostgresState state, PostgresRole role, Optional<String> systemIdentifier, OptionalInt timeline,
        Map<String, @Nullable Object> pendingRestart, Map<String, @Nullable Object> scheduledRestart,
        long heartbeatAtNanos, boolean watchdogFailed, boolean failsafeActive,
        SortedMap<String, String> failsafeMembers, OptionalInt postgresVersion, Optional<Instant> postmasterStart) {

    public HaStatus {
        failsafeMembers = Collections.unmodifiableSortedMap(new TreeMap<>(failsafeMembers));
    }

    /** Whether this node holds the leader lease at that moment: evaluated when asked, so that a stuck loop cannot go on saying so. */
    public boolean holdsLease(long nowNanos) {
        return leaseDeadlineNanos.isPresent() && leaseDeadlineNanos.get() - nowNanos > 0;
    }

    /** The same with another state of the local PostgreSQL. */
    public HaStatus withState(PostgresState changed) {
        return with(changed, role);
    }

    /** The same with another state and role of the local PostgreSQL. */
    public HaStatus with(PostgresState changed, PostgresRole changedRole) {
        return new HaStatus(memberName, scope, snapshot, snapshotAtNanos, dcsLastSeenEpochSeconds, dynamic, tags,
                leaseDeadlineNanos, changed, changedRole, systemIdentifier, timeline, pendingRestart, scheduledRestart,
                heartbeatAtNanos, watchdogFailed, failsafeActive, failsafeMembers, postgresVersion, postmasterStart);
    }

    /** A node before its first cycle. */
    public static HaStatus starting(String memberName, String scope, Tags tags, long nowNanos) {
        return new HaStatus(memberName, scope, Optional.empty(), nowNanos, 0, DynamicConfig.DEFAULT, tags,
                Optional.empty(), PostgresState.STOPPED, PostgresRole.UNINITIALIZED, Optional.empty(),
                OptionalInt.empty(), Collections.emptyMap(), Collections.emptyMap(), nowNanos, false, false,
                new TreeMap<>(), OptionalInt.empty(), Optional.empty());
    }
}
