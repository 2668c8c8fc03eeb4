package org.jpatroni.runtime;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets many callers share one computation. Age contract: the value that a caller gets was computed by a flight that began after the call;
 * so at most two flights, the one under way and the next, cover any burst.
 *
 * <p>
 * Flights share a thread that stays for a while, since flights come in quick succession or not at all. It is one of its own, so that a
 * flight that waits for a socket is woken by the kernel and by nobody else.
 *
 * @param <T> what is computed; the computation must not fail and must be bounded in time
 */
public final class SingleFlight<T> {

    private static final Duration IDLE_MAX = Duration.ofSeconds(30);

    private final Supplier<T> computation;
    private final Tasks tasks;
    private final String name;
    private final Wakeup wanted;
    private @Nullable CompletableFuture<T> next;
    /** There is a thread; it flies, or waits for {@link #wanted}. */
    private boolean crewed;
    private boolean waiting;

    public SingleFlight(String name, Tasks tasks, Supplier<T> computation) {
        this.name = name;
        this.tasks = tasks;
        this.computation = computation;
        this.wanted = tasks.newWakeup();
    }

    /** Joins the next flight, and starts it when none is under way. */
    public CompletableFuture<T> join() {
        CompletableFuture<T> mine;
        boolean start;
        boolean wake;
        synchronized (this) {
            if (next == null) {
                next = new CompletableFuture<>();
            }
            mine = next;
            start = !crewed;
            wake = waiting;
            crewed = true;
            waiting = false;
        }
        if (start) {
            tasks.startBlocking(name, this::flyWhileWanted);
        } else if (wake) {
            wanted.signal();
        }
        return mine;
    }

    private Boolean flyWhileWanted() throws InterruptedException {
        while (true) {
            CompletableFuture<T> flight = board();
            if (flight == null) {
                wanted.await(IDLE_MAX);
                flight = boardOrLeave();
                if (flight == null) {
                    return Boolean.TRUE;
                }
            }
            try {
                flight.complete(computation.get());
            } catch (RuntimeException | Error failure) {
                flight.completeExceptionally(failure);
            }
        }
    }

    private synchronized @Nullable CompletableFuture<T> board() {
        CompletableFuture<T> flight = next;
        next = null;
        waiting = flight == null;
        return flight;
    }

    private synchronized @Nullable CompletableFuture<T> boardOrLeave() {
        CompletableFuture<T> flight = board();
        waiting = false;
        crewed = flight != null;
        return flight;
    }
}
