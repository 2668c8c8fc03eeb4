package org.jpatroni.agent;

import java.time.Duration;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jpatroni.model.Lsn;

/**
 * What members tell each other while the store does not answer ({@code POST /failsafe}): the primary says that it is there, the others answer
 * how much WAL they have. Two slots with one writer each: the API writes the announcement, the HA loop the position; both only read the
 * other's. Nobody waits here.
 */
public final class FailsafeBoard {

    /**
     * A primary that went on without the store and said so.
     *
     * @param name its member name
     * @param connUrl where its PostgreSQL listens
     * @param apiUrl where its REST API listens
     * @param slots confirmed positions by slot name; empty when it sent none
     * @param atNanos monotonic time when it said so
     */
    public record Announcement(String name, String connUrl, String apiUrl, Optional<SortedMap<String, Lsn>> slots,
            long atNanos) {

        public Announcement {
            slots = slots.map(given -> Collections.unmodifiableSortedMap(new TreeMap<>(given)));
        }
    }

    private final AtomicReference<Optional<Announcement>> announcement = new AtomicReference<>(Optional.empty());
    private volatile Optional<Lsn> walPosition = Optional.empty();

    /** A primary said that it is there. From the API's threads. */
    public void announced(Announcement primary) {
        announcement.set(Optional.of(primary));
    }

    /**
     * The primary that said so last, if that is not longer ago than the time to live: failsafe mode is active while there is one.
     *
     * @param nowNanos monotonic time
     */
    public Optional<Announcement> primary(long nowNanos, int ttlSeconds) {
        return announcement.get()
                .filter(known -> nowNanos - known.atNanos() < Duration.ofSeconds(ttlSeconds).toNanos());
    }

    /** What this node's PostgreSQL said last of its position: received or replayed, whichever is later; empty when it does not run. */
    public Optional<Lsn> walPosition() {
        return walPosition;
    }

    /** Called by the HA loop with what PostgreSQL said in this cycle. */
    public void walPosition(Optional<Lsn> seen) {
        walPosition = seen;
    }
}
