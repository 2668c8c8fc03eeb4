package org.jpatroni.agent;

import java.util.Optional;
import org.jpatroni.decide.Facts.LeaseView;
import org.jpatroni.model.Lease;
import org.jpatroni.runtime.Time;
import org.jspecify.annotations.Nullable;

/**
 * The leader lease on the monotonic clock. One writer, the HA loop; read by the lease guard and by the status board. What is held here was
 * confirmed by the store, and its deadline counts from the moment of sending.
 */
final class LeaseKeeper {

    private final Time time;
    private volatile @Nullable Lease held;
    private volatile long attemptedAtNanos;
    private volatile long renewedAtNanos;

    LeaseKeeper(Time time) {
        this.time = time;
        this.attemptedAtNanos = time.nanos() - 3_600_000_000_000L;
        this.renewedAtNanos = attemptedAtNanos;
    }

    /** Notes that the store is being asked now to grant the lease. */
    void attempt() {
        attemptedAtNanos = time.nanos();
    }

    /** Notes that the store is being asked now to extend the lease. */
    void attemptRenewal() {
        attemptedAtNanos = time.nanos();
        renewedAtNanos = attemptedAtNanos;
    }

    /**
     * The store confirmed. What was asked for later counts, also when it ends earlier: the ttl may have been shortened. A late answer to an
     * earlier question changes nothing.
     */
    void won(Lease lease) {
        Lease current = held;
        if (current == null || lease.sentAtNanos() - current.sentAtNanos() >= 0) {
            held = lease;
        }
    }

    /**
     * Nobody knows whether the store has extended the lease. It may have, under a ttl that is shorter than the one of the lease before: then the
     * lease ends as if it had.
     */
    void unknown(int ttlSeconds) {
        Lease current = held;
        Lease possible = new Lease(attemptedAtNanos, ttlSeconds);
        if (current != null && possible.deadlineNanos() - current.deadlineNanos() < 0) {
            held = possible;
        }
    }

    /** The store said no, or this node gives the lease up: from now on it is not held, whatever the store does. */
    void lost() {
        held = null;
    }

    /** The monotonic deadline, while the lease has not run out. */
    Optional<Long> deadlineNanos() {
        Lease current = held;
        return current != null && current.deadlineNanos() - time.nanos() > 0
                ? Optional.of(current.deadlineNanos())
                : Optional.empty();
    }

    LeaseView view() {
        Lease current = held;
        return current != null && current.deadlineNanos() - time.nanos() > 0
                ? new LeaseView.Held(current.sentAtNanos(), current.deadlineNanos(), attemptedAtNanos)
                : new LeaseView.NotHeld(attemptedAtNanos, renewedAtNanos);
    }
}
