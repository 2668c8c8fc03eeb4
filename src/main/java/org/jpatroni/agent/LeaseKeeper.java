package org.jpatroni.agent;

import java.util.Optional;
import org.jpatroni.decide.Facts.LeaseView;
import org.jpatroni.model.Lease;
import org.jpatroni.runtime.Time;
import org.jspecify.annotations.Nullable;

/**
 * The leader lease on the monotonic clock. One writer, the HA loop; read by the lease guard and by the status board. What is held here was
 * confirmed by the store, or in its absence by all members (failsafe mode), and its deadline counts from the moment of sending.
 */
final class LeaseKeeper {

    private final Time time;
    private volatile @Nullable Lease held;
    private volatile @Nullable Lease agreed;
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
            agreed = null;
        }
    }

    /**
     * All members that could lead have promised to stand back, each for at least a ttl from when it was asked (failsafe mode). Counts only
     * while the lease, or what was agreed before, still holds: after that somebody may have led already.
     *
     * @param promise counted from before the first of them was asked
     * @return false when it came too late
     */
    boolean agreed(Lease promise) {
        if (deadlineNanos().isEmpty()) {
            return false;
        }
        agreed = promise;
        return true;
    }

    /** Until when the members' promise holds; empty when there is none, or it is over. */
    Optional<Long> agreedUntilNanos() {
        Lease promise = agreed;
        return promise != null && promise.deadlineNanos() - time.nanos() > 0
                ? Optional.of(promise.deadlineNanos())
                : Optional.empty();
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
        agreed = null;
    }

    /** The monotonic deadline, while the lease has not run out. */
    Optional<Long> deadlineNanos() {
        Lease current = held;
        if (current == null) {
            return Optional.empty();
        }
        Optional<Long> promised = agreedUntilNanos();
        if (promised.isPresent() && promised.get() - current.deadlineNanos() > 0) {
            return promised;
        }
        return current.deadlineNanos() - time.nanos() > 0 ? Optional.of(current.deadlineNanos()) : Optional.empty();
    }

    LeaseView view() {
        Lease current = held;
        Optional<Long> deadline = deadlineNanos();
        return current != null && deadline.isPresent()
                ? new LeaseView.Held(current.sentAtNanos(), deadline.get(), attemptedAtNanos)
                : new LeaseView.NotHeld(attemptedAtNanos, renewedAtNanos);
    }
}
