package org.jpatroni.postgres;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jpatroni.runtime.CancelToken;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time.Deadline;
import org.jpatroni.runtime.Wakeup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts other programs: PostgreSQL's own, and those that the configuration names. Each gets a session of its own, so that it can be ended
 * with all that it started, and so that a key press or the end of the agent does not reach it.
 */
final class Programs {

    private static final Logger LOG = LoggerFactory.getLogger(Programs.class);
    private static final File NOTHING = new File("/dev/null");
    private static final Duration GRACE_AFTER_CANCEL = Duration.ofSeconds(10);
    private static final Duration WAIT_STEP = Duration.ofSeconds(60);

    private final Optional<String> binDir;
    private final Map<String, String> names;
    private final List<String> sessionStarter;
    private final Optional<Path> output;
    private final Tasks tasks;

    /**
     * @param binDir where PostgreSQL's programs are; empty: PATH
     * @param names other names of programs, from {@code postgresql.bin_name}
     * @param output where programs write; empty: to the agent's own output
     */
    Programs(Optional<String> binDir, Map<String, String> names, Optional<Path> output, Tasks tasks) {
        this.binDir = binDir;
        this.names = Map.copyOf(names);
        this.sessionStarter = findOnPath("setsid").map(List::of).orElse(List.of());
        this.output = output;
        this.tasks = tasks;
    }

    /**
     * How a program ended.
     *
     * @param exitCode 127 when it could not be started, 128 and more when a signal ended it
     * @param out what it wrote, when that was wanted
     */
    record Result(int exitCode, String out, String err, boolean cancelled) {

        boolean isSuccess() {
            return exitCode == 0 && !cancelled;
        }

        /** What the program complained about last, for a message in one line. */
        String complaint() {
            List<String> lines = (err.isBlank() ? out : err).lines().map(String::strip)
                    .filter(line -> !line.isEmpty()).toList();
            return lines.stream().filter(line -> line.contains("FATAL:") || line.contains("error:"))
                    .reduce((first, second) -> second)
                    .or(() -> lines.isEmpty() ? Optional.empty() : Optional.of(lines.getLast()))
                    .orElse("exit code " + exitCode);
        }
    }

    /** The program's path as it is started. */
    String path(String program) {
        String name = names.getOrDefault(program, program);
        return binDir.filter(folder -> !folder.isEmpty()).map(folder -> folder + "/" + name).orElse(name);
    }

    /** File name under which the program runs. */
    String fileName(String program) {
        String name = names.getOrDefault(program, program);
        return name.substring(name.lastIndexOf('/') + 1);
    }

    /** Whether the program is there and may be run. */
    boolean exists(String program) {
        String path = path(program);
        return path.contains("/") ? Files.isExecutable(Path.of(path)) : findOnPath(path).isPresent();
    }

    private static Optional<String> findOnPath(String program) {
        for (String folder : System.getenv().getOrDefault("PATH", "/usr/bin:/bin").split(":", -1)) {
            Path file = Path.of(folder.isEmpty() ? "." : folder, program);
            if (Files.isExecutable(file) && !Files.isDirectory(file)) {
                return Optional.of(file.toString());
            }
        }
        return Optional.empty();
    }

    /** Runs a program to its end; its output goes where the agent's goes. */
    Result run(List<String> arguments, Map<String, String> environment, CancelToken cancel) {
        return run(arguments, environment, cancel, Optional.empty());
    }

    /** Runs a program to its end and collects its output; messages are in English. */
    Result capture(List<String> arguments, Map<String, String> environment, CancelToken cancel) {
        Map<String, String> english = new HashMap<>(environment);
        english.put("LC_ALL", "C");
        english.put("LANG", "C");
        return run(arguments, english, cancel, Optional.of(line -> {
        }));
    }

    private Result run(List<String> arguments, Map<String, String> environment, CancelToken cancel,
            Optional<Consumer<String>> reader) {
        if (cancel.isCancelled()) {
            return new Result(127, "", "cancelled before the start", true);
        }
        ProcessBuilder builder = builder(arguments);
        builder.environment().putAll(environment);
        if (reader.isPresent()) {
            builder.redirectOutput(ProcessBuilder.Redirect.PIPE).redirectError(ProcessBuilder.Redirect.PIPE);
        }
        Process process;
        try {
            process = builder.start();
        } catch (IOException notStarted) {
            return new Result(127, "", arguments.getFirst() + " cannot be run: " + notStarted.getMessage(), false);
        }
        Consumer<String> line = reader.orElse(text -> {
        });
        Tasks.Task<String> out = tasks.start("program-out", () -> text(process.inputReader(), line));
        Tasks.Task<String> err = tasks.start("program-err", () -> text(process.errorReader(), line));
        boolean cancelled = waitFor(process, arguments.getFirst(), cancel);
        return new Result(process.exitValue(), collected(out), collected(err), cancelled);
    }

