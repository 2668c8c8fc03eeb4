package org.jpatroni.agent;

import java.util.Optional;
import org.jpatroni.decide.Action;
import org.jpatroni.decide.Situation;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.postgres.PostgresControl;
import org.jpatroni.postgres.PostgresControl.PostmasterIdentity;
import org.jpatroni.watchdog.Fence;

/**
 * Keeps the fence informed after every step: a primary may go on until its lease ends; a standby, a stopped server and a paused cluster need
 * no fence. A primary whose lease has run out is left as it is: the deadline that the fence knows still counts.
 */
final class FenceKeeper {

    private final Fence fence;
    private final PostgresControl postgres;
    private long toldDeadlineNanos;
    private Optional<PostmasterIdentity> toldPostmaster = Optional.empty();
    /** At first nobody knows what a guard of an earlier agent was told, so it is told again. */
    private boolean isOff;
    private boolean paused;

    FenceKeeper(Fence fence, PostgresControl postgres) {
        this.fence = fence;
        this.postgres = postgres;
    }

    synchronized void update(Situation s, Optional<Long> leaseDeadlineNanos) {
        Optional<PostmasterIdentity> postmaster = postgres.postmaster();
        paused = s.paused();
        if (paused || postmaster.isEmpty() || !s.mayBePrimary() && !becomesPrimary(s)) {
            if (!isOff) {
                fence.off();
                isOff = true;
            }
            return;
        }
        if (leaseDeadlineNanos.isEmpty()
                || !isOff && toldDeadlineNanos == leaseDeadlineNanos.get() && toldPostmaster.equals(postmaster)) {
            return;
        }
        extend(postmaster.get(), leaseDeadlineNanos.get());
    }

    /** This server is about to become a primary. In a paused cluster its agent may die without harm to it. */
    synchronized void arm(Optional<Long> leaseDeadlineNanos) {
        Optional<PostmasterIdentity> postmaster = postgres.postmaster();
        if (!paused && postmaster.isPresent() && leaseDeadlineNanos.isPresent()) {
            extend(postmaster.get(), leaseDeadlineNanos.get());
        }
    }

    /** The view of this cycle may be older than what the action has done since. */
    private static boolean becomesPrimary(Situation s) {
        return s.running().filter(action -> action instanceof Action.Promote
                || action instanceof Action.Start start && start.role() == PostgresRole.PRIMARY
                || action instanceof Action.Restart restart && restart.role() == PostgresRole.PRIMARY).isPresent();
    }

    private void extend(PostmasterIdentity postmaster, long deadlineNanos) {
        fence.extend(deadlineNanos, postmaster.pid(), postmaster.startTicks());
        toldDeadlineNanos = deadlineNanos;
        toldPostmaster = Optional.of(postmaster);
        isOff = false;
    }

    boolean isHealthy() {
        return fence.isHealthy();
    }
}
