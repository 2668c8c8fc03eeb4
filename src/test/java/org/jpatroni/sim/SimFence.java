package org.jpatroni.sim;

import java.time.Duration;
import org.jpatroni.postgres.PostgresControl.StopMode;
import org.jpatroni.watchdog.Fence;
import org.jpatroni.watchdog.GuardFence;
import org.jspecify.annotations.Nullable;

/**
 * The guard process beside the agent: knows the lease deadline on the machine's own clock, and stops a primary whose agent did not
 * extend it in time. It is no part of the agent's process: killing or freezing the agent does not touch it.
 */
final class SimFence implements Fence {

    private static final Duration MARGIN = GuardFence.STOP_MARGIN;
    private static final Duration FAST_STOP = GuardFence.FAST_STOP;

    private final SimKernel kernel;
    private final SimTime time;
    private final SimPostgres server;
    private final boolean enabled;
    private final Runnable fires;
    private SimKernel.@Nullable Event alarm;

    /** @param fires told before the guard stops a server */
    SimFence(SimKernel kernel, SimTime time, SimPostgres server, boolean enabled, Runnable fires) {
        this.kernel = kernel;
        this.time = time;
        this.server = server;
        this.enabled = enabled;
        this.fires = fires;
    }

    @Override
    public boolean extend(long leaseDeadlineNanos, long postmasterPid, long postmasterStartTicks) {
        off();
        if (enabled) {
            Duration left = Duration.ofNanos(leaseDeadlineNanos - time.nanos()).minus(MARGIN);
            alarm = kernel.after(time.trueInstant(left) - kernel.nowNanos(),
                    () -> fire(postmasterPid, postmasterStartTicks));
        }
        return true;
    }

    private boolean runs(long pid, long startTicks) {
        return server.phase() != SimPostgres.Phase.DOWN && server.pid() == pid && server.startTicks() == startTicks;
    }

    private void fire(long pid, long startTicks) {
        alarm = null;
        if (runs(pid, startTicks)) {
            fires.run();
            server.trace("guard: the lease ends, stopping the postmaster");
            server.beginStop(StopMode.FAST, () -> {
            }, lsn -> {
            });
            kernel.after(FAST_STOP.toNanos(), () -> {
                if (runs(pid, startTicks)) {
                    server.vanish("killed by the guard");
                }
            });
        }
    }

    @Override
    public void off() {
        SimKernel.Event armed = alarm;
        if (armed != null) {
            armed.callOff();
            alarm = null;
        }
    }

    @Override
    public boolean isHealthy() {
        return true;
    }

    @Override
    public void close() {
        off();
    }
}
