package org.jpatroni.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class BreakerTest {

    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicInteger probes = new AtomicInteger();
    private final LinkedBlockingQueue<Optional<String>> toProbes = new LinkedBlockingQueue<>();
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final Breaker<String> breaker = new Breaker<>("probe", Tasks.system(), this::probe, heard::add);

    private Optional<String> probe() {
        probes.incrementAndGet();
        try {
            return toProbes.take();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    private Optional<String> stuck() {
        asked.incrementAndGet();
        return later(Optional.empty());
    }

    private Optional<String> at(Optional<String> answer) {
        asked.incrementAndGet();
        return answer;
    }

    private static <T> T later(T value) {
        try {
            Time.system().sleep(Breaker.STUCK_AFTER.plusMillis(1));
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
        return value;
    }

    @Test
    void answersAndQuickRefusalsPass() {
        assertThat(breaker.ask(() -> at(Optional.of("up")))).contains("up");
        assertThat(breaker.ask(() -> at(Optional.empty()))).isEmpty();
        assertThat(breaker.ask(() -> at(later(Optional.of("slow"))))).contains("slow");
        assertThat(breaker.isOpen()).isFalse();
        assertThat(probes).hasValue(0);
    }

    @Test
    void aStuckQuestionIsNotAskedAgainUntilTheProbeIsAnswered() {
        assertThat(breaker.ask(this::stuck)).isEmpty();
        long begun = Time.system().nanos();
        for (int i = 0; i < 1_000; i++) {
            assertThat(breaker.ask(this::stuck)).isEmpty();
        }
        assertThat(Duration.ofNanos(Time.system().nanos() - begun)).isLessThan(Duration.ofSeconds(10));
        assertThat(asked).as("questions").hasValue(1);
        await().untilAsserted(() -> assertThat(probes).as("probes").hasValue(1));

        toProbes.add(Optional.of("back"));
        await().untilAsserted(() -> assertThat(heard).containsExactly("back"));
        assertThat(breaker.isOpen()).isFalse();
        assertThat(breaker.ask(() -> at(Optional.of("up")))).contains("up");
        assertThat(probes).hasValue(1);
    }

    @Test
    void aProbeThatGetsStuckTooIsFollowedByAnother() throws Exception {
        breaker.ask(this::stuck);
        await().untilAsserted(() -> assertThat(probes).hasValue(1));
        Time.system().sleep(Breaker.STUCK_AFTER.plusMillis(1));
        toProbes.add(Optional.empty());
        await().untilAsserted(() -> assertThat(probes).hasValue(2));
        assertThat(breaker.isOpen()).isTrue();
    }

    @Test
    void aServerThatIsGoneClosesIt() {
        toProbes.add(Optional.empty());
        breaker.ask(this::stuck);
        await().untilAsserted(() -> assertThat(breaker.isOpen()).isFalse());
        assertThat(heard).isEmpty();
        assertThat(breaker.ask(() -> at(Optional.of("up")))).contains("up");
    }

    @Test
    void aFaultInTheProbeDoesNotLeaveItOpen() {
        Breaker<String> faulty = new Breaker<>("probe", Tasks.system(), () -> {
            throw new IllegalStateException("fault");
        }, heard::add);
        faulty.ask(this::stuck);
        await().untilAsserted(() -> assertThat(faulty.isOpen()).isFalse());
    }
}
