package org.jpatroni.postgres;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jpatroni.runtime.Time;
import org.jpatroni.runtime.Time.Deadline;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Backends that outlived their postmaster. They hold its shared memory, and a new postmaster refuses to start as long as one does
 * ("pre-existing shared memory block is still in use"). They end by themselves when they next wait for something; one that computes does not.
 * They are known beyond doubt: the program is postgres, the working directory is this data directory, and no postmaster runs on it.
 */
final class LeftoverBackends {

    private static final Logger LOG = LoggerFactory.getLogger(LeftoverBackends.class);

    private static final Duration LOOK = Duration.ofMillis(2);
    /** Idle backends need a few milliseconds. */
    private static final Duration LEAVE_ALONE = Duration.ofMillis(20);
    private static final Duration ASKED = Duration.ofMillis(100);
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final Path dataDirectory;
    private final String programName;
    private final Time time;

    LeftoverBackends(Path dataDirectory, String programName, Time time) {
        this.dataDirectory = dataDirectory;
        this.programName = programName;
        this.time = time;
    }

    List<Long> find() {
        Path real = PostmasterProcess.real(dataDirectory);
        List<Long> found = new ArrayList<>();
        for (long pid : ProcFs.pids()) {
            if (ProcFs.workingDirectory(pid).filter(real::equals).isPresent()
                    && PostmasterProcess.isPostgres(pid, programName)) {
                found.add(pid);
            }
        }
        return found;
    }

    /**
     * Waits for them to go, then asks them to, then makes them. Only for a data directory without a live postmaster.
     *
     * @return those that are still there after all, for the message
     */
    List<Long> end() throws InterruptedException {
        List<Long> left = awaitGone(LEAVE_ALONE);
        if (!left.isEmpty()) {
            LOG.info("Ending {} process(es) that outlived the former postmaster of {}: {}", left.size(),
                    dataDirectory, left);
            left.forEach(pid -> Posix.kill(pid, Posix.SIGQUIT));
            left = awaitGone(ASKED);
        }
        if (!left.isEmpty()) {
            left.forEach(pid -> Posix.kill(pid, Posix.SIGKILL));
            left = awaitGone(LIMIT);
        }
        return left;
    }

    private List<Long> awaitGone(Duration limit) throws InterruptedException {
        Deadline deadline = time.deadlineIn(limit);
        List<Long> left = inTheWay();
        while (!left.isEmpty() && !deadline.isPast()) {
            time.sleep(LOOK);
            left = inTheWay();
        }
        return left;
    }

    /** Nobody, once the kernel counts nobody who uses the shared memory: that is what a new postmaster looks at. */
    private List<Long> inTheWay() {
        OptionalLong users = PostmasterFile.sharedMemoryId(dataDirectory).stream()
                .flatMap(id -> ProcFs.sharedMemoryUsers(id).stream()).findFirst();
        return users.isPresent() && users.getAsLong() == 0 ? List.of() : find();
    }
}