    /**
     * Runs one of PostgreSQL's programs to its end and logs what it says as it says it; in the language of the environment, which decides the locale of a
     * new cluster too.
     */
    Result runLogged(List<String> arguments, Map<String, String> environment, CancelToken cancel) {
        String name = arguments.getFirst().substring(arguments.getFirst().lastIndexOf('/') + 1);
        return run(arguments, environment, cancel, Optional.of(line -> LOG.info("{}: {}", name, line)));
    }

    /** Starts a program and does not wait for it. */
    Process start(List<String> arguments, Map<String, String> environment) throws IOException {
        ProcessBuilder builder = builder(arguments);
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** Starts a program with exactly this environment and does not wait for it. */
    Process startWithOnly(List<String> arguments, Map<String, String> environment) throws IOException {
        ProcessBuilder builder = builder(arguments);
        builder.environment().clear();
        builder.environment().putAll(environment);
        return builder.start();
    }

    private ProcessBuilder builder(List<String> arguments) {
        List<String> whole = new ArrayList<>(sessionStarter);
        whole.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(whole);
        builder.redirectInput(NOTHING);
        ProcessBuilder.Redirect target = output.map(file -> ProcessBuilder.Redirect.appendTo(file.toFile()))
                .orElse(ProcessBuilder.Redirect.INHERIT);
        return builder.redirectOutput(target).redirectError(target);
    }

    /** Waits; a cancellation ends the program with everything that it started. Returns whether that happened. */
    private boolean waitFor(Process process, String name, CancelToken cancel) {
        Wakeup wakeup = tasks.newWakeup();
        var _ = process.onExit().thenRun(wakeup::signal);
        cancel.onCancel(wakeup::signal);
        boolean interrupted = false;
        while (process.isAlive() && !cancel.isCancelled() && !interrupted) {
            try {
                wakeup.await(WAIT_STEP);
            } catch (InterruptedException stop) {
                interrupted = true;
            }
        }
        boolean ended = !process.isAlive();
        if (!ended) {
            LOG.info("Terminating {}", name);
            end(process, GRACE_AFTER_CANCEL);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return !ended;
    }

    /** Ends a program with everything that it started: it is asked to, and after the grace it is made to. */
    void end(Process process, Duration grace) {
        boolean interrupted = Thread.interrupted();
        List<ProcessHandle> family = new ArrayList<>(process.descendants().toList());
        signalGroup(process, Posix.SIGTERM);
        Wakeup wakeup = tasks.newWakeup();
        var _ = process.onExit().thenRun(wakeup::signal);
        Deadline deadline = tasks.time().deadlineIn(grace);
        while (process.isAlive() && !interrupted && !deadline.isPast()) {
            try {
                wakeup.await(deadline.left());
            } catch (InterruptedException stop) {
                interrupted = true;
            }
        }
        family.addAll(process.descendants().toList());
        signalGroup(process, Posix.SIGKILL);
        family.forEach(ProcessHandle::destroyForcibly);
        process.onExit().join();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void signalGroup(Process process, int signal) {
        boolean leadsGroup = !sessionStarter.isEmpty() && Posix.kill(-process.pid(), signal);
        if (!leadsGroup && process.isAlive()) {
            Posix.kill(process.pid(), signal);
        }
    }

    private static String text(BufferedReader stream, Consumer<String> reader) throws IOException {
        StringBuilder text = new StringBuilder();
        try (stream) {
            for (String line = stream.readLine(); line != null; line = stream.readLine()) {
                text.append(line).append('\n');
                if (!line.isBlank()) {
                    reader.accept(line);
                }
            }
        }
        return text.toString();
    }

    /** What was read; a grandchild that keeps the pipe open must not hold us up. */
    private static String collected(Tasks.Task<String> reader) {
        try {
            reader.await(Duration.ofSeconds(1));
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
        return reader.result().orElse("");
    }
}
