package org.jpatroni.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresView;
import org.jpatroni.model.PostgresView.Replication;
import org.jpatroni.model.TimelineHistory;
import org.jpatroni.model.Upstream;
import org.jpatroni.postgres.PostgresControl.Divergence;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.postgres.PostgresControl.StopMode;
import org.jpatroni.runtime.CancelToken;
import org.jpatroni.testing.UnprivilegedUser;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two servers that copy, follow, promote and rewind. */
class ReplicaAndRewindIT {

    private static final Duration SECOND = Duration.ofSeconds(2);

    private final Path folder;
    private final LocalNode a;
    private final LocalNode b;

    ReplicaAndRewindIT() throws IOException {
        folder = UnprivilegedUser.newFolder("replica");
        a = new LocalNode(folder, "a");
        b = new LocalNode(folder, "b");
    }

    @BeforeEach
    void makeReplica() throws Exception {
        assertThat(a.bootstrapNew()).isEqualTo(Outcome.done());
        a.execute("CREATE TABLE public.t (i int)", "INSERT INTO public.t VALUES (1)");
        assertThat(b.control().cloneFrom(Optional.of(a.asUpstream()), new CancelToken())).isEqualTo(Outcome.done());
        assertThat(b.start(PostgresRole.REPLICA, Optional.of(a.asUpstream()))).isEqualTo(Outcome.done());
        awaitRow(b, "1");
    }

    @AfterEach
    void cleanUp() {
        b.close();
        a.close();
        LocalNode.delete(folder);
    }

    @Test
    void aCopyFollowsAndKnowsIt() throws Exception {
        PostgresView view = b.control().observe(SECOND);
        Replication replication = view.replication().orElseThrow();
        assertThat(replication.inRecovery()).isTrue();
        assertThat(b.control().role()).isEqualTo(PostgresRole.REPLICA);
        assertThat(b.control().follows(a.asUpstream())).isTrue();
        assertThat(b.control().follows(new Upstream.Nobody())).isFalse();
        assertThat(b.control().checkDivergence(a.asUpstream())).isEqualTo(Divergence.NONE);
        assertThat(Files.exists(b.folder.resolve("data.unfinished-copy"))).isFalse();
        await().untilAsserted(() -> assertThat(b.callbacks()).containsExactly("on_start replica batman"));

        // A second agent over a running standby keeps its upstream when it writes the files anew.
        b.newAgent().applyConfiguration(org.jpatroni.model.DynamicConfig.DEFAULT);
        await().until(() -> b.control().follows(a.asUpstream()));
        assertThat(b.control().role()).isEqualTo(PostgresRole.REPLICA);
        a.execute("INSERT INTO public.t VALUES (2)");
        awaitRow(b, "1,2");
    }

    @Test
    void afterAnOrderlySwitchTheOldPrimaryFollowsWithoutRewind() throws Exception {
        assertThat(a.stop(StopMode.FAST)).isEqualTo(Outcome.done());
        promote(b);
        assertThat(a.control().checkDivergence(b.asUpstream())).isEqualTo(Divergence.NONE);
        assertThat(a.start(PostgresRole.REPLICA, Optional.of(b.asUpstream()))).isEqualTo(Outcome.done());
        b.execute("INSERT INTO public.t VALUES (2)");
        awaitRow(a, "1,2");
        TimelineHistory history = b.control().timelineHistory(2).orElseThrow();
        assertThat(history.entries()).singleElement().satisfies(entry -> {
            assertThat(entry.timeline()).isEqualTo(1);
            assertThat(entry.newLeader()).contains("b");
            assertThat(entry.timestamp().orElseThrow()).endsWith("+00:00");
        });
        await().untilAsserted(() -> assertThat(withoutReload(b)).containsExactly("on_start replica batman",
                "on_role_change primary batman"));
        // Stopped by us as a primary, so that its start as a replica is a change of role.
        await().untilAsserted(() -> assertThat(withoutReload(a)).endsWith("on_role_change replica batman"));
    }

