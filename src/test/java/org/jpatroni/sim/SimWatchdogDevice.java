package org.jpatroni.sim;

import java.io.IOException;
import java.time.Duration;
import org.jpatroni.config.NodeConfig.WatchdogConfig;
import org.jpatroni.config.NodeConfig.WatchdogConfig.Mode;
import org.jpatroni.watchdog.NoWatchdog;
import org.jpatroni.watchdog.SimulatedDevice;
import org.jpatroni.watchdog.Watchdog;
import org.jspecify.annotations.Nullable;

/**
 * The watchdog device of a machine: it is no part of the agent's process, and resets the machine when it was not kept alive. In most clusters
 * there is none; where there is, each machine has one, and sometimes one of them is broken.
 */
final class SimWatchdogDevice implements SimulatedDevice {

    private static final double SHARE = 0.15;

    private final SimKernel kernel;
    private final SimTime time;
    private final Mode mode;
    private final boolean broken;
    private final Runnable reset;
    private int timeoutSeconds = 60;
    private SimKernel.@Nullable Event alarm;

    /** @param reset switches the machine off and on again */
    SimWatchdogDevice(SimSetup setup, int node, SimKernel kernel, SimTime time, Runnable reset) {
        SimRandom random = new SimRandom(setup.seed()).fork("watchdog");
        boolean there = setup.mutant() == Mutant.NONE && !setup.faults().isEmpty() && random.chance(SHARE);
        this.mode = !there ? Mode.OFF : random.chance(0.6) ? Mode.REQUIRED : Mode.AUTOMATIC;
        this.broken = random.chance(0.3) && setup.nodes() > 2 && node == 0;
        this.kernel = kernel;
        this.time = time;
        this.reset = reset;
    }

    /** What an agent that starts is given. */
    Watchdog watchdog() {
        return mode == Mode.OFF
                ? NoWatchdog.INSTANCE
                : SimulatedDevice.watchdog(new WatchdogConfig(mode, "/dev/null", 5, "default"), time, this);
    }

    /** A machine whose device never worked would have been noticed before it could be the only one with data. */
    private boolean isBroken() {
        return broken && kernel.nowNanos() > 60_000_000_000L;
    }

    /** Whether the agent may not lead because of it. */
    boolean keepsFromLeading() {
        return mode == Mode.REQUIRED && isBroken();
    }

    @Override
    public void open() throws IOException {
        if (isBroken()) {
            throw new IOException("broken");
        }
        start();
    }

    @Override
    public void setTimeout(int seconds) {
        timeoutSeconds = seconds;
        start();
    }

    @Override
    public int timeout() {
        return timeoutSeconds;
    }

    @Override
    public void keepAlive() {
        start();
    }

    @Override
    public void closeInOrder() {
        off();
    }

    private void start() {
        off();
        alarm = kernel.after(time.trueInstant(Duration.ofSeconds(timeoutSeconds)) - kernel.nowNanos(), () -> {
            alarm = null;
            reset.run();
        });
    }

    void off() {
        SimKernel.Event armed = alarm;
        if (armed != null) {
            armed.callOff();
            alarm = null;
        }
    }
}
