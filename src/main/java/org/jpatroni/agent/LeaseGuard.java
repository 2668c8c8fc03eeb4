package org.jpatroni.agent;

import java.time.Duration;
import java.util.Optional;
import org.jpatroni.decide.Action;
import org.jpatroni.decide.Facts;
import org.jpatroni.decide.Situation;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.WatchdogStatus;
import org.jpatroni.node.HaStatus;
import org.jpatroni.postgres.PostgresControl;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Wakeup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Self-fencing that does not depend on the loop being quick: when the lease is about to end and the loop hangs in a call, this task begins the
 * stop itself. It may do nothing else.
 */
final class LeaseGuard {

    private static final Logger LOG = LoggerFactory.getLogger(LeaseGuard.class);

    private static final long NANOS_PER_MILLI = 1_000_000L;

    private final LeaseKeeper lease;
    private final FenceKeeper fence;
    private final ActionSlot slot;
    private final Procedures procedures;
    private final PostgresControl postgres;
    private final StatusBoard board;
    private final Tasks tasks;
    private final Wakeup changed;
    private volatile boolean closed;

    LeaseGuard(AgentParts parts, LeaseKeeper lease, FenceKeeper fence, ActionSlot slot, Procedures procedures,
            StatusBoard board) {
        this.lease = lease;
        this.fence = fence;
        this.slot = slot;
        this.procedures = procedures;
        this.postgres = parts.postgres();
        this.board = board;
        this.tasks = parts.tasks();
        this.changed = parts.tasks().newWakeup();
    }

    void start() {
        var _ = tasks.start("lease-guard", () -> {
            while (!closed) {
                Duration pause = untilNextLook();
                if (!pause.isPositive()) {
                    stopPrimary();
                    pause = Duration.ofMillis(200);
                }
                var _ = changed.await(pause);
            }
            return Boolean.TRUE;
        });
    }

    void close() {
        closed = true;
        changed.signal();
    }

    /** A quarter of the stop budget after the moment at which the loop itself would have acted, and before the guard process does. */
    private Duration untilNextLook() {
        HaStatus status = board.current();
        DynamicConfig dynamic = status.dynamic();
        boolean primary = postgres.role() == PostgresRole.PRIMARY && postgres.postmaster().isPresent();
        if (!primary || dynamic.pause() || status.leaseDeadlineNanos().isEmpty()) {
            return Duration.ofSeconds(1);
        }
        Optional<Long> deadline = lease.deadlineNanos();
        WatchdogStatus watchdog = fence.device();
        long leaseEnds = deadline.orElseGet(() -> status.leaseDeadlineNanos().orElseThrow());
        long latest = watchdog.actsAtNanos().filter(acts -> acts - leaseEnds < 0).orElse(leaseEnds);
        Duration late = Situation.stopBudget(dynamic, watchdog).multipliedBy(3).dividedBy(4);
        return Duration.ofNanos(latest - late.toNanos() - tasks.time().nanos());
    }

    private void stopPrimary() {
        Action stop = new Action.Demote(Action.Demote.Mode.OFFLINE);
        if (slot.begin(stop, cancel -> procedures.run(stop, cancel))) {
            board.primaryStops();
            LOG.warn(
                    "the leader lock ends in {} ms and the store has not confirmed it again; the HA loop still waits for"
                            + " an answer, so PostgreSQL is stopped now, before another member can take the lock",
                    lease.deadlineNanos().map(deadline -> (deadline - tasks.time().nanos()) / NANOS_PER_MILLI)
                            .orElse(0L));
        } else if (slot.running().map(Facts.Running::action).filter(Action::isCancellable).isPresent()) {
            slot.cancel();
        }
    }
}
