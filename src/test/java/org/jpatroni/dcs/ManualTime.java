package org.jpatroni.dcs;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.jpatroni.runtime.Time;

/** A clock that stands still until the test moves it. */
public final class ManualTime implements Time {

    private final AtomicLong nanos = new AtomicLong(1_000_000_000_000L);

    @Override
    public long nanos() {
        return nanos.get();
    }

    @Override
    public Instant wall() {
        return Instant.ofEpochSecond(0, nanos.get());
    }

    @Override
    public void sleep(Duration duration) {
        advance(duration);
    }

    /** Moves on. */
    public void advance(Duration duration) {
        nanos.addAndGet(duration.toNanos());
    }
}
