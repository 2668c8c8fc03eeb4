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
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import org.awaitility.Awaitility;
import org.jpatroni.config.PostgresConfig;
import org.jpatroni.config.PostgresConfig.Authentication;
import org.jpatroni.config.Secret;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PermanentSlot;
import org.jpatroni.model.PostgresView.SlotView;
import org.jpatroni.model.SlotStep;
import org.jpatroni.model.Upstream;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.testing.UnprivilegedUser;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A logical slot from a primary to its standby, moved on and confirmed there, with every supported version of PostgreSQL. */
class LogicalSlotVersionsIT {

    private static final PermanentSlot.Logical CDC = new PermanentSlot.Logical("cdc", "postgres", "pgoutput");
    private static final Authentication REWIND = new Authentication("rewind_user",
            Optional.of(new Secret("rewind-pass")), Map.of());
    private static final int FIRST_VERSION_WITH_FAILOVER_SLOTS = 17;

    private Path folder;
    private final List<AutoCloseable> toClose = new ArrayList<>();

    @BeforeEach
    void makeFolder() {
        folder = UnprivilegedUser.newFolder("logical");
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
    void copiedMovedAndConfirmed(int version) throws Exception {
        Path binaries = TestServer.unpackBinaries(version, Files.createDirectory(folder.resolve("server")));
        TestServer primary = server(binaries, "node0", version);
        primary.initdb();
        primary.start(Optional.empty(), Map.of());
        SqlSession onPrimary = primary.session("test");
        BootstrapSql roles = new BootstrapSql(onPrimary, LIMIT);
        roles.superuser(primary.config);
        roles.replicationAndRewind(primary.config);
        onPrimary.execute(LIMIT, "CREATE TABLE public.t (id int)");
        primary.stop();
        TestServer.copy(primary.data, folder.resolve("node1"));
        TestServer standby = server(binaries, "node1", version);
        primary.start(Optional.empty(), Map.of());
        onPrimary.execute(LIMIT, "SELECT pg_create_physical_replication_slot('node1', true)",
                "SELECT pg_create_logical_replication_slot('cdc', 'pgoutput')",
                "SELECT pg_create_logical_replication_slot('other', 'pgoutput')");
        List<PermanentSlot.Logical> wanted = new ArrayList<>(List.of(CDC,
                new PermanentSlot.Logical("other", "postgres", "test_decoding"),
                new PermanentSlot.Logical("absent", "postgres", "pgoutput")));
        if (version >= FIRST_VERSION_WITH_FAILOVER_SLOTS) {
            onPrimary.execute(LIMIT,
                    "SELECT pg_create_logical_replication_slot('theirs', 'pgoutput', failover => true)");
            wanted.add(new PermanentSlot.Logical("theirs", "postgres", "pgoutput"));
        }
        Optional<Upstream> upstream = Optional.of(new Upstream.OfMember(ServerSettingsTest.member("node0",
                "postgres://127.0.0.1:" + primary.port + "/postgres"), Optional.of("node1")));
        standby.start(upstream, Map.of());
        copy(primary, standby, wanted);
        standby.start(upstream, Map.of());
        SqlSession onStandby = standby.session("test");
        assertThat(onStandby.query("SELECT slot_name FROM pg_replication_slots", LIMIT, row -> row.getString(1)))
                .containsExactly("cdc");
        movesAndIsConfirmed(primary, onPrimary, standby, onStandby);
    }

    private static void copy(TestServer primary, TestServer standby, List<PermanentSlot.Logical> wanted)
            throws Exception {
        SlotCopy copy = new SlotCopy(new DataDirectory(standby.data, Tasks.system().time()));
        copy.read(primary.session(primary.tcp(REWIND)), wanted);
        assertThat(copy.isEmpty()).isFalse();
        standby.stop();
        copy.install();
        assertThat(Files.getPosixFilePermissions(standby.data.resolve("pg_replslot/cdc/state"))).hasSize(2);
    }

    private static void movesAndIsConfirmed(TestServer primary, SqlSession onPrimary, TestServer standby,
            SqlSession onStandby) throws SQLException {
        SlotNotes notes = new SlotNotes();
        ReplicationQuery query = new ReplicationQuery(standby.session("heartbeat"),
                new ReplayTimeline(standby.replicationSession(), () -> Integer.MAX_VALUE), notes);
        SlotConfirmation confirmation = new SlotConfirmation(onStandby,
                asked -> Optional.of(primary.session(primary.tcp(REWIND))), notes);
        LogicalSlots logical = new LogicalSlots(database -> standby.session("logical"), confirmation, notes,
                Tasks.system(), () -> {
                });
        SlotStep confirm = new SlotStep.Confirm(new TreeSet<>(List.of("cdc")), new Upstream.Nobody(), "node1");
        Awaitility.await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(500)).untilAsserted(() -> {
            onPrimary.execute(LIMIT, "INSERT INTO public.t VALUES (1)",
                    "SELECT pg_replication_slot_advance('cdc', pg_current_wal_lsn())", "CHECKPOINT");
            Lsn there = Lsn.parse(onPrimary.queryOne(
                    "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = 'cdc'", LIMIT,
                    row -> row.getString(1)));
            logical.submit(List.of(new SlotStep.AdvanceLogical(CDC, there), confirm));
            Awaitility.await().atMost(Duration.ofSeconds(5)).untilAsserted(() -> {
                SlotView here = Objects.requireNonNull(query.ask(LIMIT).slots().get("cdc"));
                assertThat(here.position()).contains(there);
                assertThat(here.decoding().orElseThrow().plugin()).isEqualTo("pgoutput");
                assertThat(here.decoding().orElseThrow().database()).contains("postgres");
                assertThat(here.decoding().orElseThrow().broken()).isFalse();
                assertThat(here.lost()).isFalse();
            });
            assertThat(query.ask(LIMIT).slotSettings().unconfirmed()).isEmpty();
        });
        assertThat(query.ask(LIMIT).slotSettings().logicalWal()).isTrue();
        assertThat(query.ask(LIMIT).slotSettings().feedback()).isTrue();
    }

    private TestServer server(Path binaries, String name, int version) throws IOException {
        int port = TestServer.freePort();
        Path data = folder.resolve(name);
        PostgresConfig config = Configurations.config(data, port, true, Configurations.SUPERUSER,
                Optional.of(REWIND));
        TestServer server = new TestServer(binaries, data, port, config,
                Configurations.settings(TestServer.parameters(folder, "wal_level", "logical", "hot_standby_feedback",
                        "on", "wal_receiver_status_interval", "1s", "wal_retrieve_retry_interval", "100ms")),
                name, version);
        toClose.add(server);
        return server;
    }
}
