package org.jpatroni.sim;

import java.time.Duration;
import org.jpatroni.watchdog.Fence;
import org.jspecify.annotations.Nullable;

/**
 * The guard process beside the agent: knows the lease deadline on the machine's own clock, and stops a primary whose agent did not
 * extend it in time. It is no part of the agent's process: killing or freezing the agent does not touch it.
 */
final class SimFence implements Fence {

    private final SimKernel kernel;
    private final SimTime time;
    private final SimPostgres server;
    private final boolean enabled;
    private SimKernel.@Nullable Event alarm;

    SimFence(SimKernel kernel, SimTime time, SimPostgres server, boolean enabled) {
        this.kernel = kernel;
        this.time = time;
        this.server = server;
        this.enabled = enabled;
    }

    @Override
    public boolean extend(long leaseDeadlineNanos, long postmasterPid, long postmasterStartTicks) {
        off();
        if (enabled) {
            long delay = time.trueInstant(Duration.ofNanos(leaseDeadlineNanos - time.nanos())) - kernel.nowNanos();
            alarm = kernel.after(delay, () -> fire(postmasterPid, postmasterStartTicks));
        }
        return true;
    }

    private void fire(long pid, long startTicks) {
        alarm = null;
        boolean same = server.pid() == pid && server.startTicks() == startTicks;
        boolean primary = !server.standbySignal() && server.phase() != SimPostgres.Phase.DOWN;
        if (same && primary) {
            server.trace("guard: the lease ended, stopping the primary");
            server.vanish("stopped by the guard");
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
