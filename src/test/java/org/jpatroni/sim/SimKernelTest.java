package org.jpatroni.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Wakeup;
import org.junit.jupiter.api.Test;

class SimKernelTest {

    private static final long SECOND = 1_000_000_000L;

    /** Three threads that sleep, signal and ask; returns the transcript's hash. */
    private static long busyRun(long seed, Carrier carrier) {
        SimKernel kernel = new SimKernel(seed, carrier);
        SimProcess process = new SimProcess(kernel, "node");
        SimTime time = new SimTime(kernel, -5 * SECOND, 100, 0);
        SimTasks tasks = new SimTasks(kernel, process, time);
        Wakeup wakeup = tasks.newWakeup();
        for (int i = 0; i < 3; i++) {
            int number = i;
            tasks.start("worker" + i, () -> {
                for (int round = 0; round < 50; round++) {
                    time.sleep(Duration.ofMillis(kernel.random().below(3)));
                    wakeup.signal();
                    kernel.trace("worker" + number, "round " + round);
                }
                return number;
            });
        }
        tasks.start("listener", () -> {
            for (int round = 0; round < 40; round++) {
                kernel.trace("listener", "woken " + wakeup.await(Duration.ofMillis(2)));
                List<Optional<Integer>> answers = tasks.askAll("ask", List.of(() -> 1, () -> {
                    time.sleep(Duration.ofSeconds(1));
                    return 2;
                }), Duration.ofMillis(1));
                kernel.trace("listener", "answers " + answers);
            }
            return 0;
        });
        kernel.runUntil(10 * SECOND);
        assertThat(kernel.failure()).isNull();
        return kernel.hash();
    }

    @Test
    void aSeedGivesTheSameRunOnBothCarriers() {
        assertThat(Carrier.best()).as("the test JVM opens java.lang").isInstanceOf(Carrier.Inline.class);
        long hash = busyRun(7, new Carrier.Inline());
        assertThat(busyRun(7, new Carrier.Inline())).isEqualTo(hash);
        assertThat(busyRun(7, new Carrier.Baton())).isEqualTo(hash);
        assertThat(busyRun(8, new Carrier.Inline())).isNotEqualTo(hash);
    }

    @Test
    void blockingOutsideTheSchedulerFailsWithTheStack() {
        SimKernel kernel = new SimKernel(1);
        SimProcess process = new SimProcess(kernel, "node");
        kernel.start(process, "stuck", () -> {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException never) {
                Thread.currentThread().interrupt();
            }
        });
        kernel.runUntil(SECOND);
        assertThat(Objects.requireNonNull(kernel.failure())).hasMessageContaining("blocked outside the scheduler")
                .hasMessageContaining("CountDownLatch.await");
    }

    @Test
    void aFrozenProcessRunsLateAndADeadOneNever() {
        SimKernel kernel = new SimKernel(1);
        SimProcess process = new SimProcess(kernel, "node");
        SimTime time = new SimTime(kernel, 0, 0, 0);
        SimTasks tasks = new SimTasks(kernel, process, time);
        List<Long> ticks = new ArrayList<>();
        tasks.start("ticker", () -> {
            while (true) {
                time.sleep(Duration.ofSeconds(1));
                ticks.add(kernel.nowNanos() / SECOND);
            }
        });
        kernel.after(SECOND + 1, process::freeze);
        kernel.after(5 * SECOND, process::thaw);
        kernel.after(7 * SECOND + 1, process::kill);
        kernel.runUntil(20 * SECOND);
        assertThat(ticks).containsExactly(1L, 5L, 6L, 7L);
    }

    @Test
    void cancelInterruptsTheWait() {
        SimKernel kernel = new SimKernel(1);
        SimTime time = new SimTime(kernel, 0, 0, 0);
        SimTasks tasks = new SimTasks(kernel, new SimProcess(kernel, "node"), time);
        List<String> seen = new ArrayList<>();
        Tasks.Task<String> sleeper = tasks.start("sleeper", () -> {
            time.sleep(Duration.ofHours(1));
            return "slept";
        });
        tasks.start("canceller", () -> {
            time.sleep(Duration.ofSeconds(2));
            sleeper.cancel();
            seen.add(sleeper.await(Duration.ofSeconds(1)) + " " + sleeper.failure().isPresent() + " "
                    + time.nanos() / SECOND);
            return 0;
        });
        kernel.runUntil(10 * SECOND);
        assertThat(seen).containsExactly("true true 2");
    }
}
