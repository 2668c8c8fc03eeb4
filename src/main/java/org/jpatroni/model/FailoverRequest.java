package org.jpatroni.model;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;

/**
 * The key {@code failover}: a requested switchover (with leader) or failover (candidate only), at once or at a time.
 *
 * @param leader who must be leading for the request to hold
 * @param candidate who shall take over; anyone when empty
 * @param scheduledAt when it is due; at once when empty
 * @param version for compare-and-set
 */
public record FailoverRequest(Optional<String> leader, Optional<String> candidate, Optional<OffsetDateTime> scheduledAt,
        Optional<String> scheduledAtText, long version) {

    /** Whether it is to be carried out at that moment, or was to be before. */
    public boolean isDueBy(Instant moment) {
        return scheduledAt.isEmpty() || !scheduledAt.get().toInstant().isAfter(moment);
    }

    /** Whether both ask for the same, whatever their version. */
    public boolean asksLike(FailoverRequest other) {
        return leader.equals(other.leader) && candidate.equals(other.candidate)
                && scheduledAt.map(OffsetDateTime::toInstant).equals(other.scheduledAt.map(OffsetDateTime::toInstant));
    }
}
