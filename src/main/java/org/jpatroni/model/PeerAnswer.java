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
 */
public record PeerAnswer(String name, boolean reachable, boolean inRecovery, Optional<Lsn> walPosition,
        OptionalInt timeline, Tags tags, boolean watchdogFailed, long dcsLastSeenEpochSeconds) {

    public static PeerAnswer unreachable(String name) {
        return new PeerAnswer(name, false, true, Optional.empty(), OptionalInt.empty(), Tags.NONE, false, 0);
    }
}
