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
     * A startup process whose upstream has just gone understands the order, goes back to wait for WAL, and sleeps for
     * {@code wal_retrieve_retry_interval} (5 s): nobody wakes it again, because the wake-up is spent. So the order is given again; it changes
     * nothing for one that is on its way.
     */
    private static final Duration REPEAT = Duration.ofMillis(20);
    private static final Duration REPEAT_LATER = Duration.ofMillis(500);

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
        Outcome outcome = awaitEnd(limit, cancel);
        if (outcome.isDone()) {
            // An order that came too late to be understood; PostgreSQL would ignore it, and removes it when it starts.
            Files.deleteIfExists(data.path().resolve(SIGNAL_FILE));
        }
        return outcome;
    }

    private Outcome awaitEnd(Duration limit, CancelToken cancel) throws IOException, InterruptedException {
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
            if (repeat.isPast()) {
                var _ = begin();
                repeat = time.deadlineIn(first.isPast() ? REPEAT_LATER : REPEAT);
            }
            time.sleep(first.isPast() ? LOOK_LATER : LOOK);
        }
        return Outcome.done();
    }
}
