package org.jpatroni.operation;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Wakeup;

/** Waits for what the HA loop answers. */
final class OrderWait {

    private static final Duration LONG = Duration.ofMinutes(10);

    private OrderWait() {
    }

    /**
     * Asks, and waits until there is an answer: the loop gives one to every question that it took.
     *
     * @param question says whether it was taken; is given where the answer goes
     * @return empty when it was not taken
     */
    static <T> Optional<T> answer(Tasks tasks, Predicate<Consumer<T>> question) throws InterruptedException {
        AtomicReference<Optional<T>> answer = new AtomicReference<>(Optional.empty());
        Wakeup answered = tasks.newWakeup();
        boolean taken = question.test(value -> {
            answer.set(Optional.of(value));
            answered.signal();
        });
        while (taken && answer.get().isEmpty()) {
            var _ = answered.await(LONG);
        }
        return answer.get();
    }
}
