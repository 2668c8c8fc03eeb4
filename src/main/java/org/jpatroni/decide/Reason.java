package org.jpatroni.decide;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * Why a rule decided as it did: a sentence of the list below and its parts. This is the only place with sentences of the HA log; where
 * operators and tests search for Patroni's wording, it is kept.
 */
public record Reason(Sentence sentence, List<Object> parts) {

    public Reason {
        parts = Collections.unmodifiableList(new ArrayList<>(parts));
    }

    public static Reason of(Sentence sentence, Object... parts) {
        return new Reason(sentence, List.of(parts));
    }

    /** The sentence for the log. */
    public String text() {
        return String.format(Locale.ROOT, sentence.format, parts.toArray());
    }

    @Override
    public String toString() {
        return text();
    }

    /** How much an operator should care. */
    public enum Weight {
        ROUTINE, NOTABLE, WARNING, ERROR, CRITICAL
    }

    /** The sentences. */
    public enum Sentence {
        LEADER_NO_ACTION(Weight.ROUTINE, "no action. I am (%s), the leader with the lock"),
        STANDBY_LEADER_NO_ACTION(Weight.ROUTINE, "no action. I am (%s), the standby leader with the lock"),
        SECONDARY_NO_ACTION(Weight.ROUTINE, "no action. I am (%s), a secondary, and following a leader (%s)"),
        PAUSED_NO_ACTION(Weight.ROUTINE, "PAUSE: no action. I am (%s)"),
        PAUSED_EMPTY(Weight.ROUTINE, "PAUSE: running with empty data directory"),
        PAUSED_WITHOUT_LOCK(Weight.WARNING,
                "PAUSE: continue to run as primary without lock, which %s holds: two primaries"),
        LEASE_RENEW(Weight.ROUTINE, "extending the leader lock"),
        LEASE_ADOPT(Weight.NOTABLE, "the leader lock carries my name (%s) from an earlier session: taking it over"),
        HAND_OVER(Weight.NOTABLE, "Leader key released"),
        PROMOTE_FAILED(Weight.ERROR, "released leader key because PostgreSQL could not be promoted"),
        PROMOTE_REFUSED(Weight.WARNING, "Releasing the leader key voluntarily because the pre-promote script failed"),
        ACQUIRE(Weight.NOTABLE, "trying to acquire the leader lock"),
        ACQUIRE_UNCONFIRMED(Weight.WARNING, "the leader lock could not be acquired in this cycle"),
        PROMOTE(Weight.NOTABLE, "promoted self to leader by acquiring session lock"),
        STANDBY_LEADER_PROMOTE(Weight.NOTABLE, "promoted self to a standby leader by acquiring session lock"),
        ASK_PEERS(Weight.ROUTINE, "asking %s"),
        PEER_PRIMARY_ALIVE(Weight.WARNING, "Primary (%s) is still alive"),
        PEER_AHEAD(Weight.NOTABLE, "Wal position of %s is ahead of my wal position"),
        PEER_PRIORITY(Weight.NOTABLE,
                "%s has equally tolerable WAL position and priority %d, while this node has priority %d"),
        LAGGING(Weight.WARNING, "My wal position exceeds maximum replication lag"),
        TIMELINE_BEHIND(Weight.WARNING, "My timeline %d is behind last known cluster timeline %d"),
        NOT_ALLOWED(Weight.NOTABLE, "following a different leader because I am not allowed to promote"),
        AWAIT_SUCCESSOR(Weight.ROUTINE, "stepped down, waiting for another member to take the leader lock"),
        AWAIT_LAST_RECORD(Weight.ROUTINE, "waiting for the last record of the old primary"),
        WAIT_CANDIDATE(Weight.NOTABLE, "waiting for %s, the candidate of the requested move, to take over"),
        GAVE_UP(Weight.NOTABLE, "giving another member the chance to take over first"),
        CUT_STREAM(Weight.NOTABLE,
                "no leader, but the old primary still streams to me: closing the stream before the race"),
        BACK_OFF(Weight.NOTABLE,
                "My (%s) wal position moved since last heart beat loop, %d seconds until leader race"),
        WATCHDOG_ACTIVATE(Weight.ROUTINE, "opening the watchdog device"),
        WATCHDOG_UNUSABLE(Weight.WARNING, "Watchdog device is not usable"),
        WATCHDOG_DEMOTE(Weight.ERROR, "Demoting self because watchdog could not be activated"),
        WATCHDOG_NOT_PROMOTING(Weight.ERROR, "Not promoting self because watchdog could not be activated"),
        STORE_DOWN_DEMOTE(Weight.ERROR, "demoted self because DCS is not accessible and I was a leader"),
        STORE_DOWN_HOLD(Weight.WARNING, "DCS is not accessible; the leader lock holds for another %d ms (%s)"),
        STORE_DOWN(Weight.WARNING, "DCS is not accessible (%s)"),
        STORE_DOWN_START(Weight.NOTABLE, "DCS is not accessible: starting as a read-only standby"),
        FAILSAFE_ASK(Weight.ROUTINE, "asking the members of the failsafe topology: %s"),
        FAILSAFE_HOLD(Weight.NOTABLE,
                "continue to run as a leader because failsafe mode is enabled and all members are accessible"),
        FAILSAFE_FAILING(Weight.WARNING,
                "DCS is not accessible; what the members agreed on holds for another %d ms, and now there is no agreement of %s"),
        FAILSAFE_DEMOTE(Weight.ERROR,
                "demoting self because DCS is not accessible and there is no agreement of %s to go on as the leader"),
        FAILSAFE_NOT_A_MEMBER(Weight.WARNING,
                "following a different leader because I am not in the failsafe topology"),
        FAILSAFE_MEMBERS(Weight.NOTABLE, "storing the failsafe topology"),
        DEMOTE_NOT_LEADER(Weight.WARNING, "demoting self because I do not have the lock and I was a leader"),
        DEMOTE_OTHER_PRIMARY(Weight.WARNING, "demoting self because %s is a primary on timeline %d"),
        DEMOTE_NOT_SYNC_LEADER(Weight.WARNING,
                "demoting self because %s is the primary of synchronous replication"),
        DEMOTE_UNCONFIRMED(Weight.WARNING, "demoting self because the leader lock could not be confirmed"),
        DEMOTE_STANDBY_CLUSTER(Weight.WARNING, "cannot be a real primary in standby cluster"),
        LEASE_LOST_START(Weight.WARNING, "stopping the start as a primary because I do not have the lock"),
        BOOTSTRAP_CLAIM(Weight.NOTABLE, "trying to bootstrap a new cluster"),
        BOOTSTRAP_RUN(Weight.NOTABLE, "bootstrapping a new cluster"),
        BOOTSTRAP_FINISH(Weight.NOTABLE, "initialized a new cluster"),
        BOOTSTRAP_FAILED(Weight.CRITICAL, "Failed to bootstrap cluster"),
        BOOTSTRAP_GIVE_BACK(Weight.WARNING, "removing initialize key after failed attempt to bootstrap the cluster"),
        BOOTSTRAP_WAIT(Weight.NOTABLE, "waiting for leader to bootstrap"),
        CLONE(Weight.NOTABLE, "trying to bootstrap from %s"),
        CLONE_WITHOUT_LEADER(Weight.NOTABLE, "trying to bootstrap (without leader)"),
        DATA_UNUSABLE(Weight.ERROR, "data directory cannot be used: %s"),
        SYSTEM_ID_MISMATCH(Weight.CRITICAL,
                "system ID mismatch, node %s belongs to a different cluster: %s != %s"),
        SYSTEM_ID_MISMATCH_PAUSED(Weight.WARNING,
                "PAUSE: system ID of node %s has changed: %s != %s; the agent will end when maintenance mode does"),
        LEADER_WITHOUT_DATA(Weight.WARNING, "released leader key because there is no usable data directory"),
        RESTART_PRIMARY(Weight.WARNING, "starting primary after failure"),
        START_PRIMARY(Weight.NOTABLE, "starting as a primary: I hold the leader lock"),
        GIVE_UP_LEADERSHIP(Weight.WARNING, "released leader key because the primary could not be started in time"),
        START_TOO_LONG(Weight.WARNING, "stopping PostgreSQL because the primary could not be started in time"),
        START_STANDBY(Weight.NOTABLE, "starting as a secondary"),
        STARTING(Weight.ROUTINE, "PostgreSQL is still starting up"),
        UNRESPONSIVE(Weight.WARNING, "PostgreSQL does not answer: %s"),
        BUSY(Weight.ROUTINE, "%s in progress"),
        RETRY_LATER(Weight.ROUTINE, "waiting before the next attempt"),
        FOLLOW(Weight.NOTABLE, "following %s"),
        CHECK_DIVERGENCE(Weight.NOTABLE, "not streaming: checking whether my history is part of that of %s"),
        CHECK_DIVERGENCE_AGAIN(Weight.ROUTINE, "not streaming: asking %s again"),
        REWIND(Weight.NOTABLE, "running pg_rewind from %s"),
        DISCARD(Weight.WARNING, "my data has diverged from %s and cannot be rewound: it will be cloned anew"),
        DIVERGED(Weight.ERROR,
                "my data has diverged from %s and cannot be rewound: reinitialize this member, or set use_pg_rewind"),
        DISCARD_FORKED(Weight.WARNING,
                "my data and %s have different timelines of the same number, which pg_rewind cannot mend: it will be cloned anew"),
        FORKED(Weight.ERROR,
                "my data and %s have different timelines of the same number, which pg_rewind cannot mend: reinitialize this member, or set remove_data_directory_on_diverged_timelines"),
        PUBLISH(Weight.ROUTINE, "updating my member key"),
        WRITE_CONFIG(Weight.NOTABLE, "storing the dynamic configuration"),
        WRITE_INITIALIZE(Weight.NOTABLE, "storing the system identifier"),
        HISTORY(Weight.NOTABLE, "updating the timeline history"),
        SLOTS(Weight.ROUTINE, "adjusting replication slots"),
        COPY_SLOTS(Weight.NOTABLE, "Copying logical slots %s from the primary (%s)"),
        SHOW_ROLE(Weight.NOTABLE, "my role is %s"),
        CLEAR_FAILOVER(Weight.NOTABLE, "Cleaning up failover key"),
        SWITCHOVER(Weight.NOTABLE, "switchover: demoting in favour of %s"),
        SWITCHOVER_STALE(Weight.WARNING, "Found a stale switchover value, cleaning up: %s"),
        SWITCHOVER_PAUSED(Weight.WARNING,
                "Switchover is possible only to a specific candidate in a paused state"),
        SWITCHOVER_IMPOSSIBLE(Weight.WARNING, "switchover is not possible: no good candidates have been found"),
        RESTART(Weight.NOTABLE, "restarting PostgreSQL as ordered"),
        RESTART_SCHEDULED(Weight.NOTABLE, "restarting PostgreSQL as scheduled"),
        RESTART_OVERDUE(Weight.WARNING, "stopping PostgreSQL at once because its restart was not done in time"),
        SCHEDULED_RESTART_DROPPED(Weight.WARNING, "dropping the scheduled restart: %s"),
        STANDS_ASIDE(Weight.NOTABLE, "waiting until I am no synchronous standby any more"),
        REINITIALIZE(Weight.NOTABLE, "reinitializing as ordered: throwing my data away, %s leads"),
        ORDER_REFUSED(Weight.NOTABLE, "order to %s refused: %s"),
        ORDER_INTERRUPTS(Weight.NOTABLE, "ending %s for an order to %s"),
        PAUSE_NOT_RUNNING(Weight.NOTABLE, "PAUSE: removed leader lock because postgres is not running as primary"),
        SYNC_STORE(Weight.NOTABLE, "updating /sync: leader %s, sync_standby [%s], quorum %d"),
        SYNC_NAMES(Weight.NOTABLE, "commits shall wait for '%s'"),
        SYNC_OFF(Weight.NOTABLE, "Disabled synchronous replication"),
        SYNC_STRICT(Weight.WARNING,
                "No active replication connections from Patroni members and synchronous_mode_strict is requested. Commits will be delayed: they wait for %s"),
        SYNC_POSTPONE(Weight.WARNING,
                "Postponing promotion because the state of synchronous replication is not stored yet"),
        NOT_SYNCHRONOUS(Weight.NOTABLE,
                "following a different leader because I am not a synchronous standby"),
        NO_QUORUM(Weight.WARNING,
                "not enough synchronous standbys are seen to be sure of the last commit: %d more would be needed"),
        SHUTDOWN(Weight.NOTABLE, "shutting down"),
        SHUTDOWN_PAUSED(Weight.NOTABLE, "PAUSE: leaving PostgreSQL running and the leader key as it is"),
        TOTAL(Weight.WARNING, "no rule applies");

        private final Weight weight;
        private final String format;

        Sentence(Weight weight, String format) {
            this.weight = weight;
            this.format = format;
        }

        public Weight weight() {
            return weight;
        }

        /** As in {@link java.util.Formatter}: one specifier for each part. */
        String format() {
            return format;
        }
    }
}
