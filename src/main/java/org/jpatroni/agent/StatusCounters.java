package org.jpatroni.agent;

import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.jpatroni.model.PostgresObservation;
import org.jpatroni.runtime.Histogram;
import org.jpatroni.runtime.Time;

/** Measures the question that health checks wait for: how long PostgreSQL takes to answer it, and how often it does not. */
public final class StatusCounters {

    private final Time time;
    private final Histogram durations = Histogram.ofSeconds(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
            0.5);
    private final LongAdder unanswered = new LongAdder();

    public StatusCounters(Time time) {
        this.time = time;
    }

    /** The same source, measured. */
    public StatusSource measured(StatusSource source) {
        return () -> {
            long startNanos = time.nanos();
            Optional<PostgresObservation> answer = source.ask();
            durations.record(time.nanos() - startNanos);
            if (answer.isEmpty()) {
                unanswered.increment();
            }
            return answer;
        };
    }

    Histogram.Snapshot durations() {
        return durations.snapshot();
    }

    long unanswered() {
        return unanswered.sum();
    }
}
