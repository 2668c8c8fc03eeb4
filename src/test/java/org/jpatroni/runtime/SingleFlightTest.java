package org.jpatroni.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class SingleFlightTest {

    private final AtomicInteger flights = new AtomicInteger();

    @Test
    void whoComesDuringAFlightGetsTheNextOneTogether() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch mayEnd = new CountDownLatch(1);
        SingleFlight<Integer> flight = new SingleFlight<>("test", Tasks.system(), () -> {
            int number = flights.incrementAndGet();
            begun.countDown();
            awaitUninterrupted(mayEnd);
            return number;
        });
        CompletableFuture<Integer> first = flight.join();
        begun.await();
        CompletableFuture<Integer> second = flight.join();
        CompletableFuture<Integer> third = flight.join();
        mayEnd.countDown();
        assertThat(first.get()).isEqualTo(1);
        assertThat(second.get()).isEqualTo(2);
        assertThat(third.get()).isEqualTo(2);
    }

    @Test
    void flightsThatFollowOneAnotherShareAThread() throws Exception {
        Set<Thread> threads = new LinkedHashSet<>();
        SingleFlight<Integer> flight = new SingleFlight<>("test", Tasks.system(), () -> {
            threads.add(Thread.currentThread());
            return flights.incrementAndGet();
        });
        for (int i = 1; i <= 200; i++) {
            assertThat(flight.join().get()).isEqualTo(i);
        }
        assertThat(threads).hasSize(1);
    }

    @Test
    void aFlightThatFailsTellsSoAndTheNextOneFlies() throws Exception {
        SingleFlight<Integer> flight = new SingleFlight<>("test", Tasks.system(), () -> {
            if (flights.incrementAndGet() == 1) {
                throw new IllegalStateException("no answer");
            }
            return flights.get();
        });
        assertThatThrownBy(flight.join()::get).isInstanceOf(ExecutionException.class).hasMessageContaining("no answer");
        assertThat(flight.join().get()).isEqualTo(2);
    }

    @Test
    void noAnswerIsOlderThanItsQuestion() throws Exception {
        AtomicInteger clock = new AtomicInteger();
        SingleFlight<Integer> flight = new SingleFlight<>("test", Tasks.system(), clock::get);
        List<Tasks.Task<Boolean>> askers = new ArrayList<>();
        for (int asker = 0; asker < 4; asker++) {
            askers.add(Tasks.system().start("asker", () -> {
                for (int i = 0; i < 2_000; i++) {
                    int askedAt = clock.incrementAndGet();
                    assertThat(flight.join().get()).isGreaterThanOrEqualTo(askedAt);
                }
                return true;
            }));
        }
        for (Tasks.Task<Boolean> asker : askers) {
            assertThat(asker.await(Duration.ofSeconds(20))).isTrue();
            assertThat(asker.failure()).isEmpty();
        }
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }
}
