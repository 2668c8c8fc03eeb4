package org.jpatroni.api;

import java.time.Duration;
import java.time.Instant;
import org.jpatroni.runtime.Time;

/** The fixtures' moment, standing still. */
final class FixedTime implements Time {

    @Override
    public long nanos() {
        return NodeFixture.NOW;
    }

    @Override
    public Instant wall() {
        return Instant.parse("2026-11-22T19:46:04Z");
    }

    @Override
    public void sleep(Duration duration) {
        throw new IllegalStateException("nothing here waits");
    }
}
