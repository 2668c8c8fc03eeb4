package org.jpatroni.agent;

import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jpatroni.citus.Formation;
import org.jpatroni.decide.Action;
import org.jpatroni.decide.Action.Demote;
import org.jpatroni.decide.Action.Result;
import org.jpatroni.decide.Memory;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresView;
import org.jpatroni.model.Upstream;
import org.jpatroni.postgres.PostgresControl;
import org.jpatroni.postgres.PostgresControl.CloneSpec;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.postgres.PostgresControl.RestartSpec;
import org.jpatroni.postgres.PostgresControl.StartSpec;
import org.jpatroni.postgres.PostgresControl.StopMode;
import org.jpatroni.postgres.PostgresControl.StopSpec;
import org.jpatroni.runtime.CancelToken;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Wakeup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ordered sequences of effects on PostgreSQL, one per action. They run on the action thread, contain no policy, and tell the loop of a
 * shutdown checkpoint so that it can release the lease; only the loop talks to the store.
 */
final class Procedures {

    private static final Logger LOG = LoggerFactory.getLogger(Procedures.class);

    /** A fast stop that needs longer than this loses to an immediate one when somebody else already leads. */
    private static final Duration NOT_LEADER_STOP_LIMIT = Duration.ofSeconds(10);
    /** A fast stop lets the standbys have what was acknowledged. The lease is about to end, so it gets less than half of the stop budget. */
    private static final Duration OFFLINE_STOP_LIMIT = Duration.ofSeconds(1);
    private static final Duration IMMEDIATE_STOP_LIMIT = Duration.ofSeconds(30);
    private static final Duration PLANNED_STOP_LIMIT = Duration.ofMinutes(5);
    private static final Duration PROMOTE_LIMIT = Duration.ofSeconds(60);
    private static final Duration CHECKPOINT_POLL = Duration.ofMillis(20);
    private static final Duration CHECKPOINT_LIMIT = Duration.ofMinutes(10);

    private final PostgresControl postgres;
    private final Tasks tasks;
    private final Formation formation;
    private final Consumer<Lsn> onShutdownCheckpoint;
    private final BooleanSupplier holdsLease;
    private volatile boolean checkpointPending;

    /** @param holdsLease whether the lease holds at that moment: asked again just before a server becomes a primary */
    Procedures(AgentParts parts, Consumer<Lsn> onShutdownCheckpoint, BooleanSupplier holdsLease) {
        this.postgres = parts.postgres();
        this.tasks = parts.tasks();
        this.formation = parts.formation();
        this.onShutdownCheckpoint = onShutdownCheckpoint;
        this.holdsLease = holdsLease;
    }

    /** Whether a new primary has not finished its first checkpoint: nobody can rewind against it yet. */
    boolean checkpointPending() {
        return checkpointPending;
    }

    Result run(Action action, CancelToken cancel) {
        return switch (action) {
            case Action.Bootstrap bootstrap -> result(postgres.bootstrapNew(cancel));
            case Action.CloneFrom clone -> result(
                    postgres.cloneFrom(new CloneSpec(clone.source(), clone.basebackupOnly()), cancel));
            case Action.Start start -> start(start, cancel);
            case Action.Promote promote -> promote(cancel);
            case Action.Demote demote -> demote(demote, cancel);
            case Action.Follow follow -> result(postgres.follow(follow.role(), follow.upstream(), cancel));
            case Action.CheckDivergence check -> divergence(check.upstream());
            case Action.Rewind rewind -> rewind(rewind.upstream(), cancel);
            case Action.Restart restart -> restart(restart, cancel);
            case Action.CopySlots copy -> result(postgres.copySlots(copy.primary(), copy.slots(), cancel));
            case Action.DiscardData discard -> discard(discard, cancel);
            case Action.Shutdown shutdown ->
                plannedStop(shutdown.releaseLease(), shutdown.stopTimeoutSeconds(), cancel);
        };
    }

    private Result start(Action.Start start, CancelToken cancel) {
        if (start.role() == PostgresRole.PRIMARY && !holdsLease.getAsBoolean()) {
            return new Result.Failed("the leader lock ended before PostgreSQL could be started as a primary");
        }
        return result(postgres.start(new StartSpec(start.role(), start.upstream(),
                Duration.ofSeconds(start.waitLimitSeconds())), cancel));
    }

    private Result promote(CancelToken cancel) {
        // First what takes time: the lock is looked at last.
        formation.beforePromote();
        if (!holdsLease.getAsBoolean()) {
            return new Result.Failed("the leader lock ended before the promotion");
        }
        checkpointPending = true;
        Outcome outcome = postgres.promote(PROMOTE_LIMIT, cancel);
        if (!outcome.isDone()) {
            checkpointPending = false;
            return result(outcome);
        }
        var _ = tasks.start("checkpoint", () -> {
            try {
                postgres.checkpoint(CHECKPOINT_LIMIT);
            } finally {
                checkpointPending = false;
            }
            return Boolean.TRUE;
        });
        return result(outcome);
    }

    private Result demote(Demote demote, CancelToken cancel) {
        Demote.Mode mode = demote.mode();
        Result stopped = switch (mode) {
            case GRACEFUL -> plannedStop(true, demote.stopTimeoutSeconds(), cancel);
            case STANDBY_CLUSTER -> plannedStop(false, demote.stopTimeoutSeconds(), cancel);
            case NOT_LEADER -> stopOrKill(NOT_LEADER_STOP_LIMIT, lsn -> {
            }, false, cancel);
            case OFFLINE -> stopOrKill(OFFLINE_STOP_LIMIT, lsn -> {
            }, false, cancel);
        };
        if (stopped instanceof Result.Done) {
            postgres.setRole(PostgresRole.DEMOTED);
            if (mode == Demote.Mode.STANDBY_CLUSTER) {
                postgres.archiveToTheEnd(cancel);
            }
        }
        return stopped;
    }

