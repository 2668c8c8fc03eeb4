package org.jpatroni.runtime;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Keeps callers from waiting for a server that hangs. A question without answer that took its time opens the breaker: from then on callers
 * get no answer at once, while one probe beside them waits for the server. The first answer to the probe closes it again, and so does a
 * refusal that comes at once: a server that is gone does not hang.
 *
 * @param <T> what is answered
 */
public final class Breaker<T> {

    /** Whoever has no answer after this long was kept waiting: the time that a health check may take. */
    static final Duration STUCK_AFTER = Duration.ofMillis(50);

    private final String name;
    private final Tasks tasks;
    private final Supplier<Optional<T>> probe;
    private final Consumer<T> answered;
    private final AtomicBoolean open = new AtomicBoolean();

    /**
     * @param name of the probe's thread
     * @param probe the same question with more patience, bounded in time; asked anew until the breaker closes
     * @param answered hears of the answer to a probe, after the breaker was closed
     */
    public Breaker(String name, Tasks tasks, Supplier<Optional<T>> probe, Consumer<T> answered) {
        this.name = name;
        this.tasks = tasks;
        this.probe = probe;
        this.answered = answered;
    }

    /** Whether a question is still stuck, so that nobody else should ask. */
    public boolean isOpen() {
        return open.get();
    }

    /**
     * Asks, unless the breaker is open.
     *
     * @param question bounded in time, empty without an answer
     */
    public Optional<T> ask(Supplier<Optional<T>> question) {
        if (open.get()) {
            return Optional.empty();
        }
        long begunAtNanos = tasks.time().nanos();
        Optional<T> answer = question.get();
        if (isStuck(answer, begunAtNanos) && open.compareAndSet(false, true)) {
            tasks.startBlocking(name, this::waitForTheServer);
        }
        return answer;
    }

    private boolean isStuck(Optional<T> answer, long begunAtNanos) {
        return answer.isEmpty() && tasks.time().nanos() - begunAtNanos >= STUCK_AFTER.toNanos();
    }

    private Boolean waitForTheServer() {
        Optional<T> answer = Optional.empty();
        try {
            long begunAtNanos;
            do {
                begunAtNanos = tasks.time().nanos();
                answer = probe.get();
            } while (isStuck(answer, begunAtNanos));
        } finally {
            open.set(false);
        }
        answer.ifPresent(answered);
        return Boolean.TRUE;
    }
}
