package org.jpatroni.postgres;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.postgres.PostgresControl.StopMode;
import org.jpatroni.postgres.PostgresControl.StopSpec;
import org.jpatroni.postgres.PostmasterFile.Status;
import org.jpatroni.runtime.CancelToken;
import org.jpatroni.runtime.Time;
import org.jpatroni.runtime.Time.Deadline;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One shutdown from the signal to the end of the process, with the two moments in between that others wait for: nobody can write any more,
 * and the shutdown checkpoint is on disk.
 */
final class Shutdown {

    private static final Logger LOG = LoggerFactory.getLogger(Shutdown.class);

    /** A whole shutdown takes some 50 ms, so it is looked at closely at first. */
    private static final Duration LOOK_AT_FIRST = Duration.ofMillis(2);
    private static final Duration LOOK_LATER = Duration.ofMillis(10);
    private static final Duration AT_FIRST = Duration.ofSeconds(1);
    private static final Duration AFTER_KILL = Duration.ofSeconds(5);

    private final PostmasterProcess process;
    private final Postmasters postmasters;
    private final DataDirectory data;
    private final StopSpec spec;
    private final Time time;
    private boolean safeTold;
    private boolean checkpointTold;

    Shutdown(PostmasterProcess process, Postmasters postmasters, DataDirectory data, StopSpec spec, Time time) {
        this.process = process;
        this.postmasters = postmasters;
        this.data = data;
        this.spec = spec;
        this.time = time;
    }

    /** Signals and waits. An immediate stop always ends: who does not answer within the limit is killed. */
    Outcome run(CancelToken cancel) {
        boolean immediate = spec.mode() == StopMode.IMMEDIATE;
        if (!process.signal(immediate ? Posix.SIGQUIT : Posix.SIGINT) && process.isAlive()) {
            return Outcome.failed(process + " cannot be signalled: it runs as another user");
        }
        try {
            boolean ended = await(spec.waitLimit(), cancel);
            if (!ended && immediate && !cancel.isCancelled()) {
                LOG.warn("{} did not end within {} ms after SIGQUIT; sending SIGKILL to it and its children", process,
                        spec.waitLimit().toMillis());
                process.killAll();
                ended = await(AFTER_KILL, cancel);
            }
            if (ended) {
                return Outcome.done();
            }
            return cancel.isCancelled() ? new Outcome.Cancelled() : new Outcome.TimedOut();
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return new Outcome.Cancelled();
        }
    }

    private boolean await(Duration limit, CancelToken cancel) throws InterruptedException {
        Deadline deadline = time.deadlineIn(limit);
        Deadline first = time.deadlineIn(AT_FIRST);
        while (true) {
            // Looked at before the files, so that after the end the files are read once more.
            boolean alive = process.isAlive();
            if (!alive || refusesWriters()) {
                tellSafe();
            }
            tellCheckpoint();
            if (!alive || cancel.isCancelled() || deadline.isPast()) {
                return !alive;
            }
            time.sleep(first.isPast() ? LOOK_LATER : LOOK_AT_FIRST);
        }
    }

    /** It lets nobody in any more, and those who were in have left. */
    private boolean refusesWriters() {
        return !safeTold && postmasters.status(process) == Status.STOPPING && process.writers().isEmpty();
    }

    private void tellSafe() {
        if (!safeTold) {
            safeTold = true;
            spec.onSafe().run();
        }
    }

    private void tellCheckpoint() {
        if (checkpointTold || spec.mode() != StopMode.FAST) {
            return;
        }
        Optional<ControlFile> control = control();
        if (control.isPresent() && control.get().state() == ControlFile.SHUT_DOWN) {
            checkpointTold = true;
            // Nobody can write once the last checkpoint is there.
            tellSafe();
            spec.onShutdownCheckpoint().accept(control.get().checkpoint());
        }
    }

    private Optional<ControlFile> control() {
        try {
            return Optional.of(data.control());
        } catch (IOException unreadable) {
            LOG.warn("{}", DataDirectory.message(unreadable));
            return Optional.empty();
        }
    }
}
