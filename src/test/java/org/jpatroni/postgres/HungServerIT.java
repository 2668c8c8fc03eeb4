package org.jpatroni.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.PostgresView.Postmaster;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.testing.UnprivilegedUser;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A server that runs and does not answer: all its processes are stopped. */
class HungServerIT {

    private static final int SIGCONT = 18;
    private static final int SIGSTOP = 19;
    private static final Duration LIMIT = Duration.ofSeconds(1);

    private final Path folder;
    private final LocalNode node;
    private final List<Long> stopped = new ArrayList<>();

    HungServerIT() throws IOException {
        folder = UnprivilegedUser.newFolder("hung");
        node = new LocalNode(folder, "a");
    }

    @AfterEach
    void cleanUp() {
        resume();
        node.close();
        LocalNode.delete(folder);
    }

    private void stopAll() {
        long postmaster = node.postmasterPid();
        Posix.kill(postmaster, SIGSTOP);
        stopped.add(postmaster);
        stopped.addAll(ProcFs.children(postmaster));
        stopped.forEach(pid -> Posix.kill(pid, SIGSTOP));
    }

    private void resume() {
        stopped.forEach(pid -> Posix.kill(pid, SIGCONT));
        stopped.clear();
    }

    private static double millisSince(long begun) {
        return (System.nanoTime() - begun) / 1e6;
    }

    @Test
    void isWaitedForOnceAndItsReturnIsTold() {
        assertThat(node.bootstrapNew()).isEqualTo(Outcome.done());
        assertThat(node.control().observe(LIMIT).isWritable()).isTrue();
        AtomicInteger changes = node.countChanges();
        stopAll();
        long begun = System.nanoTime();
        assertThat(node.control().observe(LIMIT).postmaster()).isInstanceOfSatisfying(Postmaster.Unresponsive.class,
                silent -> assertThat(silent.cause()).contains("1000 ms"));
        double first = millisSince(begun);
        begun = System.nanoTime();
        for (int i = 0; i < 10; i++) {
            assertThat(node.control().observe(LIMIT).postmaster()).isInstanceOfSatisfying(
                    Postmaster.Unresponsive.class, silent -> assertThat(silent.cause()).contains("1000 ms"));
        }
        double next = millisSince(begun);
        System.out.printf("a stopped server: first look %.0f ms, the next ten together %.0f ms%n", first, next);
        assertThat(first).isGreaterThan(900);
        assertThat(next).isLessThan(1000);
        assertThat(node.control().state()).isEqualTo(PostgresState.RUNNING);

        int before = changes.get();
        resume();
        begun = System.nanoTime();
        await().pollInterval(Duration.ofMillis(2)).until(() -> changes.get() > before);
        System.out.printf("it goes on: told after %.0f ms%n", millisSince(begun));
        assertThat(node.control().observe(LIMIT).isWritable()).isTrue();
    }
}
