package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresView.Replication;
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
        if (local.isEmpty() || replication.isEmpty()) {
            return Divergence.UNKNOWN;
        }
        Optional<SqlTarget> sql = parts.target(upstream, parts.rewindAuthentication()).stream()
                .flatMap(target -> target.eachHost().stream()).filter(target -> isPrimary(upstream, target))
                .findFirst();
        if (sql.isEmpty()) {
            return Divergence.UNKNOWN;
        }
        LOG.info("Local timeline={} lsn={}", local.get().timeline(), local.get().position());
        SqlTarget target = replication.get().at(sql.get().host(), sql.get().port()).forReplication();
        try {
            Lineage theirs = lineage(target);
            Optional<Lineage> ours = TimelineFile.lineage(parts.data().path(), local.get().timeline());
            return hasForeignOrigin(local.get(), ours, theirs, sql.get())
                    ? Divergence.FORKED
                    : compare(local.get(), ours, theirs);
        } catch (SQLException unreachable) {
            LOG.warn("Cannot ask {} for its timeline: {}", ServerParts.nameOf(upstream), unreachable.getMessage());
            return Divergence.UNKNOWN;
        }
    }

    private Lineage lineage(SqlTarget upstream) throws SQLException {
        try (SqlSession session = new SqlSession("Patroni divergence", () -> upstream, parts.tasks())) {
            int timeline = session.queryOne("IDENTIFY_SYSTEM", LIMIT, row -> row.getInt(2));
            LOG.info("primary_timeline={}", timeline);
            if (timeline == 1) {
                return new Lineage(1, List.of());
            }
            String history = session.queryOne("TIMELINE_HISTORY " + timeline, LIMIT,
                    row -> new String(row.getBytes(2), StandardCharsets.UTF_8));
            return new Lineage(timeline, TimelineFile.parse(history));
        }
    }

    /**
     * Two servers that were promoted at one position have the same history files and different timelines of the same number: then the first
     * record of that timeline differs, because it carries the moment of the promotion. What is no longer there cannot be compared and
     * counts as equal.
     */
    private boolean hasForeignOrigin(LocalEnd local, Optional<Lineage> ours, Lineage theirs, SqlTarget upstream) {
        Optional<Lineage.Branch> common = ours.flatMap(theirs::lastCommon).filter(branch -> branch.timeline() > 1);
        if (common.isEmpty()) {
            return false;
        }
        try {
            int segmentBytes = parts.data().control().walSegmentBytes();
            int timeline = common.get().timeline();
            Lsn begin = common.get().begin();
            Optional<byte[]> here = WalRecord.readWhole(parts.data().path(), timeline, begin, local.position(),
                    segmentBytes);
            if (here.isEmpty()) {
                return false;
            }
            String question = String.format(Locale.ROOT,
                    "SELECT pg_catalog.pg_read_binary_file('pg_wal/%s', %d, %d, true)",
                    WalRecord.segmentName(timeline, begin.bytes(), segmentBytes), begin.bytes() % segmentBytes,
                    here.get().length);
            try (SqlSession session = new SqlSession("Patroni divergence", () -> upstream, parts.tasks())) {
                byte[] there = session.queryOne(question, LIMIT,
                        row -> row.getBytes(1) == null ? here.get() : row.getBytes(1));
                return !Arrays.equals(here.get(), there);
            }
        } catch (IOException | SQLException unknown) {
            LOG.info("The beginning of timeline {} cannot be compared: {}", common.get().timeline(),
                    unknown.getMessage());
            return false;
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
     * Compares by timelines and positions.
     *
     * @param ours empty when this node's own history file is gone: then only numbers can be compared
     */
    static Divergence compare(LocalEnd local, Optional<Lineage> ours, Lineage theirs) {
        boolean sameNumber = local.timeline() == theirs.timeline();
        boolean parted = ours.isPresent() && theirs.lastCommon(ours.get())
                .filter(branch -> branch.timeline() == local.timeline()).isEmpty();
        if (parted) {
            return sameNumber ? Divergence.FORKED : Divergence.DIVERGED;
        }
        if (sameNumber) {
            return Divergence.NONE;
        }
        Optional<Lsn> ended = theirs.endOf(local.timeline());
        if (ended.isEmpty()) {
            // The upstream's line does not go through our timeline.
            return Divergence.DIVERGED;
        }
        boolean follows = local.inRecovery()
                ? !local.position().isAfter(ended.get())
                : local.position().compareTo(ended.get()) < 0 && local.end().filter(ended.get()::equals).isPresent();
        return follows ? Divergence.NONE : Divergence.DIVERGED;
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
