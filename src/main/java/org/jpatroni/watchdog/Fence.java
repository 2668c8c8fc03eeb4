package org.jpatroni.watchdog;

/**
 * Stops a primary whose agent died or hangs past its lease. Implementations: the guard process (default), a watchdog device, none.
 */
public interface Fence extends AutoCloseable {

    /**
     * The primary may go on for so long.
     *
     * @param leaseDeadlineNanos when the lease ends, on the clock of {@code runtime.Time}: a point and not a duration, so that a process that
     *        stands still between reading the clock and calling this does not make the lease longer; in the past: stop it now
     * @param postmasterPid pid of the postmaster to stop
     * @param postmasterStartTicks start time as in {@code /proc/<pid>/stat}; the pair names the process beyond doubt
     * @return false when the fence does not work and the node should not lead if a fence is required
     */
    boolean extend(long leaseDeadlineNanos, long postmasterPid, long postmasterStartTicks);

    /** Nothing is to be fenced: not a primary, or paused. */
    void off();

    /** Whether it works. */
    boolean isHealthy();

    @Override
    void close();
}
