package org.jpatroni.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.PostgresView.Data;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.postgres.PostgresControl.StopMode;
import org.jpatroni.runtime.CancelToken;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.testing.UnprivilegedUser;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** New clusters in all ways, copies by other methods, and what is said when something is wrong. */
class BootstrapAndFailuresIT {

    private static final Duration SECOND = Duration.ofSeconds(2);

    private final Path folder;
    private final LocalNode node;

    BootstrapAndFailuresIT() throws IOException {
        folder = UnprivilegedUser.newFolder("boot");
        node = new LocalNode(folder, "a");
    }

    @AfterEach
    void cleanUp() {
        node.close();
        LocalNode.delete(folder);
    }

    @Test
    void postBootstrapGetsAConnectionStringWithoutPassword() throws Exception {
        Path script = script("post.sh", "echo \"$1|$2\" > '" + folder + "/argument'\n"
                + "echo \"$PGPASSFILE|$PGOPTIONS\" >> '" + folder + "/argument'\n"
                + "psql -w -c 'CREATE TABLE public.made_by_script ()' \"$2\"\n");
        node.bootstrap().put("post_bootstrap", script + " 'with blank'");
        assertThat(node.bootstrapNew()).isEqualTo(Outcome.done());
        List<String> seen = Files.readAllLines(folder.resolve("argument"));
        assertThat(seen.get(0)).startsWith("with blank|").contains("dbname=postgres", "host=" + node.folder,
                "port=" + node.port, "user=postgres").doesNotContain("secret");
        assertThat(seen.get(1)).isEqualTo(node.folder.resolve("pgpass")
                + "|-c synchronous_commit=local -c statement_timeout=0");
        assertThat(node.queryText("SELECT to_regclass('public.made_by_script')::text"))
                .isEqualTo("public.made_by_script");
    }

