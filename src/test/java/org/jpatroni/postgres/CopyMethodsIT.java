package org.jpatroni.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jpatroni.config.DynamicConfigReader;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.postgres.PostgresControl.CloneSpec;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.runtime.CancelToken;
import org.jpatroni.testing.UnprivilegedUser;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Ways to copy a data directory, and settings that go with a copy. */
class CopyMethodsIT {

    private final Path folder;
    private final LocalNode a;
    private final LocalNode b;

    CopyMethodsIT() throws IOException {
        folder = UnprivilegedUser.newFolder("copies");
        a = new LocalNode(folder, "a");
        b = new LocalNode(folder, "b");
    }

    @BeforeEach
    void makePrimary() throws Exception {
        assertThat(a.bootstrapNew()).isEqualTo(Outcome.done());
        a.execute("CREATE TABLE public.t (i int)", "INSERT INTO public.t VALUES (1)");
    }

    @AfterEach
    void cleanUp() {
        b.close();
        a.close();
        LocalNode.delete(folder);
    }

    private Outcome copy(boolean basebackupOnly) {
        return b.newAgent().cloneFrom(new CloneSpec(Optional.of(a.asUpstream()), basebackupOnly), new CancelToken());
    }

    private void follow() {
        assertThat(b.start(PostgresRole.REPLICA, Optional.of(a.asUpstream()))).isEqualTo(Outcome.done());
        await().ignoreExceptions().until(() -> b.queryText("SELECT i::text FROM public.t").equals("1"));
    }

    @Test
    void walMayLiveElsewhereAndIsEmptiedWithTheData() throws Exception {
        Path wal = folder.resolve("wal of b");
        b.postgresql().put("basebackup", LocalNode.map("checkpoint", "fast", "waldir", wal.toString(), "pgdata",
                "/nowhere"));
        assertThat(copy(false)).isEqualTo(Outcome.done());
        assertThat(b.dataDirectory.resolve("pg_wal")).isSymbolicLink();
        assertThat(b.control().removeDataDirectory()).isEqualTo(Outcome.done());
        assertThat(wal).doesNotExist();

        b.postgresql().put("basebackup",
                List.of("verbose", LocalNode.map("checkpoint", "fast"), LocalNode.map("waldir", wal.toString())));
        assertThat(copy(false)).isEqualTo(Outcome.done());
        assertThat(b.dataDirectory.resolve("pg_wal").toRealPath()).isEqualTo(wal.toRealPath());
        follow();
    }

    @Test
    void theNextMethodIsTriedAfterOneThatFailsAndOnlyBasebackupFromTheLeader() throws Exception {
        Path script = script("first.sh", "echo \"$@\" >> '" + folder + "/arguments'; exit 1\n");
        b.postgresql().put("create_replica_methods", List.of("first", "basebackup"));
        b.postgresql().put("first", LocalNode.map("command", script + " 'a b'", "flag", true, "number", 7));
        assertThat(copy(false)).isEqualTo(Outcome.done());
        assertThat(Files.readAllLines(folder.resolve("arguments"))).singleElement().asString()
                .startsWith("a b --flag=True --number=7 --scope=batman --role=replica --datadir=" + b.dataDirectory
                        + " --connstring=")
                .contains("host=127.0.0.1", "port=" + a.port, "user=replicator").doesNotContain("secret");

        assertThat(b.control().removeDataDirectory()).isEqualTo(Outcome.done());
        assertThat(copy(true)).isEqualTo(Outcome.done());
        assertThat(Files.readAllLines(folder.resolve("arguments"))).hasSize(1);
        follow();
    }

    @Test
    void aMethodMayKeepWhatIsThereAndGetNoArguments() throws Exception {
        assertThat(copy(false)).isEqualTo(Outcome.done());
        Files.writeString(b.folder.resolve("data.unfinished-copy"), "");
        Path script = script("delta.sh", "echo \"$#\" > '" + folder + "/arguments'; test -f '" + b.dataDirectory
                + "/PG_VERSION'\n");
        b.postgresql().put("create_replica_methods", List.of("delta"));
        b.postgresql().put("delta", LocalNode.map("command", script.toString(), "keep_data", true, "no_params", true));
        assertThat(copy(false)).isEqualTo(Outcome.done());
        assertThat(Files.readString(folder.resolve("arguments"))).isEqualTo("0\n");
        follow();
    }

    @Test
    void membersOfAStandbyClusterUseItsMethods() throws Exception {
        Path script = script("site.sh", "echo site > '" + folder + "/arguments'; exit 1\n");
        b.postgresql().put("site", LocalNode.map("command", script.toString(), "no_leader", true));
        assertThat(b.newAgent().clonesWithoutLeader()).isFalse();
        b.control().applyConfiguration(DynamicConfigReader.read(LocalNode.map("standby_cluster",
                LocalNode.map("host", "h", "create_replica_methods", List.of("site", "basebackup")))).config());
        assertThat(b.control().clonesWithoutLeader()).isTrue();
        assertThat(b.control().cloneFrom(Optional.of(a.asUpstream()), new CancelToken())).isEqualTo(Outcome.done());
        assertThat(folder.resolve("arguments")).exists();
    }

