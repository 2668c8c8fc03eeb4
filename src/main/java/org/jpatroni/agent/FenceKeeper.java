package org.jpatroni.agent;

import java.util.Optional;
import org.jpatroni.decide.Action;
import org.jpatroni.decide.Facts;
import org.jpatroni.decide.Situation;
import org.jpatroni.model.ControlData;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresView.Postmaster;
import org.jpatroni.model.WatchdogStatus;
import org.jpatroni.postgres.PostgresControl;
import org.jpatroni.postgres.PostgresControl.PostmasterIdentity;
import org.jpatroni.watchdog.Fence;
import org.jpatroni.watchdog.Watchdog;

/**
 * Keeps the guard process and the watchdog device informed after every step: a primary may go on until its lease ends; a standby, a stopped
 * server and a paused cluster need neither. A primary whose lease has run out is left as it is: the deadline that they know still counts. While
 * an open device would reset the machine the guard has nothing to do. Rules open the device; here it is kept alive and closed.
 */
final class FenceKeeper {

    private final Fence fence;
    private final Watchdog watchdog;
    private final PostgresControl postgres;
    private long toldDeadlineNanos;
    private Optional<PostmasterIdentity> toldPostmaster = Optional.empty();
    /** At first nobody knows what a guard of an earlier agent was told, so it is told again. */
    private boolean isOff;
    private boolean paused;
    private WatchdogStatus device = WatchdogStatus.NONE;
    private long keptAliveUntilNanos;

    FenceKeeper(AgentParts parts) {
        this.fence = parts.fence();
        this.watchdog = parts.watchdog();
        this.postgres = parts.postgres();
    }

    synchronized void update(Situation s, Optional<Long> leaseDeadlineNanos) {
        paused = s.paused();
        updateDevice(s, leaseDeadlineNanos);
        Optional<PostmasterIdentity> postmaster = postgres.postmaster();
        boolean needless = paused || postmaster.isEmpty() || !s.mayBePrimary() && !becomesPrimary(s);
        if (needless || device.actsAtNanos().isPresent()) {
            off();
            return;
        }
        if (leaseDeadlineNanos.isEmpty()
                || !isOff && toldDeadlineNanos == leaseDeadlineNanos.get() && toldPostmaster.equals(postmaster)) {
            return;
        }
        extend(postmaster.get(), leaseDeadlineNanos.get());
    }

    private void off() {
        if (!isOff) {
            fence.off();
            isOff = true;
        }
    }

    /** This server is about to become a primary. In a paused cluster its agent may die without harm to it. */
    synchronized void arm(Optional<Long> leaseDeadlineNanos) {
        Optional<PostmasterIdentity> postmaster = postgres.postmaster();
        if (!paused && postmaster.isPresent() && leaseDeadlineNanos.isPresent() && device.actsAtNanos().isEmpty()) {
            extend(postmaster.get(), leaseDeadlineNanos.get());
        }
    }

    private void updateDevice(Situation s, Optional<Long> leaseDeadlineNanos) {
        DynamicConfig dynamic = s.facts().dynamic();
        Watchdog.Times times = new Watchdog.Times(dynamic.ttlSeconds(), dynamic.loopWaitSeconds());
        if (!s.facts().watchdog().isActive()) {
            device = s.facts().watchdog();
            keptAliveUntilNanos = leaseDeadlineNanos.orElse(0L);
            return;
        }
        if (!needsDevice(s)) {
            watchdog.disable();
        } else if (leaseDeadlineNanos.isPresent() && leaseDeadlineNanos.get() != keptAliveUntilNanos) {
            watchdog.keepAlive(times, leaseDeadlineNanos.get());
            keptAliveUntilNanos = leaseDeadlineNanos.get();
        }
        device = watchdog.status(times);
    }

    /**
     * Whoever leads keeps it open, also while PostgreSQL starts again. After that it stays open as long as somebody could write here; a server that has
     * written its shutdown checkpoint only archives and sends what there is.
     */
    private static boolean needsDevice(Situation s) {
        boolean stops = s.facts().request() == Facts.Request.SHUTDOWN
                || s.running().filter(Action::stopsPrimary).isPresent();
        boolean leads = s.holdsLease() && !stops && !s.standbyCluster();
        boolean stopping = s.postgres().postmaster() instanceof Postmaster.Stopping
                && s.postgres().control().filter(ControlData::isCleanShutdown).isEmpty();
        return !s.paused() && (leads || s.mayBePrimary() || becomesPrimary(s) || stopping);
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

    /** The watchdog device as it was after the last step. */
    synchronized WatchdogStatus device() {
        return device;
    }

    /** Whether this node could lead as far as guard and watchdog are concerned. */
    synchronized boolean isHealthy() {
        return fence.isHealthy() && !device.isInTheWay();
    }
}