    @Test
    void aCrashedPrimaryIsRecoveredRewoundAndFollows() throws Exception {
        b.control().stop(stopSpec(), new CancelToken());
        // What b never received.
        a.execute("INSERT INTO public.t VALUES (99)");
        Posix.kill(a.postmasterPid(), Posix.SIGKILL);
        await().until(() -> a.control().postmaster().isEmpty());
        assertThat(b.start(PostgresRole.REPLICA, Optional.of(new Upstream.Nobody()))).isEqualTo(Outcome.done());
        promote(b);
        b.execute("INSERT INTO public.t VALUES (2)");

        assertThat(a.control().canRewind()).isTrue();
        assertThat(a.control().checkDivergence(b.asUpstream())).isEqualTo(Divergence.UNKNOWN);
        long begun = System.nanoTime();
        assertThat(a.control().recoverFromCrash(new CancelToken())).isEqualTo(Outcome.done());
        System.out.printf("crash recovery in single user mode: %.1f ms%n", (System.nanoTime() - begun) / 1e6);
        assertThat(a.control().checkDivergence(b.asUpstream())).isEqualTo(Divergence.DIVERGED);
        assertThat(b.control().checkpoint(LocalNode.LIMIT)).isEqualTo(Outcome.done());
        begun = System.nanoTime();
        assertThat(a.control().rewind(b.asUpstream(), new CancelToken())).isEqualTo(Outcome.done());
        System.out.printf("pg_rewind: %.1f ms%n", (System.nanoTime() - begun) / 1e6);
        assertThat(a.start(PostgresRole.REPLICA, Optional.of(b.asUpstream()))).isEqualTo(Outcome.done());
        awaitRow(a, "1,2");
        assertThat(a.control().checkDivergence(b.asUpstream())).isEqualTo(Divergence.NONE);
    }

