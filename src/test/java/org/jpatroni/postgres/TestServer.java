package org.jpatroni.postgres;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.awaitility.Awaitility;
import org.jpatroni.config.PostgresConfig;
import org.jpatroni.config.PostgresConfig.Authentication;
import org.jpatroni.config.PostgresSettings;
import org.jpatroni.model.Upstream;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.testing.UnprivilegedUser;
import org.jspecify.annotations.Nullable;

/** A real server for tests, configured through the classes under test and started without them. */
final class TestServer implements AutoCloseable {

    static final Duration LIMIT = Duration.ofSeconds(10);

    final Path binaries;
    final Path data;
    final int port;
    final PostgresConfig config;
    final PgPass pgPass;
    final RecoverySettings recovery;
    final ServerSettings settings;
    final LocalConnections connections;
    private final List<SqlSession> sessions = new ArrayList<>();
    private @Nullable Process process;

    TestServer(Path binaries, Path data, int port, PostgresConfig config, PostgresSettings wanted, String name,
            int majorVersion) {
        this.binaries = binaries;
        this.data = data;
        this.port = port;
        this.config = config;
        this.pgPass = new PgPass(Path.of(config.pgpass()), data);
        this.recovery = new RecoverySettings(config, wanted, name, pgPass, () -> majorVersion);
        Programs programs = new Programs(Optional.of(binaries.toString()), Map.of(), Optional.empty(), Tasks.system());
        this.settings = new ServerSettings(config, wanted, "batman", recovery, new ProgramProbe(programs, data));
        this.connections = new LocalConnections(config, settings, Tasks.system());
    }

    /** Settings that every test server has: small, and sockets in a folder of the test's. */
    static Map<String, String> parameters(Path socketFolder, String... more) {
        Map<String, String> all = new LinkedHashMap<>(Map.of("unix_socket_directories",
                socketFolder.toString(), "shared_buffers", "1MB", "fsync", "off", "log_min_messages", "log"));
        for (int i = 0; i < more.length; i += 2) {
            all.put(more[i], more[i + 1]);
        }
        return all;
    }

    /** Of Debian's packages: the newest. */
    static Path debianBinaries() {
        try (Stream<Path> versions = Files.list(Path.of("/usr/lib/postgresql"))) {
            return versions.max(Comparator.comparingInt(folder -> Integer.parseInt(folder.getFileName().toString())))
                    .orElseThrow().resolve("bin");
        } catch (IOException missing) {
            throw new IllegalStateException("PostgreSQL is not installed: run scripts/install-tools check", missing);
        }
    }

    /** Unpacks the server of a major version that Maven has put into {@code target/postgres-binaries}. */
    static Path unpackBinaries(int majorVersion, Path folder) throws IOException, InterruptedException {
        Path home = Path.of(System.getProperty("jpatroni.home", "."));
        Path jar = home.resolve("target/postgres-binaries/postgres-" + majorVersion + ".jar");
        Path archive = folder.resolve("server.txz");
        try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(jar))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (entry.getName().endsWith(".txz")) {
                    Files.copy(zip, archive);
                }
            }
        }
        run(List.of("tar", "-xJf", archive.toString(), "-C", folder.toString()));
        Files.delete(archive);
        UnprivilegedUser.own(folder);
        return folder.resolve("bin");
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    static void run(List<String> command) throws IOException, InterruptedException {
        File output = File.createTempFile("jpatroni-test", ".out");
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output)
                    .redirectInput(new File("/dev/null")).start();
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException(command + " did not end");
            }
            if (process.exitValue() != 0) {
                throw new IllegalStateException(command + " failed: " + Files.readString(output.toPath()));
            }
        } finally {
            Files.deleteIfExists(output.toPath());
        }
    }

    /** Makes the data directory, with the superuser of the configuration. */
    void initdb() throws IOException, InterruptedException {
        run(UnprivilegedUser.command(List.of(binaries + "/initdb", "-D", data.toString(), "-U",
                config.superuser().username(), "--auth=trust", "-N", "-E", "UTF8", "--locale=C")));
    }

    /** Prepares the files and starts; returns when it accepts connections. */
    void start(Optional<Upstream> upstream, Map<String, Integer> controlValues) throws IOException {
        recovery.write(upstream);
        settings.prepareStart(controlValues);
        UnprivilegedUser.own(data);
        List<String> command = new ArrayList<>(List.of(binaries + "/postgres", "-D", data.toString(),
                "--config-file=" + settings.configurationFile()));
        command.addAll(settings.commandLineOptions());
        process = new ProcessBuilder(UnprivilegedUser.command(command)).redirectErrorStream(true)
                .redirectOutput(log().toFile()).redirectInput(new File("/dev/null")).start();
        SqlSession session = session("start");
        Awaitility.await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(20)).until(() -> {
            if (!process().isAlive()) {
                throw new IllegalStateException("the server ended: " + Files.readString(log()));
            }
            return answers(session);
        });
    }

    static boolean answers(SqlSession session) {
        try {
            return session.queryOne("SELECT 1", Duration.ofSeconds(2), row -> row.getInt(1)) == 1;
        } catch (SQLException notYet) {
            return false;
        }
    }

    Path log() {
        return data.resolveSibling(data.getFileName() + ".log");
    }

    /** As the superuser; closed with the server. */
    SqlSession session(String purpose) {
        SqlSession session = connections.open(purpose);
        sessions.add(session);
        return session;
    }

    SqlSession replicationSession() {
        SqlSession session = connections.openReplication("timeline");
        sessions.add(session);
        return session;
    }

    SqlSession session(SqlTarget target) {
        SqlSession session = new SqlSession("test", () -> target, Tasks.system());
        sessions.add(session);
        return session;
    }

    SqlTarget tcp(Authentication as) {
        return SqlTarget.tcp("127.0.0.1", Integer.toString(port), "postgres", as);
    }

    Process process() {
        return Objects.requireNonNull(process, "not started");
    }

    /** Sends a signal to the postmaster, or another process of the server. */
    static void signal(String name, long pid) throws IOException, InterruptedException {
        run(List.of("kill", "-" + name, Long.toString(pid)));
    }

    /** A fast shutdown. */
    void stop() throws IOException, InterruptedException {
        Process running = process;
        if (running != null && running.isAlive()) {
            signal("CONT", running.pid());
            signal("INT", running.pid());
            if (!running.waitFor(30, TimeUnit.SECONDS)) {
                signal("QUIT", running.pid());
                running.waitFor(10, TimeUnit.SECONDS);
            }
        }
        process = null;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        sessions.forEach(SqlSession::close);
        stop();
    }

    static void copy(Path from, Path to) throws IOException, InterruptedException {
        run(List.of("cp", "-a", from.toString(), to.toString()));
    }
}
