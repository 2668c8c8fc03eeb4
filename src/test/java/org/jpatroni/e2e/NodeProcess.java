package org.jpatroni.e2e;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One daemon as a child of this JVM, which therefore notices its end at once. Its configuration is the file that was written before. */
final class NodeProcess {

    private static final int TAIL_LINES = 80;

    private final Path folder;
    private final Path log;
    private @Nullable Process process;

    /** Of the node in this folder; its configuration is there in {@code node.yml}, and its log goes there. */
    NodeProcess(Path folder) {
        this.folder = folder;
        this.log = folder.resolve("log");
    }

    /** As from a script that has to outlive its terminal: HUP is ignored until the daemon says otherwise. */
    void start() {
        start(List.of("nohup"));
    }

    /** @param prefix what is put before the command, for instance another limit of rights */
    void start(List<String> prefix) {
        if (isAlive()) {
            throw new IllegalStateException(folder + " runs already");
        }
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC",
                "-Xmx96m", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xlog:disable", "-Xlog:all=error:stderr",
                "-XX:+UseCompactObjectHeaders", "--enable-native-access=ALL-UNNAMED", "-cp", classPath(),
                "org.jpatroni.app.Main", folder.resolve("node.yml").toString()));
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        // The tests' own surroundings must not configure it.
        builder.environment().keySet()
                .removeIf(name -> name.startsWith("PATRONI_") || name.startsWith("PG") || name.startsWith("JAVA_TOOL"));
        try {
            process = builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the program needs, without the tests. */
    private static String classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator)).map(Path::of)
                .filter(entry -> !entry.endsWith("test-classes")).map(entry -> entry.toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    boolean isAlive() {
        Process current = process;
        return current != null && current.isAlive();
    }

    long pid() {
        return running().pid();
    }

    private Process running() {
        Process current = process;
        if (current == null) {
            throw new IllegalStateException(folder + " was not started");
        }
        return current;
    }

    /** SIGKILL. What it has started goes on. */
    void kill() {
        Process current = process;
        if (current != null) {
            current.destroyForcibly();
            current.onExit().join();
        }
    }

    /** SIGTERM, without waiting. */
    void terminate() {
        running().destroy();
    }

    void signal(String name) {
        Signals.send(pid(), name);
    }

    /** Waits for the end by itself; the exit code. */
    int awaitExit(Duration limit) {
        try {
            if (!running().waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("the daemon of " + folder + " still runs after " + limit + "\n" + tail());
            }
            return running().exitValue();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    /** All it has written, over all starts. */
    String output() {
        try {
            return Files.exists(log) ? Files.readString(log) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Length of what it has written so far, for {@link #outputSince}. */
    int outputLength() {
        return output().length();
    }

    String outputSince(int length) {
        return output().substring(length);
    }

    /** A line of the test between those of the daemon, so that its log can be read as a story. */
    void remark(String text) {
        try {
            Files.writeString(log, "===== " + text + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String tail() {
        List<String> lines = output().lines().toList();
        try (Stream<String> last = lines.stream().skip(Math.max(0, lines.size() - TAIL_LINES))) {
            return last.collect(Collectors.joining("\n"));
        }
    }
}
