package org.jpatroni.runtime;

import java.time.Duration;
import java.time.Instant;

/** The clocks of the machine. */
enum SystemTime implements Time {
    INSTANCE;

    @Override
    public long nanos() {
        return BootClock.nanos();
    }

    @Override
    public Instant wall() {
        return Instant.now();
    }

    @Override
    public void sleep(Duration duration) throws InterruptedException {
        if (duration.isPositive()) {
            Thread.sleep(duration);
        }
    }
}
