package org.jpatroni.watchdog;

import java.time.Duration;

/**
 * Stops a primary whose agent died or hangs past its lease. Implementations: the guard process (default), a watchdog device, none.
 */
public interface Fence extends AutoCloseable {

    /**
     * The primary may go on for so long.
     *
     * @param leaseLeft time until the lease ends, now
     * @param postmasterPid pid of the postmaster to stop
     * @param postmasterStartTicks start time as in {@code /proc/<pid>/stat}; the pair names the process beyond doubt
     * @return false when the fence does not work and the node should not lead if a fence is required
     */
    boolean extend(Duration leaseLeft, long postmasterPid, long postmasterStartTicks);

    /** Nothing is to be fenced: not a primary, or paused. */
    void off();

    /** Whether it works. */
    boolean isHealthy();

    @Override
    void close();
}
