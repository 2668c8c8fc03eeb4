package org.jpatroni.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.postgres.TestServer.LIMIT;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.awaitility.Awaitility;
import org.jpatroni.config.PostgresConfig;
import org.jpatroni.config.PostgresConfig.Authentication;
import org.jpatroni.config.Secret;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresObservation;
import org.jpatroni.model.PostgresView.Replication;
import org.jpatroni.model.PostgresView.SlotView;
import org.jpatroni.model.SlotStep;
import org.jpatroni.model.Upstream;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;
import org.jpatroni.testing.UnprivilegedUser;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A primary and a standby of each major version, configured, asked and followed by the classes under test. */
class VersionMatrixIT {

    private Path folder;
    private final List<AutoCloseable> toClose = new ArrayList<>();

    @BeforeEach
    void makeFolder() {
        folder = UnprivilegedUser.newFolder("versions");
    }

    @AfterEach
    void removeAll() throws Exception {
        for (AutoCloseable each : toClose.reversed()) {
            each.close();
        }
        UnprivilegedUser.delete(folder);
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 14, 15, 16, 17, 18})
    void primaryAndStandby(int version) throws Exception {
        Path binaries = TestServer.unpackBinaries(version, Files.createDirectory(folder.resolve("server")));
        TestServer primary = server(binaries, "node0", version);
        primary.initdb();
        primary.start(Optional.empty(), Map.of());
        makeRoles(primary);
        refusedParametersAreNotInTheFile(primary);
        primarySaysWhatItIs(primary, version);
        slotsOfThePrimary(primary);
        pendingRestart(primary);

        primary.stop();
        Path copy = folder.resolve("node1");
        TestServer.copy(primary.data, copy);
        Files.deleteIfExists(copy.resolve("postmaster.pid"));
        TestServer standby = server(binaries, "node1", version);
        primary.start(Optional.empty(), Map.of());
        change(primary.session("slots"), new SlotStep.CreatePhysical("node1"));
        Upstream upstream = new Upstream.OfMember(ServerSettingsTest.member("node0",
                "postgres://127.0.0.1:" + primary.port + "/postgres"), Optional.of("node1"));
        standby.start(Optional.of(upstream), Map.of("max_connections", 60));
        standbySaysWhatItIs(primary, standby, upstream, version);
        slotsOfTheStandby(primary, standby);
        archiveRecoveryWithoutReceiver(primary, standby);
    }

    private TestServer server(Path binaries, String name, int version) throws IOException {
        int port = TestServer.freePort();
        Path data = folder.resolve(name);
        PostgresConfig config = Configurations.config(data, port, true,
                Configurations.SUPERUSER,
                Optional.of(new Authentication("rewind_user", Optional.of(new Secret("rewind-pass")), Map.of())));
        TestServer server = new TestServer(binaries, data, port, config,
                Configurations.settings(TestServer.parameters(folder, "max_connections", "50", "wal_keep_segments", "1",
                        "no_such_parameter", "1", "work_mem", "a lot", "restore_command", "false",
                        "wal_receiver_status_interval",
                        "1s", "wal_retrieve_retry_interval", "100ms")),
                name, version);
        toClose.add(server);
        return server;
    }

    private static void makeRoles(TestServer primary) throws SQLException {
        SqlSession session = primary.session("bootstrap");
        session.execute(LIMIT, "ALTER SYSTEM SET log_statement = 'all'",
                "ALTER SYSTEM SET log_min_duration_statement = 0");
        PendingRestart.reload(session, Time.system(), LIMIT);
        BootstrapSql bootstrap = new BootstrapSql(session, LIMIT);
        bootstrap.superuser(primary.config);
        bootstrap.replicationAndRewind(primary.config);
        bootstrap
                .users(Map.of("admin", Map.of("password", "admin-pass", "options", List.of("createrole", "createdb"))));
        session.execute(LIMIT, "ALTER SYSTEM RESET ALL");
        PendingRestart.reload(session, Time.system(), LIMIT);
        assertThat(session.query("""
                SELECT rolname || ' ' || rolsuper || rolreplication || rolcreaterole || rolcanlogin
                  FROM pg_authid WHERE rolpassword IS NOT NULL ORDER BY 1""", LIMIT, row -> row.getString(1)))
                .containsExactly("admin falsefalsetruetrue", "postgres truetruetruetrue",
                        "replicator falsetruefalsetrue", "rewind_user falsefalsefalsetrue");
        boolean granted = session.queryOne("SELECT has_function_privilege('rewind_user',"
                + " 'pg_ls_dir(text,boolean,boolean)', 'execute')", LIMIT, row -> row.getBoolean(1));
        assertThat(granted).isTrue();
        assertThat(primary.log()).content().contains("ALTER SYSTEM RESET ALL").doesNotContain("zalando", "rep-pass",
                "rewind-pass", "admin-pass");
    }

    private static void refusedParametersAreNotInTheFile(TestServer server) {
        assertThat(server.settings.configurationFile()).content().contains("wal_keep_size = '16MB'")
                .doesNotContain("no_such_parameter", "work_mem", "restore_command");
    }

    private static void primarySaysWhatItIs(TestServer primary, int version) throws SQLException {
        ReplayTimeline timeline = new ReplayTimeline(primary.replicationSession(), () -> Integer.MAX_VALUE);
        Replication view = new ReplicationQuery(primary.session("heartbeat"), timeline, new SlotNotes()).ask(LIMIT);
        assertThat(view.inRecovery()).isFalse();
        assertThat(view.timeline()).isEqualTo(OptionalInt.of(1));
        assertThat(view.writtenLsn().orElseThrow().bytes()).isPositive();
        assertThat(view.receivedLsn()).isEmpty();
        assertThat(view.replayedLsn()).isEmpty();
        assertThat(view.serverVersion() / 10_000).isEqualTo(version);
        assertThat(view.slots()).isEmpty();
        PostgresObservation status = new StatusQuery(primary.session("restapi"), timeline, Time.system()).ask(LIMIT);
        assertThat(status.inRecovery()).isFalse();
        assertThat(status.timeline()).isEqualTo(OptionalInt.of(1));
        assertThat(status.location().bytes()).isPositive();
        assertThat(status.replication()).isEmpty();
        assertThat(status.replicationState()).isEmpty();
        assertThat(status.postmasterStart()).isEqualTo(view.postmasterStart());
        assertThat(Duration.between(status.postmasterStart().orElseThrow(), Time.system().wall()))
                .isBetween(Duration.ZERO, Duration.ofMinutes(2));
    }

    private static void slotsOfThePrimary(TestServer primary) throws SQLException {
        SqlSession session = primary.session("slots");
        session.execute(LIMIT, "SELECT pg_create_physical_replication_slot('left_over')");
        change(session, new SlotStep.CreatePhysical("node1"), new SlotStep.CreatePhysical("node1"),
                new SlotStep.Drop("left_over", "test"), new SlotStep.Drop("absent", "test"));
        assertThat(slotNames(session)).containsExactly("node1 reserved");
        change(session, new SlotStep.Drop("node1", "test"));
        assertThat(slotNames(session)).isEmpty();
    }

    private static void change(SqlSession session, SlotStep... steps) {
        SlotNotes notes = new SlotNotes();
        LogicalSlots none = new LogicalSlots(database -> session,
                new SlotConfirmation(session, upstream -> Optional.empty(), notes), notes, Tasks.system(), () -> {
                });
        assertThat(new SlotManager(session, none, Time.system()).change(List.of(steps), feedback -> {
        }, LIMIT)).isEqualTo(Outcome.done());
    }

    private static List<String> slotNames(SqlSession session) throws SQLException {
        return session.query("SELECT slot_name || CASE WHEN restart_lsn IS NULL THEN '' ELSE ' reserved' END"
                + " FROM pg_replication_slots ORDER BY 1", LIMIT, row -> row.getString(1));
    }

    private void pendingRestart(TestServer primary) throws SQLException, IOException {
        SqlSession session = primary.session("settings");
        assertThat(PendingRestart.query(session, LIMIT)).isEmpty();
        primary.settings.want(Configurations.settings(TestServer.parameters(folder, "max_connections",
                "60", "shared_buffers", "2048kB", "work_mem", "5MB")));
        assertThat(primary.settings.writeConfiguration()).isTrue();
        PendingRestart.reload(session, Time.system(), LIMIT);
        assertThat(PendingRestart.query(session, LIMIT)).isEqualTo(Map.of(
                "max_connections", Map.of("old_value", "50", "new_value", "60"),
                "shared_buffers", Map.of("old_value", "1MB", "new_value", "2MB")));
        String workMemory = session.queryOne("SHOW work_mem", LIMIT, row -> row.getString(1));
        assertThat(workMemory).isEqualTo("5MB");
    }

    private static void standbySaysWhatItIs(TestServer primary, TestServer standby, Upstream upstream, int version)
            throws SQLException {
        ReplayTimeline timeline = new ReplayTimeline(standby.replicationSession(), () -> Integer.MAX_VALUE);
        ReplicationQuery query = new ReplicationQuery(standby.session("heartbeat"), timeline, new SlotNotes());
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(
                () -> query.ask(LIMIT).receiverState().equals(Optional.of("streaming")));
        primary.session("write").execute(LIMIT, "CREATE TABLE public.t AS SELECT 1 AS a");
        Lsn written = new ReplicationQuery(primary.session("heartbeat"), timeline, new SlotNotes()).ask(LIMIT)
                .writtenLsn()
                .orElseThrow();
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(
                () -> query.ask(LIMIT).replayedLsn().orElseThrow().compareTo(written) >= 0);
        Replication view = query.ask(LIMIT);
        assertThat(view.inRecovery()).isTrue();
        assertThat(view.timeline()).isEqualTo(OptionalInt.of(1));
        assertThat(view.receivedLsn().orElseThrow().compareTo(written)).isNotNegative();
        assertThat(view.primarySlotName()).contains("node1");
        assertThat(view.primaryConninfo().orElseThrow()).contains("port=" + primary.port).doesNotContain("rep-pass");
        assertThat(view.hasRestoreCommand()).isTrue();
        assertThat(standby.recovery.matches(upstream, view)).isTrue();
        Upstream other = new Upstream.OfMember(ServerSettingsTest.member("x", "postgres://127.0.0.1:1/postgres"),
                Optional.of("node1"));
        assertThat(standby.recovery.matches(other, view)).isFalse();
        assertThat(standby.recovery.change(upstream, standby.session("settings"), LIMIT))
                .isEqualTo(RecoverySettings.Change.NONE);
        assertThat(standby.recovery.change(other, standby.session("settings"), LIMIT))
                .isEqualTo(RecoverySettings.Change.RELOAD);
        PostgresObservation status = new StatusQuery(standby.session("restapi"), timeline, Time.system()).ask(LIMIT);
        assertThat(status.inRecovery()).isTrue();
        assertThat(status.receivedLocation().compareTo(written)).isNotNegative();
        assertThat(status.replayedLocation().compareTo(written)).isNotNegative();
        assertThat(status.replayedTimestamp()).isPresent();
        assertThat(status.paused()).isFalse();
        assertThat(status.latestEndLsn()).isPresent();
        assertThat(status.replicationState()).contains("streaming");
        assertThat(status.serverVersion() / 10_000).isEqualTo(version);
        PostgresObservation ofPrimary = new StatusQuery(primary.session("restapi"), timeline, Time.system()).ask(LIMIT);
        assertThat(ofPrimary.replication()).hasSize(1);
        assertThat(ofPrimary.replication().getFirst().keySet()).containsExactly("usename", "application_name",
                "client_addr", "state", "sync_state", "sync_priority");
        assertThat(ofPrimary.replication().getFirst()).containsEntry("usename", "replicator")
                .containsEntry("application_name", "node1").containsEntry("client_addr", "127.0.0.1")
                .containsEntry("state", "streaming").containsEntry("sync_state", "async")
                .containsEntry("sync_priority", 0);
        assertThat(ofPrimary.senders()).singleElement().satisfies(sender -> {
            assertThat(sender.applicationName()).isEqualTo("node1");
            assertThat(sender.flushed().orElseThrow().compareTo(written)).isNotNegative();
            assertThat(sender.replayed().orElseThrow().compareTo(written)).isNotNegative();
        });
    }

    private static void slotsOfTheStandby(TestServer primary, TestServer standby) throws SQLException {
        SqlSession onPrimary = primary.session("slots");
        change(onPrimary, new SlotStep.Drop("node1", "test"));
        assertThat(slotNames(onPrimary)).as("a slot in use stays").containsExactly("node1 reserved");
        SqlSession session = standby.session("slots");
        change(session, new SlotStep.CreatePhysical("node2"));
        onPrimary.execute(LIMIT, "INSERT INTO public.t SELECT generate_series(1, 1000)");
        Lsn target = Lsn.parse(onPrimary.queryOne("SELECT pg_current_wal_flush_lsn()", LIMIT, row -> row.getString(1)));
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> Lsn.parse(session.queryOne(
                "SELECT pg_last_wal_replay_lsn()", LIMIT, row -> row.getString(1))).compareTo(target) >= 0);
        change(session, new SlotStep.AdvancePhysical("node2", target));
        ReplicationQuery query = new ReplicationQuery(session,
                new ReplayTimeline(standby.replicationSession(), () -> Integer.MAX_VALUE),
                new SlotNotes());
        assertThat(query.ask(LIMIT).slots()).isEqualTo(Map.of("node2", new SlotView(true, false, Optional.of(target))));
    }

    private static void archiveRecoveryWithoutReceiver(TestServer primary, TestServer standby) throws Exception {
        primary.stop();
        ReplayTimeline timeline = new ReplayTimeline(standby.replicationSession(), () -> Integer.MAX_VALUE);
        ReplicationQuery query = new ReplicationQuery(standby.session("heartbeat2"), timeline, new SlotNotes());
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> query.ask(LIMIT).receiverState().isEmpty());
        Replication view = query.ask(LIMIT);
        assertThat(view.timeline()).isEqualTo(OptionalInt.of(1));
        assertThat(view.primaryConninfo().orElseThrow()).contains("port=" + primary.port);
        assertThat(view.primarySlotName()).contains("node1");
        assertThat(view.archiveRecovery()).contains("in archive recovery");
        StatusQuery statusQuery = new StatusQuery(standby.session("restapi2"), timeline, Time.system());
        PostgresObservation status = statusQuery.ask(LIMIT);
        assertThat(status.replicationState()).contains("in archive recovery");
        assertThat(status.timeline()).isEqualTo(OptionalInt.of(1));
        standby.session("promote").queryOne("SELECT pg_promote(true, 20)", Duration.ofSeconds(25),
                row -> row.getBoolean(1));
        assertThat(query.ask(LIMIT).timeline()).isEqualTo(OptionalInt.of(2));
        assertThat(query.ask(LIMIT).inRecovery()).isFalse();
        // First with the statement for a standby, which it was, then with that for a primary.
        PostgresObservation atOnce = statusQuery.ask(LIMIT);
        PostgresObservation later = statusQuery.ask(LIMIT);
        assertThat(List.of(atOnce.inRecovery(), later.inRecovery())).containsOnly(false);
        assertThat(List.of(atOnce.timeline(), later.timeline())).containsOnly(OptionalInt.of(2));
        assertThat(later.location()).isGreaterThanOrEqualTo(atOnce.location());
        assertThat(later.postmasterStart()).isEqualTo(atOnce.postmasterStart());
        assertThat(later.replication()).isEmpty();
    }
}
