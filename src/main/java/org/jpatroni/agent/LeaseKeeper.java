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

    LeaseKeeper(Time time) {
        this.time = time;
        this.attemptedAtNanos = time.nanos() - 3_600_000_000_000L;
    }

    /** Notes that the store is being asked now. */
    void attempt() {
        attemptedAtNanos = time.nanos();
    }

    /** The store confirmed. A late confirmation never shortens a lease that a later one has extended. */
    void won(Lease lease) {
        Lease current = held;
        if (current == null || lease.deadlineNanos() - current.deadlineNanos() > 0) {
            held = lease;
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
                : new LeaseView.NotHeld(attemptedAtNanos);
    }
}
