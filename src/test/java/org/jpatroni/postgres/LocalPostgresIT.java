package org.jpatroni.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jpatroni.config.DynamicConfigReader;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.PostgresView;
import org.jpatroni.model.PostgresView.Postmaster;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.postgres.PostgresControl.StopMode;
import org.jpatroni.postgres.PostgresControl.StopSpec;
import org.jpatroni.runtime.CancelToken;
import org.jpatroni.testing.UnprivilegedUser;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One server: made, started, stopped, killed, adopted. */
class LocalPostgresIT {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private Path folder = Path.of("/nonexistent");
    private LocalNode node;

    LocalPostgresIT() throws IOException {
        folder = UnprivilegedUser.newFolder("local");
        node = new LocalNode(folder, "a");
    }

    @BeforeEach
    void makeCluster() {
        assertThat(node.control().state()).isEqualTo(PostgresState.STOPPED);
        assertThat(node.control().role()).isEqualTo(PostgresRole.UNINITIALIZED);
        assertThat(node.control().observe(SECOND)).isEqualTo(PostgresView.nothing());
        assertThat(node.bootstrapNew()).isEqualTo(Outcome.done());
    }

    @AfterEach
    void cleanUp() {
        node.close();
        LocalNode.delete(folder);
    }

    @Test
    void aNewClusterRunsWithItsRolesAndReportsOneStart() throws Exception {
        assertThat(node.control().state()).isEqualTo(PostgresState.RUNNING);
        assertThat(node.control().role()).isEqualTo(PostgresRole.PRIMARY);
        PostgresView view = node.control().observe(SECOND);
        assertThat(view.isWritable()).isTrue();
        assertThat(view.control().orElseThrow().clusterState()).isEqualTo("in production");
        assertThat(node.queryText("SELECT string_agg(rolname, ',' ORDER BY rolname) FROM pg_roles"
                + " WHERE rolname IN ('postgres', 'replicator', 'rewinder') AND rolcanlogin"))
                .isEqualTo("postgres,replicator,rewinder");
        assertThat(node.queryText("SHOW data_checksums")).isEqualTo("on");
        awaitCallbacks("on_start primary batman");
    }

    @Test
    void aFastStopTellsItsMomentsInOrder() throws Exception {
        List<String> moments = Collections.synchronizedList(new ArrayList<>());
        AtomicLong begun = new AtomicLong(System.nanoTime());
        AtomicLong checkpointAt = new AtomicLong();
        Lsn before = node.insertPosition();
        List<Lsn> positions = new ArrayList<>();
        Outcome outcome = node.control().stop(new StopSpec(StopMode.FAST, true, LocalNode.LIMIT,
                () -> moments.add("safe"), lsn -> {
                    moments.add("checkpoint");
                    positions.add(lsn);
                    checkpointAt.set(System.nanoTime() - begun.get());
                }, true), new CancelToken());
        System.out.printf("fast stop: shutdown checkpoint seen after %.1f ms, process gone after %.1f ms%n",
                checkpointAt.get() / 1e6, (System.nanoTime() - begun.get()) / 1e6);
        assertThat(outcome).isEqualTo(Outcome.done());
        assertThat(moments).containsExactly("safe", "checkpoint");
        assertThat(positions.getFirst().isAfter(before)).isTrue();
        assertThat(node.control().state()).isEqualTo(PostgresState.STOPPED);
        PostgresView view = node.control().observe(SECOND);
        assertThat(view.postmaster()).isEqualTo(new Postmaster.Absent());
        assertThat(view.control().orElseThrow().isCleanPrimaryShutdown()).isTrue();
        awaitCallbacks("on_start primary batman", "on_stop primary batman");
    }

    @Test
    void startsAgainAfterAnImmediateStop() {
        assertThat(node.stop(StopMode.IMMEDIATE)).isEqualTo(Outcome.done());
        assertThat(node.control().observe(SECOND).control().orElseThrow().isCleanShutdown()).isFalse();
        long begun = System.nanoTime();
        assertThat(node.start(PostgresRole.PRIMARY, Optional.empty())).isEqualTo(Outcome.done());
        System.out.printf("start with crash recovery: ready after %.1f ms%n", (System.nanoTime() - begun) / 1e6);
        assertThat(node.control().state()).isEqualTo(PostgresState.RUNNING);
        awaitCallbacks("on_start primary batman", "on_stop primary batman", "on_start primary batman");
    }

    @Test
    void aRestartIsReportedAsOne() {
        long pid = node.postmasterPid();
        long begun = System.nanoTime();
        assertThat(
                node.control().restart(new PostgresControl.RestartSpec(LocalNode.LIMIT, () -> true), new CancelToken()))
                .isEqualTo(Outcome.done());
        System.out.printf("restart: %.1f ms%n", (System.nanoTime() - begun) / 1e6);
        assertThat(node.postmasterPid()).isNotEqualTo(pid);
        awaitCallbacks("on_start primary batman", "on_restart primary batman");
    }

