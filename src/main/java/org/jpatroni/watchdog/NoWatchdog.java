package org.jpatroni.watchdog;

import org.jpatroni.model.WatchdogStatus;

/** No watchdog device: mode {@code off}, and in tests. */
public enum NoWatchdog implements Watchdog {
    INSTANCE;

    @Override
    public WatchdogStatus status(Times times) {
        return WatchdogStatus.NONE;
    }

    @Override
    public void activate(Times times, long leaseDeadlineNanos) {
        // There is none.
    }

    @Override
    public void keepAlive(Times times, long leaseDeadlineNanos) {
        // There is none.
    }

    @Override
    public void disable() {
        // There is none.
    }

    @Override
    public void close() {
        // There is none.
    }
}
