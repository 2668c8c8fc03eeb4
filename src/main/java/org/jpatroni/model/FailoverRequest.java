package org.jpatroni.model;

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
}