    /** The first of them died before the second saw its timeline; at different positions, and at the same one. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void twoPromotionsToOneNumberAreAFork(boolean atOnePosition) throws Exception {
        try (LocalNode c = new LocalNode(folder, "c")) {
            assertThat(c.control().cloneFrom(Optional.of(a.asUpstream()), new CancelToken())).isEqualTo(Outcome.done());
            assertThat(c.start(PostgresRole.REPLICA, Optional.of(a.asUpstream()))).isEqualTo(Outcome.done());
            awaitRow(c, "1");
            if (!atOnePosition) {
                assertThat(c.stop(StopMode.FAST)).isEqualTo(Outcome.done());
                a.execute("INSERT INTO public.t VALUES (2)");
                awaitRow(b, "1,2");
            }
            // Both receive the shutdown checkpoint, unless stopped before.
            assertThat(a.stop(StopMode.FAST)).isEqualTo(Outcome.done());
            promote(b);
            b.execute("INSERT INTO public.t VALUES (3)");
            assertThat(b.stop(StopMode.FAST)).isEqualTo(Outcome.done());
            if (!atOnePosition) {
                assertThat(c.start(PostgresRole.REPLICA, Optional.of(new Upstream.Nobody()))).isEqualTo(Outcome.done());
            }
            promote(c);
            c.execute("INSERT INTO public.t VALUES (4)");
            assertThat(c.control().checkpoint(LocalNode.LIMIT)).isEqualTo(Outcome.done());
            assertThat(switchPoint(b).equals(switchPoint(c))).isEqualTo(atOnePosition);

            assertThat(b.control().checkDivergence(c.asUpstream())).isEqualTo(Divergence.FORKED);
            // pg_rewind sees nothing to do: exit status 0, and nothing is mended.
            assertThat(b.control().rewind(c.asUpstream(), new CancelToken())).isEqualTo(Outcome.done());
            assertThat(b.control().checkDivergence(c.asUpstream())).isEqualTo(Divergence.FORKED);
            assertThat(b.control().removeDataDirectory()).isEqualTo(Outcome.done());
            assertThat(b.control().cloneFrom(Optional.of(c.asUpstream()), new CancelToken())).isEqualTo(Outcome.done());
            assertThat(b.start(PostgresRole.REPLICA, Optional.of(c.asUpstream()))).isEqualTo(Outcome.done());
            awaitRow(b, "1,4");
            assertThat(b.control().checkDivergence(c.asUpstream())).isEqualTo(Divergence.NONE);
            // The primary that never was on that timeline follows where it can.
            assertThat(a.control().checkDivergence(c.asUpstream()))
                    .isEqualTo(atOnePosition ? Divergence.NONE : Divergence.DIVERGED);
        }
    }

    private static org.jpatroni.model.Lsn switchPoint(LocalNode node) {
        return node.control().timelineHistory(2).orElseThrow().entries().getLast().switchPoint();
    }

    @Test
    void aRunningPrimaryThatIsToldToFollowRestartsAndAReplicaOnlyReloads() throws Exception {
        long pid = b.postmasterPid();
        assertThat(b.control().follow(PostgresRole.REPLICA, new Upstream.Nobody(), new CancelToken()))
                .isEqualTo(Outcome.done());
        assertThat(b.postmasterPid()).isEqualTo(pid);
        await().until(() -> b.control().follows(new Upstream.Nobody()));
        assertThat(b.control().follow(PostgresRole.REPLICA, a.asUpstream(), new CancelToken()))
                .isEqualTo(Outcome.done());
        assertThat(b.postmasterPid()).isEqualTo(pid);
        await().until(() -> b.control().follows(a.asUpstream()));
        a.execute("INSERT INTO public.t VALUES (2)");
        awaitRow(b, "1,2");

        long primaryPid = a.postmasterPid();
        assertThat(a.control().follow(PostgresRole.REPLICA, new Upstream.Nobody(), new CancelToken()))
                .isEqualTo(Outcome.done());
        assertThat(a.postmasterPid()).isNotEqualTo(primaryPid);
        assertThat(a.queryText("SELECT pg_is_in_recovery()::text")).isEqualTo("true");
    }

    @Test
    void theRecordOfTheShutdownCheckpointIsReadAsPgWaldumpReadsIt() throws Exception {
        a.stop(StopMode.FAST);
        ControlFile control = ControlFile.read(a.dataDirectory);
        WalRecord record = WalRecord.read(a.dataDirectory, control.checkpointTimeline(), control.checkpoint(),
                control.walSegmentBytes()).orElseThrow();
        Programs programs = new Programs(Optional.of("/usr/lib/postgresql/15/bin"), java.util.Map.of(),
                Optional.empty(), org.jpatroni.runtime.Tasks.system());
        Programs.Result dump = programs.capture(List.of(programs.path("pg_waldump"), "-p",
                a.dataDirectory.resolve("pg_wal").toString(), "-t", "1", "-s", control.checkpoint().toString(), "-n",
                "2"), java.util.Map.of(), new CancelToken());
        assertThat(dump.out()).contains("CHECKPOINT_SHUTDOWN")
                .contains("prev " + padded(record.previous()));
        assertThat(dump.err()).contains("at " + record.end());
        assertThat(record.isSegmentSwitch()).isFalse();
        assertThat(control.stateText()).isEqualTo("shut down");
        assertThat(control.checksums()).isTrue();
    }

    private static String padded(org.jpatroni.model.Lsn lsn) {
        return String.format("%X/%08X", lsn.bytes() >>> 32, lsn.bytes() & 0xFFFFFFFFL);
    }

    private static PostgresControl.StopSpec stopSpec() {
        return new PostgresControl.StopSpec(StopMode.FAST, false, LocalNode.LIMIT, () -> {
        }, lsn -> {
        }, false);
    }

    private static void promote(LocalNode node) {
        long begun = System.nanoTime();
        assertThat(node.control().promote(LocalNode.LIMIT, new CancelToken())).isEqualTo(Outcome.done());
        System.out.printf("promotion: %.1f ms%n", (System.nanoTime() - begun) / 1e6);
        assertThat(node.control().role()).isEqualTo(PostgresRole.PRIMARY);
        assertThat(node.control().observe(SECOND).isWritable()).isTrue();
    }

    private static List<String> withoutReload(LocalNode node) {
        return node.callbacks().stream().filter(line -> !line.startsWith("on_reload")).toList();
    }

    private static void awaitRow(LocalNode node, String rows) {
        await().atMost(Duration.ofSeconds(20)).ignoreExceptions().until(() -> node
                .queryText("SELECT string_agg(i::text, ',' ORDER BY i) FROM public.t").equals(rows));
    }
}
