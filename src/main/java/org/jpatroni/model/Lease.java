package org.jpatroni.model;

/**
 * A confirmed acquisition or renewal of the leader lease. The deadline is {@code sentAtNanos + ttl}: counted from the moment of
 * sending, because the store began to count no earlier than that and an answer may take arbitrarily long.
 *
 * @param sentAtNanos monotonic time at which the request that was confirmed was sent
 * @param ttlSeconds the time to live that the store granted
 */
public record Lease(long sentAtNanos, int ttlSeconds) {

    /** Monotonic time at which the lease must be taken for lost. */
    public long deadlineNanos() {
        return sentAtNanos + ttlSeconds * 1_000_000_000L;
    }
}