    @Test
    void theEndOfAKilledPostmasterIsNoticedAtOnce() {
        AtomicInteger changes = node.countChanges();
        long pid = node.postmasterPid();
        long begun = System.nanoTime();
        assertThat(Posix.kill(pid, Posix.SIGKILL)).isTrue();
        await().pollInterval(Duration.ofMillis(1)).atMost(SECOND).until(() -> changes.get() > 0);
        long noticedMillis = (System.nanoTime() - begun) / 1_000_000;
        System.out.printf("SIGKILL of the postmaster: noticed after %d ms%n", noticedMillis);
        assertThat(node.control().state()).isEqualTo(PostgresState.CRASHED);
        assertThat(node.control().observe(SECOND).postmaster()).isEqualTo(new Postmaster.Absent());
        assertThat(noticedMillis).isLessThan(500);
    }

    @Test
    void aBackendThatOutlivesItsPostmasterDoesNotPreventTheStart() throws Exception {
        Thread busy = Thread.startVirtualThread(() -> {
            try {
                // Computes without ever waiting, so that it does not see that its postmaster is gone.
                node.execute("DO $$ DECLARE n bigint := 0; BEGIN LOOP n := n + 1; END LOOP; END $$");
            } catch (Exception expected) {
                Thread.currentThread().interrupt();
            }
        });
        await().until(() -> node.queryText("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO %'"
                + " AND state = 'active'").equals("1"));
        Posix.kill(node.postmasterPid(), Posix.SIGKILL);
        await().until(() -> node.control().postmaster().isEmpty());
        long begun = System.nanoTime();
        assertThat(node.start(PostgresRole.PRIMARY, Optional.empty())).isEqualTo(Outcome.done());
        System.out.printf("start over a busy orphaned backend: ready after %.1f ms%n",
                (System.nanoTime() - begun) / 1e6);
        busy.join();
    }

    @Test
    void aRunningPostmasterIsAdoptedAndWatched() {
        awaitCallbacks("on_start primary batman");
        long pid = node.postmasterPid();
        LocalPostgres second = node.newAgent();
        AtomicInteger changes = node.countChanges();
        await().until(() -> second.state() == PostgresState.RUNNING);
        assertThat(second.role()).isEqualTo(PostgresRole.PRIMARY);
        assertThat(second.postmaster().orElseThrow().pid()).isEqualTo(pid);
        assertThat(second.observe(SECOND).isWritable()).isTrue();
        awaitCallbacks("on_start primary batman", "on_start primary batman");
        int seen = changes.get();
        Posix.kill(pid, Posix.SIGKILL);
        await().pollInterval(Duration.ofMillis(1)).atMost(SECOND).until(() -> changes.get() > seen);
        assertThat(second.state()).isEqualTo(PostgresState.CRASHED);
    }

    @Test
    void aStoppedPostmasterProcessIsEndedByAnImmediateStop() {
        Posix.kill(node.postmasterPid(), 19);
        Outcome outcome = node.control().stop(new StopSpec(StopMode.IMMEDIATE, false, Duration.ofMillis(300), () -> {
        }, lsn -> {
        }, true), new CancelToken());
        assertThat(outcome).isEqualTo(Outcome.done());
        assertThat(node.control().postmaster()).isEmpty();
    }

    @Test
    void aStopThatTakesTooLongSaysSoAndGoesOn() {
        Posix.kill(node.postmasterPid(), 19);
        Outcome outcome = node.control().stop(new StopSpec(StopMode.FAST, false, Duration.ofMillis(200), () -> {
        }, lsn -> {
        }, true), new CancelToken());
        assertThat(outcome).isEqualTo(new Outcome.TimedOut());
        assertThat(node.control().state()).isEqualTo(PostgresState.STOP_FAILED);
        Posix.kill(node.postmasterPid(), 18);
        await().until(() -> node.control().state() == PostgresState.STOPPED);
    }

    @Test
    void changedSettingsAreReloadedOrWaitForARestart() {
        awaitCallbacks("on_start primary batman");
        node.control()
                .applyConfiguration(DynamicConfigReader.read(LocalNode.map("postgresql", LocalNode.map("parameters",
                        LocalNode.map("max_connections", 55, "work_mem", "5MB")))).config());
        await().untilAsserted(() -> assertThat(node.queryText("SHOW work_mem")).isEqualTo("5MB"));
        await().untilAsserted(() -> assertThat(node.control().observe(SECOND).pendingRestart())
                .containsOnlyKeys("max_connections")
                .containsEntry("max_connections", LocalNode.map("old_value", "100", "new_value", "55")));
        assertThat(node.callbacks()).contains("on_reload primary batman");
        assertThat(
                node.control().restart(new PostgresControl.RestartSpec(LocalNode.LIMIT, () -> true), new CancelToken()))
                .isEqualTo(Outcome.done());
        assertThat(node.control().observe(SECOND).pendingRestart()).isEmpty();
    }

    private void awaitCallbacks(String... lines) {
        await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> assertThat(node.callbacks()
                .stream().filter(line -> !line.startsWith("on_reload"))).containsExactly(lines));
    }
}
