package org.jpatroni.postgres;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresObservation;
import org.jpatroni.model.PostgresObservation.Sender;
import org.jpatroni.runtime.Time;
import org.jpatroni.runtime.Time.Deadline;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** What the REST API asks a running server, in one round trip: the facts of {@code /patroni} and of all health checks. */
public final class StatusQuery {

    /** In microseconds: the wire shows six digits, and a double holds them exactly. */
    static final String POSTMASTER_START = microseconds("pg_postmaster_start_time()");

    /**
     * On a primary the timeline of the WAL it writes. On a standby the one its receiver streams, or else the latest that the control file
     * knows, which lags behind (see {@link ReplayTimeline}).
     */
    static final String TIMELINE = """
            CASE WHEN NOT r.recovering
                 THEN ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int
                 ELSE coalesce(CASE WHEN w.latest_end_lsn IS NULL THEN NULL ELSE w.received_tli END,
                               greatest((SELECT timeline_id FROM pg_control_checkpoint()),
                                        (SELECT min_recovery_end_timeline FROM pg_control_recovery()))) END""";

    private static final String SENDERS_AS_JSON = """
            (SELECT json_agg(s) FROM (
                SELECT pg_get_userbyid(usesysid) AS usename, application_name, client_addr, ws.state, sync_state,
                       sync_priority,
                       pg_wal_lsn_diff(flush_lsn, '0/0')::bigint AS flush_lsn,
                       pg_wal_lsn_diff(replay_lsn, '0/0')::bigint AS replay_lsn,
                       extract(epoch FROM replay_lag)::float8 AS replay_lag
                  FROM pg_stat_get_wal_senders() AS ws, pg_stat_get_activity(pid)) AS s)""";

    private static final String OF_STANDBY = """
            SELECT r.recovering,
                   %s AS timeline,
                   CASE WHEN r.recovering THEN NULL
                        ELSE pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint END AS location,
                   pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')::bigint AS received,
                   pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint AS replayed,
                   r.recovering AND pg_is_wal_replay_paused() AS paused,
                   %s AS replayed_at,
                   pg_wal_lsn_diff(w.latest_end_lsn, '0/0')::bigint AS latest_end,
                   pg_wal_lsn_diff(w.written_lsn, '0/0')::bigint AS receiver_written,
                   w.status,
                   current_setting('restore_command') <> '' AS restores,
                   %s AS replication,
                   %s AS started
              FROM (SELECT pg_is_in_recovery() AS recovering) AS r, pg_stat_get_wal_receiver() AS w
            """.formatted(TIMELINE, microseconds("pg_last_xact_replay_timestamp()"), SENDERS_AS_JSON,
            POSTMASTER_START);

    /** For a primary the other statement is twice the work, and health checks ask primaries most. A standby only says that it is one. */
    private static final String OF_PRIMARY = """
            SELECT r.recovering,
                   CASE WHEN NOT r.recovering THEN pg_walfile_name(pg_current_wal_lsn()) END AS wal_file,
                   CASE WHEN NOT r.recovering THEN pg_current_wal_flush_lsn() END AS location,
                   CASE WHEN NOT r.recovering THEN %s END AS replication,
                   %s AS started
              FROM (SELECT pg_is_in_recovery() AS recovering) AS r
            """.formatted(SENDERS_AS_JSON, POSTMASTER_START);

    private static final String NOT_IN_PREREQUISITE_STATE = "55000";

    private static final TypeReference<List<Map<String, @Nullable Object>>> SENDERS = new TypeReference<>() {
    };

    private final SqlSession session;
    private final ReplayTimeline replayTimeline;
    private final Time time;
    private final JsonMapper json = new JsonMapper();
    /** What it was last, which says what to ask next; wrong costs one more statement. */
    private volatile boolean standby;

    /** @param session for nobody else */
    public StatusQuery(SqlSession session, ReplayTimeline replayTimeline, Time time) {
        this.session = session;
        this.replayTimeline = replayTimeline;
        this.time = time;
    }

