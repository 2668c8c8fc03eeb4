package org.jpatroni.dcs;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Lease;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.StoredStatus;
import org.jpatroni.model.SyncState;
import org.jpatroni.model.TimelineHistory;
import org.jpatroni.runtime.Histogram;

/**
 * The distributed store, in the words of the domain. One instance speaks for one member of one cluster. Every call returns within
 * the configured time limit ({@code retry_timeout}); calls are made by one thread at a time, except {@link #snapshot()}, {@link
 * #writeConfig}, {@link #writeFailover} and {@link #clearFailover}, which operators' commands make beside the HA loop.
 *
 * <p>Member and leader keys hang on the session (etcd: lease, ZooKeeper: session) of this instance; its ttl is that of
 * {@link #setTimeouts}. Where a change needs a version, it is a compare-and-set.
 */
public interface ClusterStore extends AutoCloseable {

    /** Everything at one instant, linearizable: never older than the moment of the call. */
    ClusterSnapshot snapshot() throws StoreUnavailableException;

    /** Sets ttl of the session and time limit of calls; takes effect with the next call. */
    void setTimeouts(int ttlSeconds, Duration callLimit);

    /** Creates the leader key for this member if there is none. Won carries the lease, counted from sending. */
    Cas<Lease> acquireLease();

    /**
     * Extends the lease that this member holds, and stores the leader's status. Won only if the key was still this member's, in
     * this session (or adopted into it, when the same member held it in an earlier one).
     *
     * @param current the key as seen in the last snapshot
     * @param status what to store under {@code status}; failure to store it does not make the renewal fail
     */
    Cas<Lease> renewLease(LeaderKey current, Optional<StoredStatus> status);

    /**
     * Deletes the leader key if it is this member's, in one transaction with the last position where the store can.
     *
     * @param lastLsn position of the shutdown checkpoint, stored as {@code optime} for the race; empty when not known
     */
    Cas<Boolean> releaseLease(Optional<Lsn> lastLsn);

    /** Writes this member's key into the session; refreshes the session also when nothing changed. */
    Cas<Boolean> publishMember(Member member);

    /** Deletes this member's own key. */
    Cas<Boolean> removeMember();

    /** Creates {@code initialize} if absent: the start of a bootstrap when the value is empty. */
    Cas<Boolean> createInitialize(String systemIdentifier);

    /** Replaces the {@code initialize} that this member created at the start of its bootstrap. */
    Cas<Boolean> finishInitialize(String systemIdentifier);

    /** Deletes {@code initialize}: the bootstrap failed. */
    Cas<Boolean> cancelInitialize();

    /**
     * Stores the dynamic configuration.
     *
     * @param expectedVersion version of the key that is replaced; 0 to create it
     */
    Cas<Boolean> writeConfig(String json, long expectedVersion);

    /** Stores a request to move the leader; {@code expectedVersion} 0 creates, -1 overwrites whatever is there. */
    Cas<Boolean> writeFailover(FailoverRequest request, long expectedVersion);

    /** Clears the key {@code failover} if it still has that version. */
    Cas<Boolean> clearFailover(long expectedVersion);

    /**
     * Stores {@code sync}, or deletes it when the state has no leader; only for the leader. {@code expectedVersion} is the version inside the
     * state replaced, 0 to create.
     */
    Cas<Boolean> writeSync(SyncState state, long expectedVersion);

    /** Stores the timeline history. */
    Cas<Boolean> writeHistory(TimelineHistory history);

    /** Stores the members that must agree in failsafe mode; none: deletes the key. Only in the session that holds the leader key. */
    Cas<Boolean> writeFailsafe(SortedMap<String, String> apiUrls);

    /** Deletes everything of this cluster. */
    Cas<Boolean> removeCluster();

    /**
     * Calls back whenever something that a decision depends on may have changed: leader, config, failover, sync, members' coming and
     * going. May call too often, never too seldom while connected; the callback must not block. One watcher at a time.
     */
    void watch(Runnable changed);

    /** Ends the session without deleting anything: keys of the session expire by ttl unless released before. */
    @Override
    void close();

    /** For logs: which store, where; no secrets. */
    String describe();

    /**
     * What one kind of call has cost so far.
     *
     * @param verb as in the metrics, for example {@code renew_lease}
     * @param durations of all calls, failed ones included
     * @param failures calls whose outcome is not known, because the store did not answer, or not in time
     */
    record VerbFigures(String verb, Histogram.Snapshot durations, long failures) {
    }

    /** Numbers for {@code /metrics}, by verb; only verbs that were called. Does not ask the store. */
    default List<VerbFigures> calls() {
        return Collections.emptyList();
    }
}
