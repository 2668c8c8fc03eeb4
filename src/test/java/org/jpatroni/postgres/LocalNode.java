package org.jpatroni.postgres;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jpatroni.config.ConfigException;
import org.jpatroni.config.ConfigLoader;
import org.jpatroni.config.NodeConfig;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.Tags;
import org.jpatroni.model.Upstream;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.postgres.PostgresControl.StartSpec;
import org.jpatroni.postgres.PostgresControl.StopMode;
import org.jpatroni.postgres.PostgresControl.StopSpec;
import org.jpatroni.runtime.CancelToken;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.testing.UnprivilegedUser;
import org.jspecify.annotations.Nullable;

/** One node for tests: a folder, a free port, a configuration, and {@link LocalPostgres} over PostgreSQL 15 of Debian. */
final class LocalNode implements AutoCloseable {

    static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String BIN_DIR = "/usr/lib/postgresql/15/bin";

    final String name;
    final Path folder;
    final Path dataDirectory;
    final int port;
    final Path callbackLog;
    final Path output;
    private final Map<String, @Nullable Object> tree = new LinkedHashMap<>();
    private final Map<String, @Nullable Object> postgresql = new LinkedHashMap<>();
    private final Map<String, @Nullable Object> bootstrap = new LinkedHashMap<>();
    private @Nullable LocalPostgres postgres;

    LocalNode(Path parent, String name) throws IOException {
        this.name = name;
        this.folder = Files.createDirectory(parent.resolve(name));
        this.dataDirectory = folder.resolve("data");
        this.port = freePort();
        this.callbackLog = folder.resolve("callbacks.log");
        this.output = folder.resolve("output.log");
        Path script = folder.resolve("callback.sh");
        Files.writeString(script, "#!/bin/sh\necho \"$@\" >> \"" + callbackLog + "\"\n");
        Files.setPosixFilePermissions(script, java.nio.file.attribute.PosixFilePermissions.fromString("rwx------"));
        Map<String, @Nullable Object> callbacks = new LinkedHashMap<>();
        for (String action : List.of("on_start", "on_stop", "on_restart", "on_reload", "on_role_change")) {
            callbacks.put(action, "'" + script + "'");
        }
        tree.put("scope", "batman");
        tree.put("name", name);
        tree.put("restapi", map("listen", "127.0.0.1:8008", "connect_address", "127.0.0.1:8008"));
        tree.put("bootstrap", bootstrap);
        tree.put("postgresql", postgresql);
        bootstrap.put("initdb", List.of(map("encoding", "UTF8"), "data-checksums", map("auth", "scram-sha-256")));
        postgresql.put("listen", "127.0.0.1:" + port);
        postgresql.put("connect_address", "127.0.0.1:" + port);
        postgresql.put("data_dir", dataDirectory.toString());
        postgresql.put("bin_dir", BIN_DIR);
        postgresql.put("pgpass", folder.resolve("pgpass").toString());
        postgresql.put("use_unix_socket", true);
        postgresql.put("use_unix_socket_repl", true);
        postgresql.put("basebackup", List.of(map("checkpoint", "fast")));
        postgresql.put("callbacks", callbacks);
        postgresql.put("authentication", map("superuser", map("username", "postgres", "password", "super:'secret"),
                "replication", map("username", "replicator", "password", "rep\\secret"),
                "rewind", map("username", "rewinder", "password", "rew secret")));
        postgresql.put("parameters", map("unix_socket_directories", folder.toString(), "shared_buffers", "1MB",
                "fsync", "off", "max_wal_senders", "5"));
        postgresql.put("pg_hba", List.of("local all all trust", "local replication all trust",
                "host replication replicator 127.0.0.1/32 scram-sha-256",
                "host all all 127.0.0.1/32 scram-sha-256"));
        postgresql.put("use_pg_rewind", true);
    }

    static Map<String, @Nullable Object> map(Object... keysAndValues) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }

    Map<String, @Nullable Object> postgresql() {
        return postgresql;
    }

    Map<String, @Nullable Object> bootstrap() {
        return bootstrap;
    }

    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    NodeConfig config() {
        try {
            return ConfigLoader.read(tree).config();
        } catch (ConfigException wrong) {
            throw new IllegalStateException(wrong);
        }
    }

    /** The control; made at the first call, from the configuration as it is then. */
    LocalPostgres control() {
        LocalPostgres made = postgres;
        if (made == null) {
            made = new LocalPostgres(config(), DynamicConfig.DEFAULT, Tasks.system(), Optional.of(output));
            postgres = made;
        }
        return made;
    }

    /** Another agent on the same data, as after a restart of the agent. */
    LocalPostgres newAgent() {
        if (postgres != null) {
            postgres.close();
            postgres = null;
        }
        return control();
    }

    Outcome bootstrapNew() {
        return control().bootstrapNew(new CancelToken());
    }

    Outcome start(PostgresRole role, Optional<Upstream> upstream) {
        return control().start(new StartSpec(role, upstream, LIMIT), new CancelToken());
    }

    Outcome stop(StopMode mode) {
        return control().stop(new StopSpec(mode, mode == StopMode.FAST, LIMIT, () -> {
        }, lsn -> {
        }, true), new CancelToken());
    }

    /** This node as others follow it. */
    Upstream asUpstream() {
        Member member = new Member(name, Optional.empty(), Optional.of(control().connUrl()), Optional.empty(),
                Optional.of(PostgresState.RUNNING.wireText()), Optional.of("primary"), Optional.empty(), Tags.NONE,
                Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(),
                java.util.OptionalInt.empty(), false, Map.of(), Map.of(), false, false, false);
        return new Upstream.OfMember(member, Optional.empty());
    }

    SqlSession sql() {
        return new SqlSession("test", () -> SqlTarget.unix(folder, Integer.toString(port), "postgres",
                config().postgres().superuser()), Tasks.system());
    }

    void execute(String... statements) throws java.sql.SQLException {
        try (SqlSession session = sql()) {
            session.execute(LIMIT, statements);
        }
    }

    String queryText(String sql) throws java.sql.SQLException {
        try (SqlSession session = sql()) {
            return session.queryOne(sql, LIMIT, row -> String.valueOf(row.getString(1)));
        }
    }

    Lsn insertPosition() throws java.sql.SQLException {
        return Lsn.parse(queryText("SELECT pg_current_wal_insert_lsn()::text"));
    }

    List<String> callbacks() {
        try {
            return Files.exists(callbackLog) ? Files.readAllLines(callbackLog) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long postmasterPid() {
        return control().postmaster().orElseThrow().pid();
    }

    /** Counts how often something changed. */
    AtomicInteger countChanges() {
        AtomicInteger changes = new AtomicInteger();
        control().onChange(changes::incrementAndGet);
        return changes;
    }

    /** Names of folders beside the data directory that a failed one was moved to. */
    List<String> movedAway() throws IOException {
        List<String> found = new ArrayList<>();
        try (Stream<Path> entries = Files.list(folder)) {
            entries.map(entry -> entry.getFileName().toString()).filter(entry -> entry.startsWith("data.failed"))
                    .forEach(found::add);
        }
        return found;
    }

    /** Removes a test's folder; a callback may still be writing into it. */
    static void delete(Path folder) {
        Awaitility.await().ignoreExceptions().until(() -> {
            UnprivilegedUser.delete(folder);
            return true;
        });
    }

    @Override
    public void close() {
        LocalPostgres made = postgres;
        if (made != null) {
            made.stop(new StopSpec(StopMode.IMMEDIATE, false, LIMIT, () -> {
            }, lsn -> {
            }, false), new CancelToken());
            made.close();
        }
    }
}
