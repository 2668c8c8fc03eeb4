package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jpatroni.postgres.PostgresControl.PostmasterIdentity;
import org.jpatroni.runtime.Time;

/**
 * One postmaster, beyond doubt: pid and start time together, and a pidfd where the kernel has it. It may or may not be a child of this
 * process.
 */
final class PostmasterProcess {

    /**
     * Processes of PostgreSQL that never report a commit to a client; everything else under a postmaster may. Titles of PostgreSQL 13 to
     * 18: {@code postgres: [cluster name: ]kind ...}.
     */
    private static final Pattern AUXILIARY = Pattern.compile("postgres:( .*:)? (archiver|startup|autovacuum launcher"
            + "|checkpointer|logger|stats collector|walreceiver|walwriter|walsender|background writer"
            + "|logical replication launcher|slotsync worker|walsummarizer|io worker)( .*|$)");

    /** Between the start time in {@code postmaster.pid} and that of the process lies what the postmaster does first. */
    private static final long START_TIME_TOLERANCE_SECONDS = 3;

    private static final int POLL_WITHOUT_PIDFD_MILLIS = 10;

    private final PostmasterIdentity identity;
    private final Time time;
    private int pidfd;

    private PostmasterProcess(PostmasterIdentity identity, Time time) {
        this.identity = identity;
        this.time = time;
        this.pidfd = Posix.pidfdOpen(identity.pid());
    }

    /** A process that is known to be a postmaster, or about to become one; empty when it has ended. */
    static Optional<PostmasterProcess> of(long pid, Time time) {
        Optional<ProcFs.Stat> before = ProcFs.stat(pid).filter(ProcFs.Stat::isAlive);
        if (before.isEmpty()) {
            return Optional.empty();
        }
        PostmasterProcess process = new PostmasterProcess(
                new PostmasterIdentity(pid, before.get().startTicks()), time);
        if (!process.isAlive()) {
            // It went away while it was opened; the descriptor may even name somebody else.
            process.release();
            return Optional.empty();
        }
        return Optional.of(process);
    }

    /**
     * The postmaster of a data directory as its {@code postmaster.pid} names it. A stale file names a process that is gone or that is
     * something else.
     *
     * @param programName how the configuration calls the program {@code postgres}
     */
    static Optional<PostmasterProcess> find(Path dataDirectory, String programName, Time time) {
        return PostmasterFile.read(dataDirectory).filter(file -> !file.isSingleUser())
                .filter(file -> claims(file, dataDirectory, programName)).flatMap(file -> of(file.pid(), time));
    }

    /** Whether the process that the file names is a server of this data directory (single user servers included). */
    static boolean claims(PostmasterFile file, Path dataDirectory, String programName) {
        long pid = Math.abs(file.pid());
        Optional<ProcFs.Stat> stat = ProcFs.stat(pid).filter(ProcFs.Stat::isAlive);
        if (stat.isEmpty() || pid == ProcessHandle.current().pid()) {
            return false;
        }
        Optional<Path> workingDirectory = ProcFs.workingDirectory(pid);
        if (workingDirectory.isPresent()) {
            return workingDirectory.get().equals(real(dataDirectory)) && isPostgres(pid, programName);
        }
        return ProcFs.startEpochSeconds(stat.get()).stream()
                .anyMatch(started -> Math.abs(started - file.startEpochSeconds()) < START_TIME_TOLERANCE_SECONDS);
    }

    static boolean isPostgres(long pid, String programName) {
        return ProcFs.programName(pid).filter(
                name -> name.equals("postgres") || name.equals("postmaster") || name.equals(programName)).isPresent();
    }

    static Path real(Path directory) {
        try {
            return directory.toRealPath();
        } catch (IOException absent) {
            return directory;
        }
    }

    PostmasterIdentity identity() {
        return identity;
    }

    long pid() {
        return identity.pid();
    }

    /** A zombie is not alive, and neither is another process with the same number. */
    boolean isAlive() {
        return ProcFs.stat(identity.pid())
                .filter(stat -> stat.isAlive() && stat.startTicks() == identity.startTicks()).isPresent();
    }

    /** Sends a signal to exactly this process; false when it has ended or refuses. */
    synchronized boolean signal(int signal) {
        return pidfd >= 0 ? Posix.pidfdSendSignal(pidfd, signal) : isAlive() && Posix.kill(identity.pid(), signal);
    }

    /** Waits in native code for the end of the process; call it on a thread of its own. */
    boolean awaitExit(int limitMillis) throws InterruptedException {
        if (pidfd >= 0) {
            return Posix.awaitExit(pidfd, limitMillis);
        }
        Time.Deadline deadline = time.deadlineIn(Duration.ofMillis(limitMillis));
        while (isAlive()) {
            if (deadline.isPast()) {
                return false;
            }
            time.sleep(Duration.ofMillis(Math.min(POLL_WITHOUT_PIDFD_MILLIS, limitMillis)));
        }
        return true;
    }

    /** Sessions, and background workers that may work for some: everybody who could still commit something. */
    List<Long> writers() {
        List<Long> writers = new ArrayList<>();
        for (long child : ProcFs.children(identity.pid())) {
            Optional<String> title = ProcFs.title(child).filter(text -> !text.isEmpty());
            if (title.isPresent() && !isAuxiliary(title.get())) {
                writers.add(child);
            }
        }
        return writers;
    }

    static boolean isAuxiliary(String title) {
        return AUXILIARY.matcher(title).matches();
    }

    /** Ends the postmaster and everything below it at once, for one that does not answer any more. */
    void killAll() {
        List<Long> children = ProcFs.children(identity.pid());
        signal(Posix.SIGKILL);
        children.forEach(child -> Posix.kill(child, Posix.SIGKILL));
    }

    /** Gives the descriptor back. Signals go by number afterwards, checked against the start time. */
    synchronized void release() {
        if (pidfd >= 0) {
            Posix.close(pidfd);
            pidfd = -1;
        }
    }

    @Override
    public String toString() {
        return "postmaster " + identity.pid();
    }
}