    /**
     * Asks. Not meant to be called from several threads at once: callers share one answer.
     *
     * @throws SQLException when the server does not answer in time, or not as it should
     */
    public PostgresObservation ask(Duration limit) throws SQLException {
        Deadline deadline = time.deadlineIn(limit);
        long begunAtNanos = time.nanos();
        int version = session.serverVersion(limit);
        Optional<PostgresObservation> ofPrimary = standby
                ? Optional.empty()
                : session.queryOne(OF_PRIMARY, limit, row -> readPrimary(row, version, begunAtNanos));
        if (ofPrimary.isPresent()) {
            return ofPrimary.get();
        }
        // Whoever waits was promised one answer within the limit, not two.
        Duration left = standby ? limit : deadline.left();
        standby = true;
        PostgresObservation answer;
        try {
            answer = session.queryOne(OF_STANDBY, left, row -> readStandby(row, version, begunAtNanos));
        } catch (SQLException failure) {
            if (!NOT_IN_PREREQUISITE_STATE.equals(failure.getSQLState())) {
                throw failure;
            }
            answer = session.queryOne(OF_STANDBY, left, row -> readStandby(row, version, begunAtNanos));
        }
        standby = answer.inRecovery();
        return answer;
    }

    private Optional<PostgresObservation> readPrimary(ResultSet row, int version, long begunAtNanos)
            throws SQLException {
        if (row.getBoolean("recovering")) {
            return Optional.empty();
        }
        int timeline = Integer.parseInt(row.getString("wal_file"), 0, 8, 16);
        List<Map<String, @Nullable Object>> replication = replication(row.getString("replication"));
        List<Sender> senders = replication.stream().map(StatusQuery::takeSender).toList();
        return Optional.of(new PostgresObservation(begunAtNanos, false, version,
                Optional.of(instant(row.getLong("started"))), OptionalInt.of(timeline),
                Lsn.parse(row.getString("location")), Lsn.ZERO, Lsn.ZERO, Optional.empty(), false, Optional.empty(),
                Optional.empty(), replication, senders));
    }

    /** Right for a primary too: a standby may have been promoted since. */
    private PostgresObservation readStandby(ResultSet row, int version, long begunAtNanos) throws SQLException {
        boolean recovering = row.getBoolean("recovering");
        Lsn replayed = lsn(row, "replayed");
        Lsn receiverWritten = lsn(row, "receiver_written");
        Lsn received = lsn(row, "received");
        boolean streaming = "streaming".equals(row.getString("status"));
        Optional<String> state = !recovering
                ? Optional.empty()
                : streaming
                        ? Optional.of("streaming")
                        : row.getBoolean("restores") ? Optional.of("in archive recovery") : Optional.empty();
        int shown = row.getInt("timeline");
        OptionalInt timeline = recovering ? replayTimeline.lastKnown(shown, streaming) : OptionalInt.of(shown);
        long replayedAt = row.getLong("replayed_at");
        Optional<Instant> replayedTimestamp = row.wasNull() ? Optional.empty() : Optional.of(instant(replayedAt));
        List<Map<String, @Nullable Object>> replication = replication(row.getString("replication"));
        List<Sender> senders = replication.stream().map(StatusQuery::takeSender).toList();
        return new PostgresObservation(begunAtNanos, recovering, version, Optional.of(instant(row.getLong("started"))),
                timeline, lsn(row, "location"),
                isSet(receiverWritten) ? receiverWritten : isSet(received) ? received : replayed, replayed,
                recovering ? replayedTimestamp : Optional.empty(), row.getBoolean("paused"),
                Optional.of(lsn(row, "latest_end")).filter(StatusQuery::isSet), state,
                replication, senders);
    }

    private List<Map<String, @Nullable Object>> replication(@Nullable String text) {
        return text == null ? List.of() : json.readValue(text, SENDERS);
    }

    /** Takes the positions out of an entry: on the wire it has Patroni's keys only. */
    private static Sender takeSender(Map<String, @Nullable Object> entry) {
        Optional<Lsn> flushed = position(entry.remove("flush_lsn"));
        Optional<Lsn> replayed = position(entry.remove("replay_lsn"));
        return new Sender(String.valueOf(entry.get("application_name")), flushed, replayed,
                entry.remove("replay_lag") instanceof Number seconds
                        ? OptionalDouble.of(seconds.doubleValue())
                        : OptionalDouble.empty());
    }

    private static Optional<Lsn> position(@Nullable Object bytes) {
        return bytes instanceof Number number ? Optional.of(new Lsn(number.longValue())) : Optional.empty();
    }

    private static boolean isSet(Lsn lsn) {
        return lsn.bytes() > 0;
    }

    private static Lsn lsn(ResultSet row, String column) throws SQLException {
        return ReplicationQuery.lsn(row, column).orElse(Lsn.ZERO);
    }

    private static String microseconds(String expression) {
        return "(date_part('epoch', " + expression + ") * 1000000)::bigint";
    }

    static Instant instant(long epochMicroseconds) {
        return Instant.EPOCH.plus(epochMicroseconds, ChronoUnit.MICROS);
    }
}
