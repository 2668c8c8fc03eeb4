package org.jpatroni.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jpatroni.dcs.ClusterKeys;
import org.jpatroni.dcs.ClusterStore;
import org.jpatroni.dcs.Faults;
import org.jpatroni.dcs.KvClusterStore;
import org.jpatroni.dcs.MemoryStore;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresObservation;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.Tags;
import org.jpatroni.node.HaStatus;
import org.jpatroni.node.NodeStatus;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Health checks and a PostgreSQL that hangs. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class StatusReaderTest {

    private static final Duration LIMIT = Duration.ofMillis(350);

    private final Tasks tasks = Tasks.system();
    private final StatusBoard board = new StatusBoard(HaStatus.starting("a", "demo", Tags.NONE, tasks.time().nanos())
            .with(PostgresState.RUNNING, PostgresRole.PRIMARY));
    private final AtomicInteger questions = new AtomicInteger();
    private final AtomicInteger probes = new AtomicInteger();
    private final Semaphore server = new Semaphore(0);
    private volatile boolean hangs;
    private final StatusReader reader = new StatusReader(board, () -> ask(questions, LIMIT),
            () -> ask(probes, Duration.ofSeconds(30)), store(tasks.time()), tasks, List::of);

    private static ClusterStore store(Time time) {
        return new KvClusterStore(new MemoryStore(time).client("a", time, Faults.NONE),
                ClusterKeys.of("/service", "demo"),
                "a", time);
    }

    private Optional<PostgresObservation> ask(AtomicInteger counter, Duration limit) {
        long begunAt = tasks.time().nanos();
        counter.incrementAndGet();
        try {
            if (hangs && !server.tryAcquire(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                return Optional.empty();
            }
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
        return Optional.of(new PostgresObservation(begunAt, false, 150018, Optional.empty(), OptionalInt.of(1),
                new Lsn(4711), Lsn.ZERO, Lsn.ZERO, Optional.empty(), false, Optional.empty(), Optional.empty(),
                Collections.emptyList(), Collections.emptyList()));
    }

    private NodeStatus check() throws Exception {
        return reader.status().get(5, TimeUnit.SECONDS);
    }

    @Test
    void onlyTheFirstCheckWaitsForAServerThatHangs() throws Exception {
        NodeStatus before = check();
        assertThat(before.stale()).isFalse();
        hangs = true;
        assertThat(check()).satisfies(first -> {
            assertThat(first.stale()).isTrue();
            assertThat(first.observation()).isEqualTo(before.observation());
        });
        assertThat(questions).hasValue(2);
        for (int i = 0; i < 1_000; i++) {
            assertThat(reader.status()).as("answered at once").isCompletedWithValueMatching(NodeStatus::stale);
        }
        assertThat(questions).as("a stuck question is not asked again").hasValue(2);
        await().untilAsserted(() -> assertThat(probes).hasValue(1));
        board.publish(now -> now.withState(PostgresState.STOPPED));
        assertThat(check().ha().state()).as("what the loop says counts at once").isEqualTo(PostgresState.STOPPED);
        board.publish(now -> now.withState(PostgresState.RUNNING));

        hangs = false;
        server.release();
        await().untilAsserted(() -> assertThat(check().stale()).isFalse());
        long askedAt = tasks.time().nanos();
        assertThat(check().observation().orElseThrow().begunAtNanos()).as("asked again, for each check")
                .isGreaterThanOrEqualTo(askedAt);
        assertThat(probes).hasValue(1);
    }

    @Test
    void whoeverComesWhileTheFirstWaitsIsAnsweredWithIt() throws Exception {
        check();
        hangs = true;
        var first = reader.status();
        await().untilAsserted(() -> assertThat(questions).hasValue(2));
        var second = reader.status();
        first.get(5, TimeUnit.SECONDS);
        long firstAnsweredAt = tasks.time().nanos();
        assertThat(second.get(5, TimeUnit.SECONDS).stale()).isTrue();
        assertThat(Duration.ofNanos(tasks.time().nanos() - firstAnsweredAt)).isLessThan(LIMIT);
        assertThat(questions).hasValue(2);
        server.release();
    }
}
