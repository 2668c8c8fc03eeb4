package org.jpatroni.runtime;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets many callers share one computation. Age contract: the value that a caller gets was computed by a flight that began after the call;
 * so at most two flights, the one under way and the next, cover any burst.
 *
 * @param <T> what is computed; the computation must not fail and must be bounded in time
 */
public final class SingleFlight<T> {

    private final Supplier<T> computation;
    private final Tasks tasks;
    private final String name;
    private boolean underWay;
    private @Nullable CompletableFuture<T> next;

    public SingleFlight(String name, Tasks tasks, Supplier<T> computation) {
        this.name = name;
        this.tasks = tasks;
        this.computation = computation;
    }

    /** Joins the next flight, and starts it when none is under way. */
    public CompletableFuture<T> join() {
        CompletableFuture<T> mine;
        synchronized (this) {
            if (underWay) {
                if (next == null) {
                    next = new CompletableFuture<>();
                }
                return next;
            }
            underWay = true;
            mine = new CompletableFuture<>();
        }
        CompletableFuture<T> first = mine;
        var _ = tasks.start(name, () -> {
            fly(first);
            return Boolean.TRUE;
        });
        return mine;
    }

    private void fly(CompletableFuture<T> first) {
        CompletableFuture<T> flight = first;
        while (flight != null) {
            try {
                flight.complete(computation.get());
            } catch (RuntimeException | Error failure) {
                flight.completeExceptionally(failure);
            }
            synchronized (this) {
                flight = next;
                next = null;
                underWay = flight != null;
            }
        }
    }
}
