package org.jpatroni.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jpatroni.runtime.Time;
import org.junit.jupiter.api.Test;

class CountersTest {

    private final LoopCounters loop = new LoopCounters();
    private final OperationCounters operations = new OperationCounters();

    @Test
    void anotherHolderIsAChangeOfLeaderAndNothingElseIs() {
        loop.seen(FilledCounters.ledBy());
        loop.seen(FilledCounters.ledBy("a"));
        assertThat(loop.leaderChanges()).as("the first one seen").isZero();
        loop.seen(FilledCounters.ledBy());
        loop.seen(FilledCounters.ledBy("a"));
        assertThat(loop.leaderChanges()).as("the same again").isZero();
        loop.seen(FilledCounters.ledBy());
        loop.seen(FilledCounters.ledBy("b"));
        loop.seen(FilledCounters.ledBy("a"));
        assertThat(loop.leaderChanges()).isEqualTo(2);
    }

    @Test
    void slotsAreThoseOfTheLastCycle() {
        loop.seen(Optional.of(FilledCounters.primary(5_000)));
        assertThat(loop.slots()).containsExactly(entry("ahead", new LoopCounters.Slot(true, Optional.of(0L))),
                entry("node0", new LoopCounters.Slot(true, Optional.of(900L))),
                entry("unused", new LoopCounters.Slot(false, Optional.empty())));
        loop.seen(Optional.empty());
        assertThat(loop.slots()).isEmpty();
    }

    @Test
    void operationsAreThereBeforeTheFirstAndBounded() {
        assertThat(operations.values()).hasSize(18).containsEntry(
                new OperationCounters.Key("failover", OperationCounters.REFUSED), 0L);
        operations.count("restart", OperationCounters.SUCCESS);
        operations.count("restart", "scheduled");
        assertThat(operations.values()).hasSize(19)
                .containsEntry(new OperationCounters.Key("restart", OperationCounters.SUCCESS), 1L)
                .containsEntry(new OperationCounters.Key("restart", "scheduled"), 1L);
        for (int i = 0; i < 1_000; i++) {
            operations.count("made up " + i, "by a client");
        }
        assertThat(operations.values()).hasSizeLessThanOrEqualTo(OperationCounters.SERIES_MAX + 1);
        assertThat(operations.values().values().stream().mapToLong(Long::longValue).sum()).isEqualTo(1_002);
    }

    @Test
    void operationsOfManyThreadsAreAllCounted() throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            threads.add(Thread.ofPlatform().start(() -> {
                for (int n = 0; n < 5_000; n++) {
                    operations.count("reload", n % 2 == 0 ? OperationCounters.SUCCESS : "new");
                    loop.rule("rule" + n % 3);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(operations.values())
                .containsEntry(new OperationCounters.Key("reload", OperationCounters.SUCCESS), 20_000L)
                .containsEntry(new OperationCounters.Key("reload", "new"), 20_000L);
        assertThat(loop.rules().values().stream().mapToLong(Long::longValue).sum()).isEqualTo(40_000);
    }

    @Test
    void aQuestionWithoutAnAnswerIsMeasuredToo() {
        StatusCounters status = new StatusCounters(Time.system());
        StatusSource source = status.measured(Optional::empty);
        assertThat(source.ask()).isEmpty();
        assertThat(source.ask()).isEmpty();
        assertThat(status.unanswered()).isEqualTo(2);
        assertThat(status.durations().count()).isEqualTo(2);
    }
}
