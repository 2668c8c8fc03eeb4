package org.jpatroni.sim;

import java.time.Duration;
import java.time.Instant;
import org.jpatroni.runtime.Time;

/**
 * The clocks of one machine. The monotonic one starts anywhere (below zero too) and runs a little fast or slow, no more than leases
 * bear; the wall clock has an offset and may be stepped.
 */
final class SimTime implements Time {

    private static final Instant EPOCH = Instant.parse("2026-03-01T12:00:00Z");

    private final SimKernel kernel;
    private final long zeroNanos;
    private final long partsPerMillion;
    private long wallOffsetNanos;

    /** @param partsPerMillion how much faster than true time the machine's clocks run */
    SimTime(SimKernel kernel, long zeroNanos, long partsPerMillion, long wallOffsetNanos) {
        this.kernel = kernel;
        this.zeroNanos = zeroNanos;
        this.partsPerMillion = partsPerMillion;
        this.wallOffsetNanos = wallOffsetNanos;
    }

    @Override
    public long nanos() {
        return zeroNanos + drifted(kernel.nowNanos());
    }

    @Override
    public Instant wall() {
        return EPOCH.plusNanos(drifted(kernel.nowNanos()) + wallOffsetNanos);
    }

    @Override
    public void sleep(Duration duration) throws InterruptedException {
        if (duration.isPositive()) {
            SimThread thread = SimThread.required();
            long until = trueInstant(duration);
            while (kernel.nowNanos() < until) {
                thread.waitUntil(until);
            }
        }
    }

    /** True time at which this clock will have gone on by the duration. */
    long trueInstant(Duration duration) {
        long nanos = Math.min(duration.toNanos(), Long.MAX_VALUE / 4_000_000L);
        return kernel.nowNanos() + nanos - nanos * partsPerMillion / 1_000_000L;
    }

    void stepWallClock(long byNanos) {
        wallOffsetNanos += byNanos;
    }

    private long drifted(long trueNanos) {
        return trueNanos + trueNanos / 1_000_000L * partsPerMillion;
    }
}
