package org.jpatroni.postgres;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntSupplier;
import org.jpatroni.model.Lsn;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The timeline that a standby has replayed. SQL shows it late: the receiver names the one it streams, but without a receiver there is only
 * the control file, which follows at the next restart point. The replication command {@code IDENTIFY_SYSTEM} knows, and costs a
 * connection, so it is asked when nothing is streamed, something was replayed since, and there is a timeline that it could be on.
 */
public final class ReplayTimeline {

    private static final Logger LOG = LoggerFactory.getLogger(ReplayTimeline.class);

    /** @param shown what SQL showed at that position */
    private record Known(Optional<Lsn> replayed, int shown, int timeline) {
    }

    private final SqlSession replicationSession;
    private final IntSupplier latestHistory;
    private volatile @Nullable Known known;
    /** The latest timeline that was streamed or that the server named; zero when none was. */
    private volatile int reached;

    /**
     * @param replicationSession to the local server with {@link SqlTarget#forReplication()}; the connection is not kept open
     * @param latestHistory the latest timeline of which there is a history file: it comes before the first record of that timeline
     */
    public ReplayTimeline(SqlSession replicationSession, IntSupplier latestHistory) {
        this.replicationSession = replicationSession;
        this.latestHistory = latestHistory;
    }

    /**
     * Finds out, asking the server when that is needed.
     *
     * @param shown the later of what receiver and control file say; zero when unknown
     * @param streaming whether the receiver streams now: it is right then
     */
    OptionalInt find(int shown, boolean streaming, Optional<Lsn> replayed, Duration limit) {
        Known last = known;
        if (streaming) {
            reached = Math.max(reached, shown);
        } else if (reached > 0 && reached >= shown && latestHistory.getAsInt() <= reached) {
            // Right after the stream has ended, when everybody waits for the next leader, there is no time for a connection.
            known = new Known(replayed, shown, reached);
        } else if (last == null || last.shown() != shown || !last.replayed().equals(replayed)) {
            try {
                int timeline = replicationSession.queryOne("IDENTIFY_SYSTEM", limit, row -> row.getInt(2));
                known = new Known(replayed, shown, Math.max(shown, timeline));
                reached = Math.max(reached, timeline);
            } catch (SQLException notAnswered) {
                LOG.debug("IDENTIFY_SYSTEM was not answered: {}", notAnswered.getMessage());
            } finally {
                replicationSession.disconnect();
            }
        }
        return lastKnown(shown, streaming);
    }

    /** What is known without asking. */
    OptionalInt lastKnown(int shown, boolean streaming) {
        Known last = known;
        int timeline = streaming || last == null ? shown : Math.max(shown, last.timeline());
        return timeline > 0 ? OptionalInt.of(timeline) : OptionalInt.empty();
    }

    /** After the data directory was replaced or rewound: what was known of the old one does not count. */
    public void forget() {
        known = null;
        reached = 0;
    }
}
