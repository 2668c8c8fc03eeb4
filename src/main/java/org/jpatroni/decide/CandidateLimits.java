package org.jpatroni.decide;

import java.util.Collections;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.model.SyncState;

/**
 * Why a member cannot take over on request. One function for the leader that would step down, for members that wait for the candidate, and
 * for the API that answers the operator: they cannot disagree.
 */
public final class CandidateLimits {

    private CandidateLimits() {
    }

    /**
     * What a candidate is measured by.
     *
     * @param leaderPosition of the leader now; zero when it is not known: then nobody lags
     * @param timeline of the leader; empty when it is not known
     * @param maximumLagBytes {@code maximum_lag_on_failover}
     * @param sync who may take over under synchronous replication; empty where that does not matter
     */
    public record Standard(Lsn leaderPosition, OptionalInt timeline, long maximumLagBytes, Optional<SyncState> sync) {
    }

    /**
     * What keeps somebody from taking over.
     *
     * @param rule a stable identifier
     * @param reason the sentence for people
     * @param measured what was found and the limit, by name
     */
    public record Limit(String rule, String reason, SortedMap<String, Object> measured) {
        public Limit {
            measured = Collections.unmodifiableSortedMap(new TreeMap<>(measured));
        }
    }

    /**
     * Whether only a synchronous standby may take over: in a switchover (Patroni: a failover to a named candidate is the operator's own
     * risk).
     */
    public static Optional<SyncState> syncThatMatters(DynamicConfig dynamic, SyncState stored, boolean isSwitchover) {
        return dynamic.isSynchronous() && isSwitchover && stored.leader().isPresent()
                ? Optional.of(stored)
                : Optional.empty();
    }

    static Optional<SyncState> syncThatMatters(Situation s, FailoverRequest request) {
        return syncThatMatters(s.facts().dynamic(), s.snapshot().sync(), request.leader().isPresent());
    }

    /** The first reason why this member cannot take over; empty when it can. */
    public static Optional<Limit> of(PeerAnswer member, Standard standard) {
        return ofAbility(member).or(() -> ofTimeline(member, standard)).or(() -> ofLag(member, standard))
                .or(() -> ofSync(member, standard));
    }

    /**
     * Who most probably wins the race after a planned stop, best first: all have the same WAL then, so the priority comes first.
     */
    public static Comparator<PeerAnswer> preference() {
        return Comparator.comparingInt((PeerAnswer peer) -> -peer.tags().failoverPriority())
                .thenComparing(peer -> peer.walPosition().orElse(Lsn.ZERO), Comparator.reverseOrder())
                .thenComparing(PeerAnswer::name);
    }

    /** What keeps it from leading wherever it stands. */
    static Optional<Limit> ofAbility(PeerAnswer member) {
        if (!member.reachable()) {
            return limit("candidate.unreachable", "its REST API does not answer");
        }
        if (!member.inRecovery()) {
            return limit("candidate.not-in-recovery", "it is a primary already");
        }
        if (member.tags().failoverPriority() <= 0) {
            return limit("candidate.nofailover", "its tags do not allow it to lead",
                    "failover_priority", member.tags().failoverPriority());
        }
        return member.watchdogFailed()
                ? limit("candidate.watchdog-failed", "its watchdog is required and does not work")
                : Optional.empty();
    }

    private static Optional<Limit> ofTimeline(PeerAnswer member, Standard standard) {
        boolean differs = member.timeline().isPresent() && standard.timeline().isPresent()
                && member.timeline().getAsInt() != standard.timeline().getAsInt();
        return differs
                ? limit("candidate.wrong-timeline", "it is on another timeline than the leader",
                        "timeline", member.timeline().getAsInt(), "leader_timeline",
                        standard.timeline().getAsInt())
                : Optional.empty();
    }

    private static Optional<Limit> ofLag(PeerAnswer member, Standard standard) {
        if (standard.leaderPosition().equals(Lsn.ZERO)) {
            return Optional.empty();
        }
        if (member.walPosition().isEmpty()) {
            return limit("candidate.position-unknown", "its WAL position is not known");
        }
        long lagBytes = standard.leaderPosition().minus(member.walPosition().get());
        return lagBytes > standard.maximumLagBytes()
                ? limit("candidate.lagging",
                        String.format(Locale.ROOT,
                                "it is %d bytes behind the leader, more than maximum_lag_on_failover",
                                lagBytes),
                        "lag", lagBytes, "limit", standard.maximumLagBytes())
                : Optional.empty();
    }

    private static Optional<Limit> ofSync(PeerAnswer member, Standard standard) {
        boolean listed = standard.sync().isEmpty() || standard.sync().get().matches(member.name());
        return listed
                ? Optional.empty()
                : limit("candidate.not-synchronous", "it is not a synchronous standby",
                        "sync_standby", String.join(",", standard.sync().get().syncStandbys()));
    }

    /** @param measured names and values in turn */
    private static Optional<Limit> limit(String rule, String reason, Object... measured) {
        SortedMap<String, Object> byName = new TreeMap<>();
        for (int i = 0; i < measured.length; i += 2) {
            byName.put((String) measured[i], measured[i + 1]);
        }
        return Optional.of(new Limit(rule, reason, byName));
    }
}
