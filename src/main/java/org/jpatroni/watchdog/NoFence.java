package org.jpatroni.watchdog;

/** No fence: in use where a cluster is run without one on purpose, and in tests. */
public enum NoFence implements Fence {
    INSTANCE;

    @Override
    public boolean extend(long leaseDeadlineNanos, long postmasterPid, long postmasterStartTicks) {
        return true;
    }

    @Override
    public void off() {
        // Nothing runs.
    }

    @Override
    public boolean isHealthy() {
        return true;
    }

    @Override
    public void close() {
        // Nothing runs.
    }
}
