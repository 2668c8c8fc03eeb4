package org.jpatroni.app;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jpatroni.config.ConfigLoader;
import org.jpatroni.runtime.Tasks;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A short life of a real daemon, for the JVM to learn from: {@code bin/start-cache} runs it once per build and JVM with
 * {@code -XX:AOTCacheOutput}, and later starts take classes and profiles from that cache. The node has the embedded store and no
 * {@code bootstrap} section, so it waits for a leader that never comes, while its API is asked; then it is told to end by a signal. It touches
 * nothing but a temporary folder and loopback ports of the system's choice, and no outcome depends on it.
 */
public final class Training {

    private static final Logger LOG = LoggerFactory.getLogger(Training.class);

    private static final Duration START_LIMIT = Duration.ofSeconds(30);
    private static final Duration PAUSE = Duration.ofMillis(20);
    private static final int ROUNDS = 100;
    private static final List<String> PATHS = List.of("/", "/primary", "/replica?lag=1MB", "/leader", "/read-only",
            "/health", "/liveness", "/readiness", "/patroni", "/cluster", "/history", "/config", "/metrics");

    private final Tasks tasks = Tasks.system();
    private final Path folder;
    private final URI api;

    private Training(Path folder, int port) {
        this.folder = folder;
        this.api = URI.create("http://127.0.0.1:" + port);
    }

    /** Runs it all once; no arguments. Ends with an exit code other than 0 when a part failed, and then there is no cache. */
    public static void main(String[] arguments) throws Exception {
        Path folder = Files.createTempDirectory("jpatroni-training-");
        int code;
        try {
            code = new Training(folder, freePort()).run();
        } finally {
            delete(folder);
        }
        LogSetup.flush();
        System.exit(code);
    }

    private int run() throws Exception {
        String[] commandLine = {writeConfiguration().toString()};
        PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
        if (!(CommandLine.parse(commandLine, Map.of(), nowhere, nowhere) instanceof CommandLine.Run command)) {
            return 1;
        }
        LogSetup.early();
        ConfigLoader.Loaded loaded = ConfigLoader.load(command.configuration(), Map.of());
        LogSetup.apply(loaded.config().log());
        Tasks.Task<Boolean> client = tasks.start("training", () -> {
            try {
                ask();
                sql();
                signal("HUP");
                tasks.time().sleep(Duration.ofMillis(200));
            } finally {
                signal("TERM");
            }
            return true;
        });
        int code = new Daemon(loaded.config(), Optional.empty(), Map.of()).run();
        return client.await(START_LIMIT) && client.result().isPresent() ? code : 1;
    }

    private Path writeConfiguration() throws IOException {
        Path programs = Files.createDirectory(folder.resolve("bin"));
        Path version = Files.writeString(programs.resolve("postgres"),
                "#!/bin/sh\necho 'postgres (PostgreSQL) 17.0'\n");
        Files.setPosixFilePermissions(version, PosixFilePermissions.fromString("rwx------"));
        return Files.writeString(folder.resolve("node.yml"), """
                scope: training
                name: node1
                restapi: {listen: '127.0.0.1:%1$d', connect_address: '127.0.0.1:%1$d'}
                embedded: {data_dir: %2$s/store, listen: '127.0.0.1:%3$d'}
                postgresql:
                  listen: 127.0.0.1:%4$d
                  connect_address: 127.0.0.1:%4$d
                  data_dir: %2$s/data
                  bin_dir: %2$s/bin
                  parameters: {max_connections: 50, fsync: on}
                  authentication:
                    superuser: {username: postgres, password: secret}
                    replication: {username: replicator, password: secret}
                tags: {nofailover: true}
                """.formatted(api.getPort(), folder, freePort(), freePort()));
    }

    /** What load balancers, operators and monitoring ask, once it answers at all. */
    private void ask() throws IOException, InterruptedException {
        long giveUpAt = tasks.time().nanos() + START_LIMIT.toNanos();
        while (!answers()) {
            if (tasks.time().nanos() > giveUpAt) {
                throw new IOException("the API does not answer");
            }
            tasks.time().sleep(PAUSE);
        }
        try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            for (int round = 0; round < ROUNDS; round++) {
                for (String path : PATHS) {
                    client.send(HttpRequest.newBuilder(api.resolve(path)).build(), BodyHandlers.ofString());
                }
            }
        }
    }

    private boolean answers() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), api.getPort())) {
            socket.getOutputStream().write("GET /liveness HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            return socket.getInputStream().readAllBytes().length > 0;
        } catch (IOException notYet) {
            return false;
        }
    }

    /** A server that is starting up says so; most of the driver is loaded before it finds out. */
    private void sql() throws IOException, InterruptedException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Tasks.Task<Boolean> answering = tasks.start("training-sql", () -> {
                try (Socket socket = server.accept()) {
                    byte[] request = new byte[1024];
                    var _ = socket.getInputStream().read(request);
                    byte[] fields = "SFATAL\0C57P03\0Mthe database system is starting up\0\0"
                            .getBytes(StandardCharsets.US_ASCII);
                    socket.getOutputStream().write(new byte[]{'E', 0, 0, 0, (byte) (fields.length + 4)});
                    socket.getOutputStream().write(fields);
                }
                return true;
            });
            String url = "jdbc:postgresql://127.0.0.1:" + server.getLocalPort()
                    + "/postgres?user=postgres&sslmode=disable&gssEncMode=disable&connectTimeout=5&socketTimeout=5";
            try (var connection = DriverManager.getConnection(url)) {
                LOG.info("{}", connection);
            } catch (SQLException expected) {
                LOG.info("refused, as it should be: {}", expected.getMessage());
            }
            var _ = answering.await(PAUSE);
        }
    }

    private static void signal(String name) throws IOException, InterruptedException {
        String command = "kill -" + name + " " + ProcessHandle.current().pid();
        var _ = new ProcessBuilder("sh", "-c", command).inheritIO().start().waitFor();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> walk = Files.walk(folder)) {
            for (Path each : walk.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        }
    }
}
