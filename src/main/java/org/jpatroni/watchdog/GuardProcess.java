package org.jpatroni.watchdog;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jpatroni.runtime.Time;

/** One running guard: a shell program in a session of its own, spoken to by lines. See {@code guard.sh} for what it does. */
final class GuardProcess {

    /** Its name among the arguments, by which a later agent finds it. */
    static final String NAME = "jpatroni-guard";

    private static final String PROGRAM = "guard.sh";
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(1);
    private static final Duration ANSWER_POLL = Duration.ofMillis(2);

    private final Process process;
    private final BufferedWriter toGuard;
    private final BufferedReader fromGuard;
    private final Time time;
    private long sequence;

    private GuardProcess(Process process, Time time) {
        this.process = process;
        this.toGuard = process.outputWriter(StandardCharsets.UTF_8);
        this.fromGuard = process.inputReader(StandardCharsets.UTF_8);
        this.time = time;
    }

    /**
     * Starts a guard that has nothing to do yet.
     *
     * @param dataDir the data directory as {@link #canonical}
     * @param log what it has to say is appended there; empty: to the standard error of this process
     */
    static GuardProcess start(Path dataDir, Duration fastStop, Duration grace, Optional<Path> log, Time time)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder("setsid", "bash", "-s", "--", NAME, dataDir.toString(),
                String.valueOf(fastStop.toMillis() / 10), String.valueOf(grace.toMillis() / 10));
        builder.directory(new File("/"));
        String path = builder.environment().get("PATH");
        builder.environment().clear();
        builder.environment().put("PATH", path == null ? "/usr/bin:/bin" : path);
        builder.environment().put("LC_ALL", "C");
        builder.redirectError(log.map(file -> ProcessBuilder.Redirect.appendTo(file.toFile()))
                .orElse(ProcessBuilder.Redirect.INHERIT));
        GuardProcess guard = new GuardProcess(builder.start(), time);
        guard.toGuard.write(program());
        guard.toGuard.flush();
        return guard;
    }

    private static String program() throws IOException {
        try (InputStream program = GuardProcess.class.getResourceAsStream(PROGRAM)) {
            if (program == null) {
                throw new IOException(PROGRAM + " is missing from the program's archive");
            }
            return new String(program.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Tells it the deadline; whether it has understood. */
    boolean until(long deadlineCentis, long postmasterPid, long postmasterStartTicks) throws InterruptedException {
        return tell("until " + deadlineCentis + " " + postmasterPid + " " + postmasterStartTicks);
    }

    /** Tells it that there is nothing to stop; whether it has understood. */
    boolean off() throws InterruptedException {
        return tell("off");
    }

    private boolean tell(String line) throws InterruptedException {
        long expected = ++sequence;
        try {
            toGuard.write(line + " " + expected + "\n");
            toGuard.flush();
            Time.Deadline deadline = time.deadlineIn(ANSWER_LIMIT);
            while (!deadline.isPast() && isAlive()) {
                if (!fromGuard.ready()) {
                    time.sleep(ANSWER_POLL);
                } else if (("ok " + expected).equals(fromGuard.readLine())) {
                    return true;
                }
            }
        } catch (IOException gone) {
            return false;
        }
        return false;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    long pid() {
        return process.pid();
    }

    void awaitExit() throws InterruptedException {
        process.waitFor();
    }

    /** It ends by itself when it has nothing to do, and watches on when it has. */
    void leave() {
        try {
            toGuard.close();
            fromGuard.close();
        } catch (IOException gone) {
            process.destroyForcibly();
        }
    }

    void kill() {
        process.destroyForcibly();
    }

    /** Guards of the same data directory, but this one: left by an agent before this one. */
    static List<ProcessHandle> others(Path dataDir, long ownPid) {
        List<ProcessHandle> found = new ArrayList<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path each : processes) {
                long pid = Long.parseLong(each.getFileName().toString());
                if (pid != ownPid && isGuard(each, dataDir)) {
                    ProcessHandle.of(pid).ifPresent(found::add);
                }
            }
        } catch (IOException | NumberFormatException unreadable) {
            return found;
        }
        return found;
    }

    private static boolean isGuard(Path process, Path dataDir) {
        try {
            List<String> arguments = List
                    .of(Files.readString(process.resolve("cmdline"), StandardCharsets.UTF_8).split("\0"));
            int name = arguments.indexOf(NAME);
            return name > 0 && name + 1 < arguments.size()
                    && canonical(Path.of(arguments.get(name + 1))).equals(canonical(dataDir));
        } catch (IOException | RuntimeException endedOrForeign) {
            return false;
        }
    }

    /** The same path for the same directory, also while it does not exist. */
    static Path canonical(Path dataDir) {
        Path absolute = dataDir.toAbsolutePath().normalize();
        try {
            return absolute.toRealPath();
        } catch (IOException absent) {
            return absolute;
        }
    }

    /** 1/100 s since the machine was started, suspended time included. */
    static long uptimeCentis() throws IOException {
        String text = Files.readString(Path.of("/proc/uptime"), StandardCharsets.US_ASCII);
        return Long.parseLong(text.substring(0, text.indexOf(' ')).replace(".", ""));
    }
}
