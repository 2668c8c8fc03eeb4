package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresView.Replication;
import org.jpatroni.model.TimelineHistory.Entry;
import org.jpatroni.model.Upstream;
import org.jpatroni.postgres.PostgresControl.Divergence;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether this node's WAL is a prefix of the upstream's. The upstream is asked over a replication connection for its timeline and history;
 * this node's end of WAL comes from the running standby or, when it is stopped, from the control file and the checkpoint record itself.
 */
final class DivergenceCheck {

    private static final Logger LOG = LoggerFactory.getLogger(DivergenceCheck.class);
    private static final Duration LIMIT = Duration.ofSeconds(5);

    /**
     * Where this node's WAL ends.
     *
     * @param inRecovery a standby: the position is what was replayed, and what follows can be thrown away; else a primary's shutdown
     *        checkpoint record begins there
     * @param end of the checkpoint record; only for a primary
     */
    record LocalEnd(boolean inRecovery, int timeline, Lsn position, Optional<Lsn> end) {
    }

    private final ServerParts parts;

    DivergenceCheck(ServerParts parts) {
        this.parts = parts;
    }

    Divergence run(Upstream upstream) {
        Optional<LocalEnd> local = localEnd();
        Optional<SqlTarget> replication = parts.target(upstream, parts.config().replication());
        Optional<SqlTarget> sql = parts.target(upstream, parts.rewindAuthentication());
        if (local.isEmpty() || replication.isEmpty() || sql.isEmpty() || !isPrimary(upstream, sql.get())) {
            return Divergence.UNKNOWN;
        }
        LOG.info("Local timeline={} lsn={}", local.get().timeline(), local.get().position());
        SqlTarget target = replication.get().forReplication();
        try (SqlSession session = new SqlSession("Patroni divergence", () -> target, parts.tasks())) {
            int timeline = session.queryOne("IDENTIFY_SYSTEM", LIMIT, row -> row.getInt(2));
            LOG.info("primary_timeline={}", timeline);
            if (local.get().timeline() == timeline) {
                return Divergence.NONE;
            }
            if (local.get().timeline() > timeline) {
                return Divergence.DIVERGED;
            }
            String history = session.queryOne("TIMELINE_HISTORY " + timeline, LIMIT,
                    row -> new String(row.getBytes(2), StandardCharsets.UTF_8));
            return compare(local.get(), TimelineFile.parse(history));
        } catch (SQLException unreachable) {
            LOG.warn("Cannot ask {} for its timeline: {}", ServerParts.nameOf(upstream), unreachable.getMessage());
            return Divergence.UNKNOWN;
        }
    }

    private boolean isPrimary(Upstream upstream, SqlTarget target) {
        try (SqlSession session = new SqlSession("Patroni divergence", () -> target, parts.tasks())) {
            boolean recovering = session.queryOne("SELECT pg_is_in_recovery()", LIMIT, row -> row.getBoolean(1));
            if (recovering) {
                LOG.info("Leader is still in_recovery and therefore can't be used for rewind");
            }
            return !recovering;
        } catch (SQLException unreachable) {
            LOG.warn("Cannot ask {} whether it is a primary: {}", ServerParts.nameOf(upstream),
                    unreachable.getMessage());
            return false;
        }
    }

    /**
     * Compares with the history of a later timeline.
     *
     * @param history one entry for each timeline that ended
     */
    static Divergence compare(LocalEnd local, List<Entry> history) {
        for (Entry entry : history) {
            if (entry.timeline() == local.timeline()) {
                boolean follows = local.inRecovery()
                        ? !local.position().isAfter(entry.switchPoint())
                        : local.position().compareTo(entry.switchPoint()) < 0
                                && local.end().filter(entry.switchPoint()::equals).isPresent();
                return follows ? Divergence.NONE : Divergence.DIVERGED;
            }
        }
        // The upstream's line does not go through our timeline.
        return Divergence.DIVERGED;
    }

    private Optional<LocalEnd> localEnd() {
        if (parts.postmasters().current().isPresent()) {
            try {
                Replication running = parts.heartbeat().ask(LIMIT);
                if (running.inRecovery() && running.timeline().isPresent() && running.replayedLsn().isPresent()) {
                    return Optional.of(new LocalEnd(true, running.timeline().getAsInt(), running.replayedLsn().get(),
                            Optional.empty()));
                }
            } catch (SQLException notReady) {
                LOG.debug("The local server does not answer, using its control file: {}", notReady.getMessage());
            }
        }
        try {
            return fromControlFile(parts.data().control());
        } catch (IOException unreadable) {
            LOG.warn("{}", DataDirectory.message(unreadable));
            return Optional.empty();
        }
    }

    /** Empty when the server was not stopped in order as a primary: crash recovery has to come first. */
    private Optional<LocalEnd> fromControlFile(ControlFile control) {
        if (control.wasInRecovery()) {
            return Optional.of(new LocalEnd(true, control.minRecoveryPointTimeline(), control.minRecoveryPoint(),
                    Optional.empty()));
        }
        boolean crashedPrimary = control.state() == ControlFile.SHUT_DOWN_IN_RECOVERY
                || control.state() == ControlFile.IN_ARCHIVE_RECOVERY;
        if (control.state() != ControlFile.SHUT_DOWN && !crashedPrimary) {
            return Optional.empty();
        }
        Optional<WalRecord> checkpoint = WalRecord.read(parts.data().path(), control.checkpointTimeline(),
                control.checkpoint(), control.walSegmentBytes());
        return Optional.of(new LocalEnd(false, control.checkpointTimeline(), control.checkpoint(),
                checkpoint.map(WalRecord::end)));
    }
}