    @Test
    void aFailedPostBootstrapMovesTheDataAwayAndSaysWhy() throws Exception {
        node.bootstrap().put("post_init", "false");
        Outcome outcome = node.bootstrapNew();
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Failed.class,
                failed -> assertThat(failed.reason()).contains("post_bootstrap failed"));
        assertThat(node.control().state()).isEqualTo(PostgresState.INITDB_FAILED);
        assertThat(node.control().postmaster()).isEmpty();
        assertThat(node.control().observe(SECOND).data()).isEqualTo(new Data.Empty());
        assertThat(node.movedAway()).hasSize(1);
        assertThat(node.callbacks()).isEmpty();
    }

    @Test
    void dataThatIsNotOursIsNeitherUsedNorMoved() throws Exception {
        Files.createDirectory(node.dataDirectory);
        Files.writeString(node.dataDirectory.resolve("precious"), "data");
        assertThat(node.control().observe(SECOND).data()).isInstanceOfSatisfying(Data.Unusable.class,
                data -> assertThat(data.reason()).contains("PG_VERSION", "postgresql.data_dir"));
        assertThat(node.bootstrapNew()).isInstanceOf(Outcome.Failed.class);
        assertThat(node.dataDirectory.resolve("precious")).exists();
    }

    @Test
    void whatAnInterruptedCopyLeftIsMovedAsideByTheNextOne() throws Exception {
        Files.createDirectory(node.dataDirectory);
        Files.writeString(node.dataDirectory.resolve("half"), "copied");
        Files.writeString(node.folder.resolve("data.unfinished-copy"), "");
        assertThat(node.control().observe(SECOND).data()).isEqualTo(new Data.Empty());
        assertThat(node.bootstrapNew()).isEqualTo(Outcome.done());
        assertThat(node.movedAway()).hasSize(1);
    }

    @Test
    void aCancelledInitdbEndsAtOnceAndLeavesNothing() throws Exception {
        CancelToken cancel = new CancelToken();
        Tasks.Task<Outcome> running = Tasks.system().start("bootstrap", () -> node.control().bootstrapNew(cancel));
        await().pollInterval(Duration.ofMillis(5)).until(() -> Files.exists(node.dataDirectory));
        cancel.cancel();
        assertThat(running.await(Duration.ofSeconds(10))).isTrue();
        assertThat(running.result()).contains(new Outcome.Cancelled());
        assertThat(node.control().observe(SECOND).data()).isEqualTo(new Data.Empty());
    }

    @Test
    void aCustomMethodRestoresAndItsPasswordsBecomeOurs() throws Exception {
        LocalNode source = new LocalNode(folder, "source");
        try (source) {
            source.postgresql().put("authentication", LocalNode.map("superuser", LocalNode.map("username", "postgres",
                    "password", "other"), "replication", LocalNode.map("username", "replicator", "password", "x")));
            assertThat(source.bootstrapNew()).isEqualTo(Outcome.done());
            source.execute("CREATE TABLE public.t (i int)", "INSERT INTO public.t VALUES (7)");
            source.stop(StopMode.FAST);
        }
        Path script = script("restore.sh", "echo \"$@\" > '" + folder + "/arguments'\n"
                + "for a; do case $a in --datadir=*) cp -a '" + source.dataDirectory
                + "' \"${a#--datadir=}\";; esac; done\n");
        node.bootstrap().put("method", "mine");
        node.bootstrap().put("mine", LocalNode.map("command", script + " \"--dbname=a b\"", "test-argument",
                "test-value", "recovery_conf", LocalNode.map("recovery_target_action", "promote",
                        "recovery_target_timeline", "latest", "restore_command", "false")));
        // Access over TCP needs the new password; the restored file would let nobody in with it.
        assertThat(node.bootstrapNew()).isEqualTo(Outcome.done());
        assertThat(Files.readString(folder.resolve("arguments"))).isEqualTo("--dbname=a b --scope=batman --datadir="
                + node.dataDirectory + " --test-argument=test-value\n");
        assertThat(node.queryText("SELECT i::text FROM public.t")).isEqualTo("7");
        assertThat(node.queryText("SELECT timeline_id::text FROM pg_control_checkpoint()")).isEqualTo("2");
        assertThat(Files.readString(node.dataDirectory.resolve("postgresql.conf"))).doesNotContain("restore_command");
        assertThat(Files.readString(node.dataDirectory.resolve("pg_hba.conf"))).contains("scram").doesNotContain(
                "samehost");
        try (SqlSession tcp = new SqlSession("test", () -> SqlTarget.tcp("127.0.0.1", Integer.toString(node.port),
                "postgres", node.config().postgres().superuser()), Tasks.system())) {
            int one = tcp.queryOne("SELECT 1", SECOND, row -> row.getInt(1));
            assertThat(one).isEqualTo(1);
        }
        await().untilAsserted(() -> assertThat(node.callbacks()).contains("on_start primary batman"));
    }

    @Test
    void whatABackupToolHasWrittenAboutRecoveryMayBeKept() throws Exception {
        LocalNode source = new LocalNode(folder, "source");
        try (source) {
            assertThat(source.bootstrapNew()).isEqualTo(Outcome.done());
            source.stop(StopMode.FAST);
        }
        Path script = script("tool.sh", "cp -a '" + source.dataDirectory + "' '" + node.dataDirectory + "'\n"
                + "touch '" + node.dataDirectory + "/recovery.signal' '" + node.dataDirectory + "/promote'\n"
                + "echo \"restore_command = 'echo %f >> " + folder + "/asked; false'\" >> '" + node.dataDirectory
                + "/postgresql.auto.conf'\n");
        node.bootstrap().put("method", "tool");
        node.bootstrap().put("tool", LocalNode.map("command", script.toString(), "no_params", true,
                "keep_existing_recovery_conf", true));
        assertThat(node.bootstrapNew()).isEqualTo(Outcome.done());
        assertThat(Files.readString(folder.resolve("asked"))).contains("00000002.history");
        assertThat(node.queryText("SELECT timeline_id::text FROM pg_control_checkpoint()")).isEqualTo("2");
        assertThat(node.dataDirectory.resolve("recovery.signal")).doesNotExist();
        assertThat(Files.readString(node.dataDirectory.resolve("postgresql.auto.conf")))
                .doesNotContain("restore_command");
    }

    @Test
    void aReplicaMethodThatNeedsNoLeaderIsRunWithPatronisArguments() throws Exception {
        assertThat(node.control().cloneFrom(Optional.empty(), new CancelToken())).isInstanceOf(Outcome.Failed.class);
        Path script = script("clone.sh", "echo \"$@\" > '" + folder + "/arguments'; mkdir -p '" + node.dataDirectory
                + "'; echo x > '" + node.dataDirectory + "/x'; exit 3\n");
        node.postgresql().put("create_replica_methods", List.of("mine", "basebackup"));
        node.postgresql().put("mine", LocalNode.map("command", script.toString(), "no_leader", "1"));
        Outcome outcome = node.newAgent().cloneFrom(Optional.empty(), new CancelToken());
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Failed.class,
                failed -> assertThat(failed.reason()).contains("postgresql.mine.command failed"));
        assertThat(Files.readString(folder.resolve("arguments"))).isEqualTo("--no_leader=1 --scope=batman"
                + " --role=replica --datadir=" + node.dataDirectory + " --connstring=\n");
        assertThat(node.control().observe(SECOND).data()).isEqualTo(new Data.Empty());
    }

    @Test
    void aFailedStartNamesItsCause() throws Exception {
        assertThat(node.bootstrapNew()).isEqualTo(Outcome.done());
        node.stop(StopMode.FAST);
        Path auto = node.dataDirectory.resolve("postgresql.auto.conf");
        String before = Files.readString(auto);
        Files.writeString(auto, "foo=bar\n");
        assertReason("foo");
        assertThat(node.control().state()).isEqualTo(PostgresState.START_FAILED);
        node.control().changeRole(PostgresRole.DEMOTED);
        await().untilAsserted(() -> assertThat(node.callbacks()).endsWith("on_role_change demoted batman"));
        Files.writeString(auto, before);

        try (ServerSocket other = new ServerSocket(node.port, 1, InetAddress.getByName("127.0.0.1"))) {
            assertThat(other.isBound()).isTrue();
            assertReason("127.0.0.1:" + node.port + " (postgresql.listen)");
        }

        Files.writeString(node.dataDirectory.resolve("PG_VERSION"), "14\n");
        assertReason("was made by PostgreSQL 14");
        Files.writeString(node.dataDirectory.resolve("PG_VERSION"), "15\n");

        Path control = node.dataDirectory.resolve("global/pg_control");
        byte[] good = Files.readAllBytes(control);
        byte[] bad = good.clone();
        bad[40] ^= 1;
        Files.write(control, bad);
        assertThat(node.control().observe(SECOND).data()).isInstanceOfSatisfying(Data.Unusable.class,
                data -> assertThat(data.reason()).contains("pg_control is damaged"));
        Files.write(control, good);
        assertThat(node.start(PostgresRole.PRIMARY, Optional.empty())).isEqualTo(Outcome.done());
    }

    private void assertReason(String part) {
        assertThat(node.start(PostgresRole.PRIMARY, Optional.empty())).isInstanceOfSatisfying(Outcome.Failed.class,
                failed -> assertThat(failed.reason()).contains(part).doesNotContain("\n"));
    }

    private Path script(String name, String text) throws IOException {
        Path script = folder.resolve(name);
        Files.writeString(script, "#!/bin/sh\nset -e\n" + text);
        Files.setPosixFilePermissions(script, java.nio.file.attribute.PosixFilePermissions.fromString("rwx------"));
        return script;
    }
}
