package org.jpatroni.model;

import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The answer of the one status statement that health checks and {@code /patroni} rest on.
 *
 * @param begunAtNanos monotonic time before the statement was sent: no fact here is older
 * @param inRecovery {@code pg_is_in_recovery()}
 * @param timeline of the primary; on a standby that of its receiver when known
 * @param location written position (primary)
 * @param receivedLocation position received, {@code replayedLocation} when there is no receiver (standby)
 * @param replayedLocation position replayed (standby)
 * @param replayedTimestamp commit time of the last transaction replayed (standby)
 * @param paused replay is paused (standby)
 * @param latestEndLsn last position that the upstream reported (standby)
 * @param replicationState {@code streaming} or {@code in archive recovery}
 * @param replication one entry per WAL sender, keys as PostgreSQL's, in Patroni's order
 */
public record PostgresObservation(long begunAtNanos, boolean inRecovery, int serverVersion,
        Optional<Instant> postmasterStart, OptionalInt timeline, Lsn location, Lsn receivedLocation,
        Lsn replayedLocation, Optional<Instant> replayedTimestamp, boolean paused, Optional<Lsn> latestEndLsn,
        Optional<String> replicationState, List<Map<String, @Nullable Object>> replication) {

    public PostgresObservation {
        replication = Collections.unmodifiableList(replication.stream().map(Tree::copyOf).toList());
    }
}
