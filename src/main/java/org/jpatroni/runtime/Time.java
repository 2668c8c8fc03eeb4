package org.jpatroni.runtime;

import java.time.Duration;
import java.time.Instant;

/** The only source of time. Leases and deadlines use the monotonic clock; the wall clock is for people and the wire. */
public interface Time {

    /** Monotonic nanoseconds; the zero point is arbitrary. */
    long nanos();

    /** The wall clock. */
    Instant wall();

    /** Waits on the monotonic clock; returns at once for zero or less. */
    void sleep(Duration duration) throws InterruptedException;

    /** A deadline from now on. */
    default Deadline deadlineIn(Duration duration) {
        return new Deadline(this, nanos() + duration.toNanos());
    }

    /** The real clocks. */
    static Time system() {
        return SystemTime.INSTANCE;
    }

    /**
     * A point on the monotonic clock.
     *
     * @param time the clock
     * @param atNanos the point
     */
    record Deadline(Time time, long atNanos) {

        public Duration left() {
            return Duration.ofNanos(Math.max(0, atNanos - time.nanos()));
        }

        public boolean isPast() {
            return time.nanos() - atNanos >= 0;
        }
    }
}
