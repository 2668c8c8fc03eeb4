package org.jpatroni.decide;

import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jpatroni.model.Lsn;

/**
 * What must survive from cycle to cycle. Printed whole in a bug report it explains the node.
 *
 * @param bootstrap how far the bootstrap of a new cluster by this agent is
 * @param crashedAtNanos when the primary was found dead while this node held the lease
 * @param deferringSinceNanos since when this node stands back in a leader race for somebody better
 * @param gaveUpLeadership the lease was released on purpose; do not race before somebody else had a chance, until this time
 * @param divergence what is known of our history against the leader's
 * @param rewindFailures in a row
 * @param startFailures in a row
 * @param publishedAtNanos when the member key was last written
 * @param published shown state and role when it was
 * @param slots of replication slots
 * @param tried kinds of writes to the store and when they were last tried: what fails is not repeated within a cycle
 * @param rebuild how far a rebuild that an operator asked for is
 * @param owesStart this agent has stopped the server or copied its data, and has not started it since: it does so in a paused cluster too
 * @param backoff since when the race waits for a primary that still writes
 * @param failsafe what concerns failsafe mode
 * @param sync synchronous replication as this leader knows it
 * @param actionNotBeforeNanos do not begin another start, clone or check before this time, after one failed
 */
public record Memory(Bootstrap bootstrap, Optional<Long> crashedAtNanos, Optional<Long> deferringSinceNanos,
        Optional<Long> gaveUpLeadership, Divergence divergence, int rewindFailures, int startFailures,
        long publishedAtNanos, String published, SlotMemory slots,
        SortedMap<String, Long> tried, long actionNotBeforeNanos, Rebuild rebuild, boolean owesStart, Backoff backoff,
        Failsafe.Remembered failsafe, SyncMemory sync) {

    /** How far the bootstrap of a new cluster is. */
    public enum Bootstrap {
        /** Not by this agent, or finished. */
        NONE,
        /** This agent won the race: {@code initialize} is its own. */
        CLAIMED,
        /** It failed; {@code initialize} must be given back. */
        FAILED
    }

    /** How far a rebuild of this member is, from the operator's order to the first start. */
    public enum Rebuild {
        NONE,
        /** The data are thrown away and copied from whom the rules choose. */
        FROM_ANYBODY,
        /** The data are thrown away and copied from the leader. */
        FROM_LEADER,
        /** The copy is there and is to be started, also in a paused cluster. */
        COPIED;

        /** There is nothing that could be used. */
        public boolean isCopying() {
            return this == FROM_ANYBODY || this == FROM_LEADER;
        }
    }

    /** State of the question whether this standby can follow the leader. */
    public enum Phase {
        /** Not asked, or asked of another leader. */
        UNASKED,
        /** Asked, answer not final; ask again. */
        UNKNOWN,
        /** Our history is part of the leader's. */
        FOLLOWS,
        /** We have WAL that the leader has not. */
        DIVERGED,
        /** The leader's line has a timeline of ours by number only: pg_rewind sees no difference, a new copy is the only way. */
        FORKED
    }

    /**
     * @param leader of whom the answer is
     * @param askedAtNanos when it was asked
     * @param unanswered how often in a row that leader gave no answer
     */
    public record Divergence(Phase phase, String leader, long askedAtNanos, int unanswered) {

        public Divergence(Phase phase, String leader, long askedAtNanos) {
            this(phase, leader, askedAtNanos, 0);
        }

        static final Divergence NOTHING = new Divergence(Phase.UNASKED, "", 0);
    }

    /**
     * {@code primary_race_backoff}: nobody leads, and the old primary may still write.
     *
     * @param sinceNanos when this node first saw that nobody leads; empty while somebody does
     * @param position of this standby when it was last seen to move
     * @param movedAtNanos when that was
     */
    public record Backoff(Optional<Long> sinceNanos, Lsn position, long movedAtNanos) {

        public static final Backoff NOTHING = new Backoff(Optional.empty(), Lsn.ZERO, 0);
    }

    /** An agent that has just started. */
    public static Memory fresh(long nowNanos) {
        long longAgo = nowNanos - 3_600_000_000_000L;
        return new Memory(Bootstrap.NONE, Optional.empty(), Optional.empty(), Optional.empty(), Divergence.NOTHING, 0,
                0,
                longAgo, "", SlotMemory.fresh(longAgo), Collections.emptySortedMap(), longAgo,
                Rebuild.NONE, false, Backoff.NOTHING, Failsafe.Remembered.NOTHING, SyncMemory.NOTHING);
    }

    public Memory {
        tried = Collections.unmodifiableSortedMap(new TreeMap<>(tried));
    }

    public Memory withBootstrap(Bootstrap value) {
        return edit(draft -> draft.bootstrap = value);
    }

    public Memory withCrashedAt(Optional<Long> nanos) {
        return edit(draft -> draft.crashedAtNanos = nanos);
    }

    public Memory withDeferringSince(Optional<Long> nanos) {
        return edit(draft -> draft.deferringSinceNanos = nanos);
    }

    public Memory withGaveUpLeadership(Optional<Long> untilNanos) {
        return edit(draft -> draft.gaveUpLeadership = untilNanos);
    }

    public Memory withDivergence(Divergence value) {
        return edit(draft -> draft.divergence = value);
    }

    public Memory withRewindFailures(int value) {
        return edit(draft -> draft.rewindFailures = value);
    }

    public Memory withStartFailures(int value) {
        return edit(draft -> draft.startFailures = value);
    }

    public Memory withPublished(String stateAndRole, long nanos) {
        return edit(draft -> {
            draft.published = stateAndRole;
            draft.publishedAtNanos = nanos;
        });
    }

    public Memory withSlots(SlotMemory value) {
        return edit(draft -> draft.slots = value);
    }

    public Memory withTried(SortedMap<String, Long> value) {
        return edit(draft -> draft.tried = value);
    }

    public Memory withActionNotBefore(long nanos) {
        return edit(draft -> draft.actionNotBeforeNanos = nanos);
    }

    public Memory withRebuild(Rebuild value) {
        return edit(draft -> draft.rebuild = value);
    }

    public Memory withOwesStart(boolean value) {
        return value == owesStart ? this : edit(draft -> draft.owesStart = value);
    }

    public Memory withBackoff(Backoff value) {
        return value.equals(backoff) ? this : edit(draft -> draft.backoff = value);
    }

    public Memory withFailsafe(Failsafe.Remembered value) {
        return edit(draft -> draft.failsafe = value);
    }

    public Memory withSync(SyncMemory value) {
        return value.equals(sync) ? this : edit(draft -> draft.sync = value);
    }

    private Memory edit(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.finish();
    }

    /** All components, open for a change: the one place that lists them besides the record itself. */
    private static final class Draft {
        private Bootstrap bootstrap;
        private Optional<Long> crashedAtNanos;
        private Optional<Long> deferringSinceNanos;
        private Optional<Long> gaveUpLeadership;
        private Divergence divergence;
        private int rewindFailures;
        private int startFailures;
        private long publishedAtNanos;
        private String published;
        private SlotMemory slots;
        private SortedMap<String, Long> tried;
        private long actionNotBeforeNanos;
        private Rebuild rebuild;
        private boolean owesStart;
        private Backoff backoff;
        private Failsafe.Remembered failsafe;
        private SyncMemory sync;

        Draft(Memory from) {
            bootstrap = from.bootstrap;
            crashedAtNanos = from.crashedAtNanos;
            deferringSinceNanos = from.deferringSinceNanos;
            gaveUpLeadership = from.gaveUpLeadership;
            divergence = from.divergence;
            rewindFailures = from.rewindFailures;
            startFailures = from.startFailures;
            publishedAtNanos = from.publishedAtNanos;
            published = from.published;
            slots = from.slots;
            tried = from.tried;
            actionNotBeforeNanos = from.actionNotBeforeNanos;
            rebuild = from.rebuild;
            owesStart = from.owesStart;
            backoff = from.backoff;
            failsafe = from.failsafe;
            sync = from.sync;
        }

        Memory finish() {
            return new Memory(bootstrap, crashedAtNanos, deferringSinceNanos, gaveUpLeadership, divergence,
                    rewindFailures, startFailures, publishedAtNanos, published, slots, tried,
                    actionNotBeforeNanos, rebuild, owesStart, backoff, failsafe, sync);
        }
    }
}
