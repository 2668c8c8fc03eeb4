package org.jpatroni.model;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
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
 * @param senders how far those are
 */
public record PostgresObservation(long begunAtNanos, boolean inRecovery, int serverVersion,
        Optional<Instant> postmasterStart, OptionalInt timeline, Lsn location, Lsn receivedLocation,
        Lsn replayedLocation, Optional<Instant> replayedTimestamp, boolean paused, Optional<Lsn> latestEndLsn,
        Optional<String> replicationState, List<Map<String, @Nullable Object>> replication, List<Sender> senders) {

    /**
     * A standby that streams from this server, as {@code pg_stat_replication} shows it.
     *
     * @param applicationName the name of the member, when it is one
     * @param flushed what it has made durable; empty before its first answer
     * @param replayed what it has replayed
     * @param replayLagSeconds the server's own measurement; empty when there is none of late
     */
    public record Sender(String applicationName, Optional<Lsn> flushed, Optional<Lsn> replayed,
            OptionalDouble replayLagSeconds) {
    }

    public PostgresObservation {
        replication = Collections.unmodifiableList(replication.stream().map(Tree::copyOf).toList());
        senders = Collections.unmodifiableList(new ArrayList<>(senders));
    }

    /** The position up to which this server can send: flushed on a primary, received on a standby. */
    public Lsn sendable() {
        return inRecovery ? receivedLocation : location;
    }
}
