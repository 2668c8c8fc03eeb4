package org.jpatroni.postgres;

import java.time.Duration;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time.Deadline;
import org.jpatroni.runtime.Wakeup;
import org.jspecify.annotations.Nullable;

/**
 * Closes the connection of a session whose statement outlives its limit. The statements of a session share one task, which sleeps until
 * the limit of the first of them and looks what runs then: a task per statement would cost more than the statement.
 */
final class StatementWatch {

    private final String name;
    private final Tasks tasks;
    private final Wakeup earlier;
    private @Nullable ConnectionAttempt watched;
    private @Nullable Deadline deadline;
    private boolean expired;
    private boolean running;
    private long sleepsUntilNanos;

    StatementWatch(String name, Tasks tasks) {
        this.name = name;
        this.tasks = tasks;
        this.earlier = tasks.newWakeup();
    }

    /** A statement begins. One at a time: ended by {@link #end()} before the next. */
    void begin(ConnectionAttempt connection, Deadline limit) {
        boolean start;
        boolean wake;
        synchronized (this) {
            watched = connection;
            deadline = limit;
            expired = false;
            start = !running;
            wake = running && limit.atNanos() - sleepsUntilNanos < 0;
            running = true;
            if (start || wake) {
                sleepsUntilNanos = limit.atNanos();
            }
        }
        if (start) {
            tasks.start(name, this::watch);
        } else if (wake) {
            earlier.signal();
        }
    }

    /**
     * The statement has ended.
     *
     * @return whether its limit was over first, and the connection was closed
     */
    synchronized boolean end() {
        watched = null;
        deadline = null;
        return expired;
    }

    private Boolean watch() throws InterruptedException {
        while (true) {
            ConnectionAttempt late = null;
            Duration left = Duration.ZERO;
            synchronized (this) {
                if (watched == null || deadline == null) {
                    running = false;
                    return Boolean.TRUE;
                }
                if (deadline.isPast()) {
                    late = watched;
                    expired = true;
                    watched = null;
                } else {
                    sleepsUntilNanos = deadline.atNanos();
                    left = deadline.left();
                }
            }
            if (late != null) {
                late.abort();
            } else {
                earlier.await(left);
            }
        }
    }
}
