package org.jpatroni.watchdog;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jpatroni.testing.UnprivilegedUser;

/** A PostgreSQL server of its own for one test class. */
final class GuardedServer implements AutoCloseable {

    final Path dataDir;
    private final Path folder;
    private final Path programs;
    private final int port;
    private long pid;
    private long startTicks;

    GuardedServer() throws Exception {
        folder = UnprivilegedUser.newFolder("guard");
        dataDir = folder.resolve("data");
        programs = programs();
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        run(List.of(programs.resolve("initdb").toString(), "-D", dataDir.toString(), "-A", "trust", "-U", "postgres",
                "--no-sync"));
    }

    private static Path programs() throws IOException {
        try (DirectoryStream<Path> versions = Files.newDirectoryStream(Path.of("/usr/lib/postgresql"))) {
            for (Path version : versions) {
                if (Files.isExecutable(version.resolve("bin/postgres"))) {
                    return version.resolve("bin");
                }
            }
        }
        throw new IllegalStateException("this test needs PostgreSQL below /usr/lib/postgresql");
    }

    void start() throws Exception {
        // Left by an immediate stop; where nobody reaps the former postmaster, PostgreSQL takes the zombie for a server that runs.
        Files.deleteIfExists(dataDir.resolve("postmaster.pid"));
        Files.deleteIfExists(folder.resolve(".s.PGSQL." + port + ".lock"));
        Path log = folder.resolve("log");
        Files.deleteIfExists(log);
        try {
            run(startCommand(log));
        } catch (IllegalStateException failed) {
            throw new IllegalStateException(failed.getMessage() + Files.readString(log), failed);
        }
        pid = Long.parseLong(Files.readAllLines(dataDir.resolve("postmaster.pid")).getFirst().strip());
        startTicks = Long.parseLong(stat(pid).get(19));
    }

    private List<String> startCommand(Path log) {
        return List.of(programs.resolve("pg_ctl").toString(), "start", "-w", "-D", dataDir.toString(), "-l",
                log.toString(), "-o",
                "-p " + port + " -c listen_addresses=127.0.0.1 -c unix_socket_directories=" + folder + " -c fsync=off");
    }

    Connection connect() throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres?socketTimeout=20",
                "postgres", "");
    }

    long pid() {
        return pid;
    }

    long startTicks() {
        return startTicks;
    }

    boolean runs() {
        return isAlive(pid);
    }

    /** Processes of the server that are children of the postmaster now. */
    List<Long> children() throws IOException {
        List<Long> children = new ArrayList<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path each : processes) {
                long child = Long.parseLong(each.getFileName().toString());
                if (isAlive(child) && stat(child).get(1).equals(String.valueOf(pid))) {
                    children.add(child);
                }
            }
        }
        return children;
    }

    static boolean isAlive(long process) {
        List<String> fields = stat(process);
        return !fields.isEmpty() && !fields.getFirst().equals("Z");
    }

    /** Fields from the state on; empty when there is no such process. */
    private static List<String> stat(long process) {
        try {
            String text = Files.readString(Path.of("/proc/" + process + "/stat"), StandardCharsets.UTF_8);
            return List.of(text.substring(text.lastIndexOf(')') + 2).split(" "));
        } catch (IOException gone) {
            return List.of();
        }
    }

    static void signal(String signal, long process) throws Exception {
        run(List.of("kill", "-" + signal, String.valueOf(process)));
    }

    static void run(List<String> command) throws Exception {
        Path output = Files.createTempFile("guard-test", ".txt");
        try {
            Process process = new ProcessBuilder(UnprivilegedUser.command(command)).redirectErrorStream(true)
                    .redirectOutput(output.toFile()).start();
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IllegalStateException(
                        "failed: " + String.join(" ", command) + ": " + Files.readString(output));
            }
        } finally {
            Files.delete(output);
        }
    }

    /** Ends the server if it still runs, and waits for its processes. */
    void stop() throws Exception {
        if (pid == 0 || !runs()) {
            return;
        }
        List<Long> children = children();
        signal("CONT", pid);
        signal("QUIT", pid);
        Awaitility.await().atMost(Duration.ofSeconds(20))
                .until(() -> !runs() && children.stream().noneMatch(GuardedServer::isAlive));
    }

    @Override
    public void close() throws Exception {
        stop();
        UnprivilegedUser.delete(folder);
    }
}
