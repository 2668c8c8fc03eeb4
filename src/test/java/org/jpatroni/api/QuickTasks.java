package org.jpatroni.api;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;
import org.jpatroni.runtime.Wakeup;

/** Threads that never wait: each look at the clock finds it further on, so what waits for something that does not come gives up at once. */
final class QuickTasks implements Tasks {

    private static final long STEP_NANOS = Duration.ofSeconds(2).toNanos();

    private final AtomicLong nanos = new AtomicLong();
    private final Instant wall;

    QuickTasks(Instant wall) {
        this.wall = wall;
    }

    @Override
    public <T> Task<T> start(String name, Callable<T> body) {
        return Tasks.system().start(name, body);
    }

    @Override
    public Wakeup newWakeup() {
        return new Wakeup() {
            @Override
            public void signal() {
                // Whoever waits has gone on.
            }

            @Override
            public boolean await(Duration limit) {
                return false;
            }
        };
    }

    @Override
    public Time time() {
        return new Time() {
            @Override
            public long nanos() {
                return nanos.addAndGet(STEP_NANOS);
            }

            @Override
            public Instant wall() {
                return wall;
            }

            @Override
            public void sleep(Duration duration) {
                nanos.addAndGet(Math.max(0, duration.toNanos()));
            }
        };
    }
}
