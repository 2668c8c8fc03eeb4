package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.runtime.CancelToken;
import org.jpatroni.runtime.Time;
import org.jpatroni.runtime.Time.Deadline;

/** Ends recovery as {@code pg_ctl promote} does, and sees in the control file when that is done. */
final class Promotion {

    /** The postmaster looks for it when it gets SIGUSR1 (PostgreSQL's PROMOTE_SIGNAL_FILE). */
    static final String SIGNAL_FILE = "promote";

    /** A promotion takes some 30 ms. */
    private static final Duration LOOK = Duration.ofMillis(2);
    private static final Duration LOOK_LATER = Duration.ofMillis(10);
    private static final Duration AT_FIRST = Duration.ofSeconds(2);
    /**
     * The startup process may miss the wake-up that comes while it is about to wait for its upstream again, and would then sleep for
     * {@code wal_retrieve_retry_interval} (5 s). It removes the file when it has understood.
     */
    private static final Duration REPEAT = Duration.ofMillis(50);

    private final PostmasterProcess process;
    private final DataDirectory data;
    private final Time time;

    Promotion(PostmasterProcess process, DataDirectory data, Time time) {
        this.process = process;
        this.data = data;
        this.time = time;
    }

    /** Whether the server is out of recovery. */
    boolean isDone() throws IOException {
        return data.control().state() == ControlFile.IN_PRODUCTION;
    }

    /** Gives the order. */
    Outcome begin() {
        try {
            Files.writeString(data.path().resolve(SIGNAL_FILE), "");
        } catch (IOException failure) {
            return Outcome.failed(DataDirectory.message(failure));
        }
        return process.signal(Posix.SIGUSR1) ? Outcome.done() : Outcome.failed(process + " cannot be signalled");
    }

    /** Waits until the server accepts writes; a cancellation ends only the wait. */
    Outcome await(Duration limit, CancelToken cancel) throws IOException, InterruptedException {
        Deadline deadline = time.deadlineIn(limit);
        Deadline first = time.deadlineIn(AT_FIRST);
        Deadline repeat = time.deadlineIn(REPEAT);
        while (!isDone()) {
            if (!process.isAlive()) {
                return Outcome.failed("PostgreSQL ended during the promotion");
            }
            if (cancel.isCancelled() || deadline.isPast()) {
                return cancel.isCancelled() ? new Outcome.Cancelled() : new Outcome.TimedOut();
            }
            if (repeat.isPast() && Files.exists(data.path().resolve(SIGNAL_FILE))) {
                process.signal(Posix.SIGUSR1);
                repeat = time.deadlineIn(REPEAT);
            }
            time.sleep(first.isPast() ? LOOK_LATER : LOOK);
        }
        return Outcome.done();
    }
}
