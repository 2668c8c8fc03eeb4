package org.jpatroni.model;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * What another member answered to {@code GET /patroni} during a leader race. Unreachable is an answer too.
 *
 * @param inRecovery false on a node whose PostgreSQL accepts writes
 * @param walPosition later of received and replayed, or the written position
 * @param timeline of its WAL
 * @param dcsLastSeenEpochSeconds when that member last reached the store
 * @param role as it was answered; empty when it was not
 * @param streaming it receives from somebody, so that more may come
 */
public record PeerAnswer(String name, boolean reachable, boolean inRecovery, Optional<Lsn> walPosition,
        OptionalInt timeline, Tags tags, boolean watchdogFailed, long dcsLastSeenEpochSeconds, String role,
        boolean streaming) {

    /** An answer without a role of a member that does not stream. */
    public PeerAnswer(String name, boolean reachable, boolean inRecovery, Optional<Lsn> walPosition,
            OptionalInt timeline, Tags tags, boolean watchdogFailed, long dcsLastSeenEpochSeconds) {
        this(name, reachable, inRecovery, walPosition, timeline, tags, watchdogFailed, dcsLastSeenEpochSeconds, "",
                false);
    }

    /** Whether its PostgreSQL said itself that it accepts writes. */
    public boolean acceptsWrites() {
        return reachable && !inRecovery && walPosition.isPresent();
    }

    public static PeerAnswer unreachable(String name) {
        return new PeerAnswer(name, false, true, Optional.empty(), OptionalInt.empty(), Tags.NONE, false, 0);
    }
}