    private Result plannedStop(boolean handOver, int timeoutSeconds, CancelToken cancel) {
        tellBeforeStop(postgres.role() == PostgresRole.PRIMARY);
        Duration limit = timeoutSeconds > 0 ? Duration.ofSeconds(timeoutSeconds) : PLANNED_STOP_LIMIT;
        return stopOrKill(limit, handOver ? onShutdownCheckpoint : lsn -> {
        }, true, cancel);
    }

    private void tellBeforeStop(boolean primary) {
        if (primary && postgres.postmaster().isPresent()) {
            formation.beforeDemote();
        }
    }

    private Result stopOrKill(Duration fastLimit, Consumer<Lsn> shutdownCheckpoint, boolean checkpoint,
            CancelToken cancel) {
        Outcome fast = postgres.stop(new StopSpec(StopMode.FAST, checkpoint, fastLimit, () -> {
        }, shutdownCheckpoint, true), cancel);
        if (fast.isDone()) {
            return new Result.Done();
        }
        LOG.warn("PostgreSQL did not stop within {} s: stopping it at once", fastLimit.toSeconds());
        return result(postgres.stop(new StopSpec(StopMode.IMMEDIATE, false, IMMEDIATE_STOP_LIMIT, () -> {
        }, lsn -> {
        }, true), cancel));
    }

    private Result divergence(Upstream upstream) {
        return switch (postgres.checkDivergence(upstream)) {
            case NONE -> new Result.Divergence(Memory.Phase.FOLLOWS);
            case DIVERGED -> new Result.Divergence(Memory.Phase.DIVERGED);
            case FORKED -> new Result.Divergence(Memory.Phase.FORKED);
            case UNKNOWN -> new Result.Divergence(Memory.Phase.UNKNOWN);
        };
    }

    private Result rewind(Upstream upstream, CancelToken cancel) {
        Result stopped = stopStandby(cancel);
        if (!(stopped instanceof Result.Done)) {
            return stopped;
        }
        boolean clean = postgres.observe(Duration.ZERO).control().filter(control -> control.isCleanShutdown())
                .isPresent();
        if (!clean) {
            Outcome recovered = postgres.recoverFromCrash(cancel);
            if (!recovered.isDone()) {
                return result(recovered);
            }
        }
        return result(postgres.rewind(upstream, cancel));
    }

    /** A primary goes on until the checkpoint is done; only then the time without it begins. */
    private Result restart(Action.Restart restart, CancelToken cancel) {
        boolean primary = restart.role() == PostgresRole.PRIMARY;
        if (restart.checkpoint()) {
            awaitCheckpoint(cancel);
        }
        if (cancel.isCancelled()) {
            return new Result.Cancelled();
        }
        Duration limit = Duration.ofSeconds(restart.timeoutSeconds());
        if (postgres.postmaster().isEmpty()) {
            return start(new Action.Start(restart.role(), restart.upstream(), restart.timeoutSeconds()), cancel);
        }
        tellBeforeStop(primary);
        return result(postgres.restart(
                new RestartSpec(limit, () -> holdsLease.getAsBoolean() || !primary && startsAsStandby()), cancel));
    }

    /** Somebody may have promoted it by hand since the restart began. */
    private boolean startsAsStandby() {
        return postgres.observe(Duration.ZERO).data() instanceof PostgresView.Data.Present present
                && present.standbySignal();
    }

    /** A checkpoint that takes long must not keep anybody from ending the action. */
    private void awaitCheckpoint(CancelToken cancel) {
        Wakeup wakeup = tasks.newWakeup();
        cancel.onCancel(wakeup::signal);
        Tasks.Task<Boolean> checkpoint = tasks.start("checkpoint", () -> {
            try {
                return postgres.checkpoint(CHECKPOINT_LIMIT).isDone();
            } finally {
                wakeup.signal();
            }
        });
        try {
            while (!checkpoint.isDone() && !cancel.isCancelled()) {
                var _ = wakeup.await(CHECKPOINT_POLL);
            }
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        }
    }

    private Result discard(Action.DiscardData discard, CancelToken cancel) {
        boolean ordered = discard.order() != 0 && postgres.postmaster().isPresent();
        Result stopped = ordered
                ? result(postgres.stop(new StopSpec(StopMode.IMMEDIATE, false, IMMEDIATE_STOP_LIMIT, () -> {
                }, lsn -> {
                }, true), cancel))
                : stopStandby(cancel);
        return stopped instanceof Result.Done ? result(postgres.removeDataDirectory()) : stopped;
    }

    private Result stopStandby(CancelToken cancel) {
        if (postgres.postmaster().isEmpty()) {
            return new Result.Done();
        }
        return stopOrKill(NOT_LEADER_STOP_LIMIT, lsn -> {
        }, false, cancel);
    }

    private static Result result(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Done done -> new Result.Done();
            case Outcome.Failed failed -> new Result.Failed(failed.reason());
            case Outcome.Refused refused -> new Result.Refused(refused.reason());
            case Outcome.Cancelled cancelled -> new Result.Cancelled();
            case Outcome.TimedOut timedOut -> new Result.TimedOut();
        };
    }

    static Optional<String> failure(Result result) {
        return switch (result) {
            case Result.Failed failed -> Optional.of(failed.reason());
            case Result.Refused refused -> Optional.of(refused.reason());
            case Result.Done _,Result.Divergence _,Result.Cancelled _,Result.TimedOut _ -> Optional.empty();
        };
    }
}
