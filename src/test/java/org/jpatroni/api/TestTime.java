package org.jpatroni.api;

import java.time.Duration;
import java.time.Instant;
import org.jpatroni.runtime.Time;

/** The real pace from the fixtures' moment on, so that fixtures stay fresh in tests with real sockets. */
final class TestTime implements Time {

    private final long startNanos = Time.system().nanos();

    @Override
    public long nanos() {
        return NodeFixture.NOW + Time.system().nanos() - startNanos;
    }

    @Override
    public Instant wall() {
        return Instant.parse("2026-11-22T19:46:04Z");
    }

    @Override
    public void sleep(Duration duration) throws InterruptedException {
        Time.system().sleep(duration);
    }
}
