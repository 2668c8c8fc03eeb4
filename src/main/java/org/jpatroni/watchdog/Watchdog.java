package org.jpatroni.watchdog;

import org.jpatroni.model.WatchdogStatus;

/** The device that resets the machine unless it is kept alive. Calls never throw: what goes wrong is in the {@link #status}. */
public interface Watchdog extends AutoCloseable {

    /** What the device's timeout follows from. */
    record Times(int ttlSeconds, int loopWaitSeconds) {
    }

    WatchdogStatus status(Times times);

    /**
     * Opens the device and starts its timer.
     *
     * @param leaseDeadlineNanos until when the leader lease holds, on the clock of {@code runtime.Time}
     */
    void activate(Times times, long leaseDeadlineNanos);

    /**
     * The lease was confirmed again: the timer starts anew, unless it would then run longer than the lease. A changed timeout is set first. Does
     * nothing while the device is not open.
     */
    void keepAlive(Times times, long leaseDeadlineNanos);

    /** Stops the timer and closes the device: nothing here can write any more, or the cluster is paused. */
    void disable();

    /** The process ends. A device that was not disabled before goes on and resets the machine. */
    @Override
    void close();
}
