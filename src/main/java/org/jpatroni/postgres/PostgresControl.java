package org.jpatroni.postgres;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PermanentSlot;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.PostgresView;
import org.jpatroni.model.SlotStep;
import org.jpatroni.model.StandbyNames;
import org.jpatroni.model.TimelineHistory;
import org.jpatroni.model.Upstream;
import org.jpatroni.runtime.CancelToken;

/**
 * The local PostgreSQL, as the agent and the simulator see it. Verbs block until they are done, have failed, or were cancelled; the
 * agent calls one of them at a time (from its action thread), while {@link #observe} may be called at any moment by the HA loop.
 */
public interface PostgresControl {

    /** How a verb ended. */
    sealed interface Outcome {

        record Done() implements Outcome {
        }

        /** The reason is for the log; it names the program, file or setting. */
        record Failed(String reason) implements Outcome {
        }

        record Cancelled() implements Outcome {
        }

        /** A script of the operator said no: not to be tried again soon. */
        record Refused(String reason) implements Outcome {
        }

        /** Still under way when the time was over: a start that goes on with recovery, a stop that waits. */
        record TimedOut() implements Outcome {
        }

        default boolean isDone() {
            return this instanceof Done;
        }

        static Outcome done() {
            return new Done();
        }

        static Outcome failed(String reason) {
            return new Failed(reason);
        }
    }

    /** What PostgreSQL does with its sessions when it stops. */
    enum StopMode {
        /** Sessions are ended, a shutdown checkpoint is written, standbys receive it. */
        FAST,
        /** No checkpoint; crash recovery at the next start. */
        IMMEDIATE
    }

    /** Whether the local timeline has left the one of the upstream (Patroni: "pg_rewind"). */
    enum Divergence {
        /** This node's history is a prefix of the upstream's: it can simply follow. */
        NONE,
        /** This node has WAL that the upstream has not: rewind or copy anew. */
        DIVERGED,
        /** Both have a timeline of the same number that began twice: pg_rewind takes it for common, only a new copy helps. */
        FORKED,
        /** Could not be found out (upstream not reachable, still in recovery, or not yet on its new timeline). */
        UNKNOWN
    }

    /**
     * How to start.
     *
     * @param role what it starts as; decides callbacks and configuration
     * @param upstream whom to follow; empty starts a primary
     * @param waitLimit how long to wait until it accepts connections
     */
    record StartSpec(PostgresRole role, Optional<Upstream> upstream, Duration waitLimit) {
    }

    /**
     * How to stop.
     *
     * @param checkpoint whether to write a checkpoint first, so that the shutdown is short
     * @param onSafe called once no session can write any more (the postmaster refuses them)
     * @param onShutdownCheckpoint called with the position of the shutdown checkpoint as soon as the control file shows it, even before
     *        the process is gone
     * @param callback whether {@code on_stop} is run
     */
    record StopSpec(StopMode mode, boolean checkpoint, Duration waitLimit, Runnable onSafe,
            Consumer<Lsn> onShutdownCheckpoint, boolean callback) {
    }

    /**
     * How to copy.
     *
     * @param source empty: only methods that need no leader
     * @param basebackupOnly pg_basebackup, whatever methods are configured
     */
    record CloneSpec(Optional<Upstream> source, boolean basebackupOnly) {
    }

    /**
     * How to restart.
     *
     * @param waitLimit for stop and start together
     * @param mayStart asked once PostgreSQL has stopped: whether it may come up in its role
     */
    record RestartSpec(Duration waitLimit, BooleanSupplier mayStart) {
    }

    /**
     * Looks at data directory and process, and asks one SQL question when there is a process. Never throws. A server that did not answer is
     * not waited for again until it does, which {@link #onChange} tells.
     */
    PostgresView observe(Duration sqlLimit);

    /** The state that is shown to the outside. */
    PostgresState state();

    /** The role that is shown to the outside. */
    PostgresRole role();

    /** Sets the role after a decision that needs no action of PostgreSQL (for example: took the lease of a standby cluster). */
    void setRole(PostgresRole role);

    /** Sets the role and runs {@code on_role_change}: for a server that does not run, for example a crashed primary that gives up. */
    default void changeRole(PostgresRole role) {
        setRole(role);
    }

    /** initdb or the custom method, start, users, {@code post_bootstrap}. On failure the data directory is moved away. */
    Outcome bootstrapNew(CancelToken cancel);

