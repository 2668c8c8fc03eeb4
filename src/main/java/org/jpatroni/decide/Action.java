package org.jpatroni.decide;

import java.util.List;
import java.util.Optional;
import org.jpatroni.model.PermanentSlot;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.Upstream;

/**
 * Something that takes longer than a step and runs beside the loop, at most one at a time. Each value carries the choices of policy;
 * the procedure that carries it out has none of its own.
 */
public sealed interface Action {

    /** initdb or a custom method, users, post_bootstrap; ends with a running primary. */
    record Bootstrap() implements Action {
    }

    /**
     * Copies the data directory.
     *
     * @param source empty: only methods that need no leader
     * @param basebackupOnly no other method than pg_basebackup, whatever is configured: the copy is of that source
     */
    record CloneFrom(Optional<Upstream> source, boolean basebackupOnly) implements Action {
        public CloneFrom(Optional<Upstream> source) {
            this(source, false);
        }
    }

    /** Starts PostgreSQL: as a primary without upstream, else as a standby. */
    record Start(PostgresRole role, Optional<Upstream> upstream, int waitLimitSeconds) implements Action {
    }

    /** Ends recovery, then writes a checkpoint so that others can rewind against this node. */
    record Promote() implements Action {
    }

    /**
     * Stops a primary.
     *
     * @param stopTimeoutSeconds after which a planned stop becomes an immediate one ({@code primary_stop_timeout}); 0: as long as the
     *        procedure gives it
     */
    record Demote(Mode mode, int stopTimeoutSeconds) implements Action {

        public Demote(Mode mode) {
            this(mode, 0);
        }

        /** What kind of stop, and what becomes of the leader key. */
        public enum Mode {
            /** Planned: checkpoint, fast stop, the key is released with the position of the shutdown checkpoint. */
            GRACEFUL,
            /** Somebody else holds the lease: fast stop, the key is not ours to touch. */
            NOT_LEADER,
            /** Planned, because the cluster becomes a standby cluster: WAL is archived to its end, the key is kept for the standby leader. */
            STANDBY_CLUSTER,
            /** The lease is about to end and the store cannot be asked: a fast stop that soon becomes an immediate one, the store is left alone. */
            OFFLINE
        }
    }

    /** Makes a running standby follow another node. */
    record Follow(PostgresRole role, Upstream upstream) implements Action {
    }

    /** Asks the upstream whether our history is part of its own. */
    record CheckDivergence(Upstream upstream) implements Action {
    }

    /** Stops the standby and rewinds its data to the upstream's history. */
    record Rewind(Upstream upstream) implements Action {
    }

    /**
     * Gives up the local copy, which another member's running primary supersedes, so that it is cloned anew.
     *
     * @param order the operator's order behind it; 0: nobody's
     */
    record DiscardData(long order) implements Action {
        public DiscardData() {
            this(0);
        }
    }

    /**
     * Stops PostgreSQL and starts it again in the same role, because an operator wants it.
     *
     * @param order the operator's order
     * @param upstream whom it follows, in case that it does not run
     * @param checkpoint write a checkpoint first, which shortens the stop
     * @param timeoutSeconds for the stop and the start together
     */
    record Restart(long order, PostgresRole role, Optional<Upstream> upstream, boolean checkpoint, int timeoutSeconds)
            implements
                Action {
    }

    /**
     * Copies the state of logical slots from the primary into the data directory of this standby, which is restarted for it.
     *
     * @param primary where they are
     * @param slots as they must be there
     */
    record CopySlots(Upstream primary, List<PermanentSlot.Logical> slots) implements Action {
        public CopySlots {
            slots = slots.stream().toList();
        }
    }

    /**
     * Stops PostgreSQL because the agent ends; a leader hands its key over with the position of the shutdown checkpoint.
     *
     * @param stopTimeoutSeconds as in {@link Demote}
     */
    record Shutdown(boolean releaseLease, int stopTimeoutSeconds) implements Action {

        public Shutdown(boolean releaseLease) {
            this(releaseLease, 0);
        }
    }

    /** Whether new knowledge may stop it half way. A promotion under way and a stop are past their point of no return. */
    default boolean isCancellable() {
        return switch (this) {
            case Bootstrap bootstrap -> true;
            case CloneFrom clone -> true;
            case Start start -> true;
            case CheckDivergence check -> true;
            case Rewind rewind -> true;
            case Follow follow -> true;
            case Restart restart -> true;
            case CopySlots copy -> true;
            case Promote promote -> false;
            case Demote demote -> false;
            case DiscardData discard -> false;
            case Shutdown shutdown -> false;
        };
    }

    /** Whether it takes a primary down. */
    default boolean stopsPrimary() {
        return this instanceof Demote || this instanceof Shutdown;
    }

    /** How an action ended. */
    sealed interface Result {

        record Done() implements Result {
        }

        /** What was found out about the upstream's history; unknown when it could not be. */
        record Divergence(Memory.Phase found) implements Result {
        }

        record Failed(String reason) implements Result {
        }

        /** A script of the operator said no. */
        record Refused(String reason) implements Result {
        }

        record Cancelled() implements Result {
        }

        record TimedOut() implements Result {
        }
    }
}
