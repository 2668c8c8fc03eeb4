package org.jpatroni.api;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where requests of one event loop wait for an answer of the node. All that came in one turn of the loop ask together, after the last
 * of them, so nobody gets an answer that is older than the question. Belongs to one loop; nothing here blocks.
 *
 * @param <T> what the node answers
 * @param <P> what the waiting get
 */
final class FlightDesk<T, P> {

    /** The node promises an answer well before this; a broken promise must not hold a health check. */
    private static final long PATIENCE_MILLIS = 900;

    private final ScheduledExecutorService loop;
    private final Supplier<CompletableFuture<T>> question;
    private final Supplier<T> withoutAnswer;
    private final Function<T, P> page;
    private List<Consumer<P>> waiting = new ArrayList<>();

    FlightDesk(ScheduledExecutorService loop, Supplier<CompletableFuture<T>> question, Supplier<T> withoutAnswer,
            Function<T, P> page) {
        this.loop = loop;
        this.question = question;
        this.withoutAnswer = withoutAnswer;
        this.page = page;
    }

    /** Adds one that waits; called on the loop, answered on the loop later, never at once. */
    void join(Consumer<P> waiter) {
        waiting.add(waiter);
        if (waiting.size() == 1) {
            loop.execute(this::ask);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // What is handed to the loop has no further outcome.
    private void ask() {
        Flight flight = new Flight(waiting);
        waiting = new ArrayList<>();
        CompletableFuture<T> answer;
        try {
            answer = question.get();
        } catch (RuntimeException fault) {
            answer = CompletableFuture.failedFuture(fault);
        }
        if (answer.isDone()) {
            flight.land(answer.isCompletedExceptionally() ? null : answer.join());
            return;
        }
        flight.patience = loop.schedule(() -> flight.land(null), PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        // The answer comes on a thread of the node's; a loop that is shutting down takes no more tasks, and nobody waits then.
        answer.whenComplete((value, fault) -> loop.execute(() -> flight.land(value)));
    }

    private final class Flight {
        private List<Consumer<P>> aboard;
        private @Nullable ScheduledFuture<?> patience;

        Flight(List<Consumer<P>> aboard) {
            this.aboard = aboard;
        }

        void land(@Nullable T answer) {
            List<Consumer<P>> passengers = aboard;
            aboard = List.of();
            ScheduledFuture<?> timer = patience;
            if (timer != null) {
                timer.cancel(false);
            }
            if (passengers.isEmpty()) {
                return;
            }
            P shared = page.apply(answer == null ? withoutAnswer.get() : answer);
            for (Consumer<P> passenger : passengers) {
                passenger.accept(shared);
            }
        }
    }
}
