package org.jpatroni.api;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;
import org.jpatroni.runtime.Wakeup;
import org.jspecify.annotations.Nullable;

/** Runs what it is given before it returns, on a clock that the test moves. */
final class InlineTasks implements Tasks {

    private long nanos = NodeFixture.NOW;

    void pass(Duration time) {
        nanos += time.toNanos();
    }

    @Override
    public <T> Task<T> start(String name, Callable<T> body) {
        try {
            return new Done<>(body.call(), null);
        } catch (Exception failure) {
            return new Done<>(null, failure);
        }
    }

    @Override
    public Wakeup newWakeup() {
        throw new IllegalStateException("nothing here waits");
    }

    @Override
    public Time time() {
        return new Time() {
            @Override
            public long nanos() {
                return nanos;
            }

            @Override
            public Instant wall() {
                return Instant.EPOCH;
            }

            @Override
            public void sleep(Duration duration) {
                pass(duration);
            }
        };
    }

    private record Done<T>(@Nullable T value, @Nullable Throwable thrown) implements Task<T> {
        @Override
        public boolean isDone() {
            return true;
        }

        @Override
        public void cancel() {
            // It is over.
        }

        @Override
        public boolean await(Duration limit) {
            return true;
        }

        @Override
        public Optional<T> result() {
            return Optional.ofNullable(value);
        }

        @Override
        public Optional<Throwable> failure() {
            return Optional.ofNullable(thrown);
        }
    }
}