    @Test
    void aScriptMayRefuseThePromotionAndAnotherRunsBeforeEachStop() throws Exception {
        Path stops = folder.resolve("stops");
        b.postgresql().put("pre_promote", "false");
        b.postgresql().put("before_stop", script("stop.sh", "echo x >> '" + stops + "'; exit 1\n").toString());
        assertThat(copy(false)).isEqualTo(Outcome.done());
        follow();
        assertThat(b.control().promote(LocalNode.LIMIT, new CancelToken()))
                .isInstanceOfSatisfying(Outcome.Refused.class,
                        refused -> assertThat(refused.reason()).contains("postgresql.pre_promote"));
        assertThat(b.queryText("SELECT pg_is_in_recovery()::text")).isEqualTo("true");
        assertThat(b.control().restart(new PostgresControl.RestartSpec(LocalNode.LIMIT, () -> true),
                new CancelToken())).isEqualTo(Outcome.done());
        assertThat(b.stop(PostgresControl.StopMode.FAST)).isEqualTo(Outcome.done());
        assertThat(Files.readAllLines(stops)).hasSize(2);
    }

    @Test
    void settingsOfTheRoleAndOfRecoveryReachARunningStandby() throws Exception {
        b.postgresql().put("parameters_replica", LocalNode.map("work_mem", "5MB", "max_connections", 7));
        b.postgresql().put("parameters_primary", LocalNode.map("work_mem", "6MB"));
        b.postgresql().put("pg_hba_replica", List.of("local all all trust", "local replication all trust",
                "host all all 127.0.0.1/32 scram-sha-256"));
        assertThat(copy(false)).isEqualTo(Outcome.done());
        follow();
        assertThat(b.queryText("SHOW work_mem")).isEqualTo("5MB");
        assertThat(b.queryText("SHOW max_connections")).isEqualTo("100");
        assertThat(Files.readString(b.dataDirectory.resolve("pg_hba.conf"))).doesNotContain("replicator");
        b.control().applyConfiguration(DynamicConfigReader.read(LocalNode.map("postgresql",
                LocalNode.map("parameters", LocalNode.map("restore_command", "cp /archive/%f %p")))).config());
        await().until(() -> b.queryText("SHOW restore_command").equals("cp /archive/%f %p"));
        assertThat(b.control().follows(a.asUpstream())).isTrue();
        assertThat(b.control().promote(LocalNode.LIMIT, new CancelToken())).isEqualTo(Outcome.done());
        await().until(() -> b.queryText("SHOW work_mem").equals("6MB"));
        assertThat(Files.readString(b.dataDirectory.resolve("pg_hba.conf"))).contains("replicator");
        b.control().setRole(PostgresRole.REPLICA);
        await().until(() -> b.queryText("SHOW work_mem").equals("5MB"));
    }

    @Test
    void filesMayLiveElsewhereAndProgramsHaveOtherNames() throws Exception {
        Path programs = Files.createDirectory(folder.resolve("bin"));
        try (Stream<Path> all = Files.list(Path.of("/usr/lib/postgresql/15/bin"))) {
            for (Path program : all.toList()) {
                Files.createSymbolicLink(programs.resolve("my-" + program.getFileName()), program);
            }
        }
        Path own = folder.resolve("own.conf");
        Files.writeString(own, "application_name = 'from custom_conf'\nwork_mem = '9MB'\n");
        b.postgresql().put("bin_dir", programs.toString());
        b.postgresql().put("bin_name", LocalNode.map("pg_basebackup", "my-pg_basebackup", "postgres", "my-postgres",
                "pg_ctl", "my-pg_ctl", "pg_controldata", "my-pg_controldata", "initdb", "my-initdb", "pg_isready",
                "my-pg_isready", "pg_rewind", "my-pg_rewind"));
        b.postgresql().put("custom_conf", own.toString());
        b.postgresql().put("config_dir", Files.createDirectory(folder.resolve("conf")).toString());
        assertThat(copy(false)).isEqualTo(Outcome.done());
        follow();
        assertThat(b.queryText("SHOW config_file")).isEqualTo(folder.resolve("conf/postgresql.conf").toString());
        assertThat(b.queryText("SHOW hba_file")).isEqualTo(folder.resolve("conf/pg_hba.conf").toString());
        assertThat(b.queryText("SHOW work_mem")).isEqualTo("9MB");
        assertThat(b.control().canRewind()).isTrue();
    }

    private Path script(String name, String text) throws IOException {
        Path script = folder.resolve(name);
        Files.writeString(script, "#!/bin/sh\n" + text);
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        return script;
    }
}