    /** Copies a data directory with the configured methods. */
    Outcome cloneFrom(CloneSpec spec, CancelToken cancel);

    /** The same with all methods. */
    default Outcome cloneFrom(Optional<Upstream> source, CancelToken cancel) {
        return cloneFrom(new CloneSpec(source, false), cancel);
    }

    /** The cluster's settings with what this node's own file says about its data directory, which goes before them. */
    default DynamicConfig withLocalSettings(DynamicConfig dynamic) {
        return dynamic;
    }

    /** Archives the WAL of a stopped primary up to its shutdown checkpoint, where {@code archive_command} is in effect; failures are logged. */
    default void archiveToTheEnd(CancelToken cancel) {
    }

    /** Writes configuration and recovery settings and starts. */
    Outcome start(StartSpec spec, CancelToken cancel);

    Outcome stop(StopSpec spec, CancelToken cancel);

    /** Stops in fast mode and starts in the current role. */
    Outcome restart(RestartSpec spec, CancelToken cancel);

    /** Promotes; done means that it is out of recovery. Runs {@code on_role_change}. */
    Outcome promote(Duration waitLimit, CancelToken cancel);

    /** Makes a running standby follow another upstream: reload, or restart where a reload is not enough. */
    Outcome follow(PostgresRole role, Upstream upstream, CancelToken cancel);

    /** Whether a running or to-be-started standby already has these settings. */
    boolean follows(Upstream upstream);

    /**
     * Finds out whether this node's data can follow the upstream.
     *
     * @param upstream a primary that can be asked for its timeline history
     */
    Divergence checkDivergence(Upstream upstream);

    /** Whether pg_rewind can be used at all: configured, and checksums or {@code wal_log_hints} are on. */
    boolean canRewind();

    /** Runs pg_rewind against the upstream on stopped data. */
    Outcome rewind(Upstream upstream, CancelToken cancel);

    /** Ends crash recovery in single user mode, so that pg_rewind accepts the data. */
    Outcome recoverFromCrash(CancelToken cancel);

    /** A checkpoint on a new primary, so that others can rewind against it; true when done. */
    Outcome checkpoint(Duration limit);

    /** Moves the data directory aside with a time stamp in its name; never deletes. */
    Outcome moveDataDirectoryAway();

    /** Deletes the data directory. Only for data that another member holds. */
    Outcome removeDataDirectory();

    /** Drops, creates and advances replication slots. What may take long goes on in the background; the next view shows what became of it. */
    Outcome changeSlots(List<SlotStep> steps);

    /**
     * Copies the state of logical slots from a primary into the data directory of the running standby, which is restarted for it; done when
     * there was nothing to copy, too.
     */
    default Outcome copySlots(Upstream primary, List<PermanentSlot.Logical> slots, CancelToken cancel) {
        return Outcome.failed("this server has no logical slots");
    }

    /**
     * Sets {@code synchronous_standby_names} and has a running server take it over; it lasts over restarts of server and agent. When done,
     * sessions see it; that all of them wait as it says is told by {@link PostgresView.Replication#sync}.
     *
     * @param names empty: the configuration decides
     */
    Outcome setStandbyNames(Optional<StandbyNames> names);

    /** Takes over a changed dynamic configuration: files are written, reloaded; what needs a restart is remembered. */
    void applyConfiguration(DynamicConfig dynamic);

    /** Reads the local timeline history file and builds the key's entries; empty when not available. */
    Optional<TimelineHistory> timelineHistory(int timeline);

    /** Text of {@code primary_conninfo} would carry; for the member key: {@code postgres://host:port/postgres}. */
    String connUrl();

    Optional<String> proxyUrl();

    /** Called whenever the postmaster ends, however it ended and whoever reaped it, and when it becomes ready. Must not block. */
    void onChange(Runnable changed);

    /**
     * Called whenever this agent has started a postmaster, on the thread that did, before it can accept connections: the fence must know it
     * before it may be a primary.
     */
    void onLaunch(Runnable launched);

    /** What the guard must know to stop exactly this postmaster; empty when there is none. */
    Optional<PostmasterIdentity> postmaster();

    /**
     * A process beyond doubt.
     *
     * @param startTicks start time as in {@code /proc/<pid>/stat}
     */
    record PostmasterIdentity(long pid, long startTicks) {
    }
}
