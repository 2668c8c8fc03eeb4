package org.jpatroni.postgres;

import java.nio.file.Path;
import java.time.Duration;
import org.jpatroni.postgres.PostmasterFile.Status;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;

/**
 * Sees at once when a postmaster becomes ready and when it ends, whoever started it and whoever reaps it. The end comes as an event of the
 * kernel; readiness is the postmaster's own word in its file, looked at every few milliseconds only as long as it is awaited.
 */
final class PostmasterWatch implements AutoCloseable {

    /** Told of each of the two once. Must not block. */
    interface Listener {

        void ready(PostmasterProcess process);

        void exited(PostmasterProcess process);
    }

    /** A start without recovery takes some 50 ms, so a look each 2 ms adds next to nothing. */
    private static final int LOOK_MILLIS_AT_FIRST = 2;
    private static final int LOOK_MILLIS_LATER = 20;
    private static final Duration AT_FIRST = Duration.ofSeconds(5);
    /** Bounds only how long {@link #close} takes to be noticed. */
    private static final int WAIT_MILLIS_WHEN_READY = 200;

    private final PostmasterProcess process;
    private final Path dataDirectory;
    private final Time time;
    private final Listener listener;
    private volatile boolean closed;

    private PostmasterWatch(PostmasterProcess process, Path dataDirectory, Time time, Listener listener) {
        this.process = process;
        this.dataDirectory = dataDirectory;
        this.time = time;
        this.listener = listener;
    }

    static PostmasterWatch start(PostmasterProcess process, Path dataDirectory, Tasks tasks, Listener listener) {
        PostmasterWatch watch = new PostmasterWatch(process, dataDirectory, tasks.time(), listener);
        tasks.startBlocking("postmaster-watch", watch::run);
        return watch;
    }

    PostmasterProcess process() {
        return process;
    }

    /** The status in {@code postmaster.pid}, as long as that file is this postmaster's. */
    Status status() {
        return PostmasterFile.read(dataDirectory).filter(file -> file.pid() == process.pid())
                .map(PostmasterFile::status).orElse(Status.UNKNOWN);
    }

    private boolean run() throws InterruptedException {
        Time.Deadline first = time.deadlineIn(AT_FIRST);
        boolean ready = false;
        try {
            while (!closed) {
                if (!ready && status().acceptsSessions()) {
                    ready = true;
                    listener.ready(process);
                }
                int limitMillis = ready
                        ? WAIT_MILLIS_WHEN_READY
                        : first.isPast() ? LOOK_MILLIS_LATER : LOOK_MILLIS_AT_FIRST;
                if (process.awaitExit(limitMillis)) {
                    listener.exited(process);
                    return true;
                }
            }
            return false;
        } finally {
            process.release();
        }
    }

    @Override
    public void close() {
        closed = true;
    }
}
