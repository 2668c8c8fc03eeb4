package org.jpatroni.postgres;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresView;
import org.jpatroni.model.PostgresView.SlotView;
import org.jpatroni.model.SyncView;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the HA loop asks a running server, in one statement. */
public final class ReplicationQuery {

    /** A standby that was just promoted refuses the questions for standbys: asked again, it answers as a primary. */
    private static final String NOT_IN_PREREQUISITE_STATE = "55000";

    private static final Duration TIMELINE_LIMIT_MAX = Duration.ofSeconds(1);

    /** The checkpointer tells all sessions whether to wait; in these two states it has read the files again when it was told to. */
    private static final String SETTLED = """
            coalesce((SELECT bool_and(coalesce(wait_event, '') IN ('CheckpointerMain', 'CheckpointWriteDelay'))
                        FROM pg_stat_get_activity(NULL) WHERE backend_type = 'checkpointer'), true)""";

    private static final String STANDBYS = """
            CASE WHEN NOT r.recovering THEN (SELECT json_agg(json_build_array(
                        application_name, pid, s.state, sync_state,
                        pg_wal_lsn_diff(write_lsn, '0/0')::bigint, pg_wal_lsn_diff(flush_lsn, '0/0')::bigint,
                        pg_wal_lsn_diff(replay_lsn, '0/0')::bigint))
                   FROM pg_stat_get_wal_senders() AS s, LATERAL (SELECT application_name
                                                                   FROM pg_stat_get_activity(s.pid)) AS a) END""";

    private final SqlSession session;
    private volatile boolean askStandbys;
    private final ReplayTimeline replayTimeline;
    private final SlotReader slots;
    private final JsonMapper json = new JsonMapper();

    /**
     * @param session for nobody else: other statements would delay this one
     * @param notes what the agent itself knows of slots
     */
    ReplicationQuery(SqlSession session, ReplayTimeline replayTimeline, SlotNotes notes) {
        this.session = session;
        this.replayTimeline = replayTimeline;
        this.slots = new SlotReader(session, notes);
    }

    /** Whether a primary is asked for its standbys too: only synchronous replication wants to know. */
    void askStandbys(boolean wanted) {
        askStandbys = wanted;
    }

    /**
     * Asks.
     *
     * @throws SQLException when the server does not answer in time, or not as it should
     */
    public PostgresView.Replication ask(Duration limit) throws SQLException {
        int version = session.serverVersion(limit);
        String sql = statement(version, askStandbys);
        PostgresView.Replication shown;
        try {
            shown = session.queryOne(sql, limit, row -> read(row, version));
        } catch (SQLException failure) {
            if (!NOT_IN_PREREQUISITE_STATE.equals(failure.getSQLState())) {
                throw failure;
            }
            shown = session.queryOne(sql, limit, row -> read(row, version));
        }
        slots.learnNames();
        return shown.inRecovery() ? withReplayTimeline(shown, limit) : shown;
    }

    private PostgresView.Replication withReplayTimeline(PostgresView.Replication shown, Duration limit) {
        boolean streaming = shown.receiverState().equals(Optional.of("streaming"));
        OptionalInt timeline = replayTimeline.find(shown.timeline().orElse(0), streaming, shown.replayedLsn(),
                limit.compareTo(TIMELINE_LIMIT_MAX) < 0 ? limit : TIMELINE_LIMIT_MAX);
        return new PostgresView.Replication(true, timeline, shown.writtenLsn(), shown.receivedLsn(),
                shown.replayedLsn(), shown.replayPaused(), shown.receiverState(), shown.primaryConninfo(),
                shown.primarySlotName(), shown.hasRestoreCommand(), shown.slots(), shown.serverVersion(),
                shown.postmasterStart(), shown.sync(), shown.slotSettings());
    }

    /** The statement for a version; functions are those of PostgreSQL 13 and later. */
    static String statement(int serverVersion, boolean withStandbys) {
        return """
                SELECT r.recovering,
                       %s AS timeline,
                       CASE WHEN r.recovering THEN NULL
                            ELSE pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint END AS written,
                       pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')::bigint AS received,
                       pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint AS replayed,
                       r.recovering AND pg_is_wal_replay_paused() AS paused,
                       w.status,
                       pg_wal_lsn_diff(w.written_lsn, '0/0')::bigint AS receiver_written,
                       CASE WHEN w.pid IS NULL THEN current_setting('primary_conninfo') ELSE w.conninfo END AS conninfo,
                       CASE WHEN w.pid IS NULL THEN current_setting('primary_slot_name')
                            ELSE coalesce(w.slot_name, '') END AS slot_name,
                       current_setting('restore_command') <> '' AS restores,
                       %s AS slots,
                       current_setting('wal_level') = 'logical' AS logical_wal,
                       current_setting('hot_standby_feedback')::boolean AS feedback,
                       %s AS started,
                       current_setting('synchronous_standby_names') AS standby_names,
                       %s AS settled,
                       %s AS standbys
                  FROM (SELECT pg_is_in_recovery() AS recovering) AS r, pg_stat_get_wal_receiver() AS w
                """
                .formatted(StatusQuery.TIMELINE, SlotReader.expression(serverVersion), StatusQuery.POSTMASTER_START,
                        withStandbys ? SETTLED : "true", withStandbys ? STANDBYS : "NULL");
    }

    private PostgresView.Replication read(ResultSet row, int version) throws SQLException {
        boolean recovering = row.getBoolean("recovering");
        Optional<Lsn> received = later(lsn(row, "received"), lsn(row, "receiver_written"));
        int timeline = row.getInt("timeline");
        SortedMap<String, SlotView> shown = slots.read(row.getString("slots"));
        return new PostgresView.Replication(recovering, timeline > 0 ? OptionalInt.of(timeline) : OptionalInt.empty(),
                lsn(row, "written"), recovering ? received : Optional.empty(),
                recovering ? lsn(row, "replayed") : Optional.empty(), row.getBoolean("paused"),
                Optional.ofNullable(row.getString("status")),
                nonEmpty(row.getString("conninfo")).map(ReplicationQuery::withoutPassword),
                nonEmpty(row.getString("slot_name")), row.getBoolean("restores"), shown, version,
                Optional.of(StatusQuery.instant(row.getLong("started"))),
                new SyncView(row.getString("standby_names"), "on", row.getBoolean("settled"), false,
                        standbys(row.getString("standbys"))),
                slots.settings(row.getBoolean("logical_wal"), row.getBoolean("feedback"), recovering, shown));
    }

    private List<SyncView.Standby> standbys(@Nullable String text) {
        List<SyncView.Standby> standbys = new ArrayList<>();
        if (text != null) {
            for (JsonNode one : json.readTree(text)) {
                standbys.add(new SyncView.Standby(one.get(0).asString(""), one.get(1).asLong(),
                        one.get(2).asString(""), one.get(3).asString(""), SlotReader.lsn(one.get(4)),
                        SlotReader.lsn(one.get(5)),
                        SlotReader.lsn(one.get(6))));
            }
        }
        return standbys;
    }

    static Optional<Lsn> lsn(ResultSet row, String column) throws SQLException {
        long bytes = row.getLong(column);
        return row.wasNull() ? Optional.empty() : Optional.of(new Lsn(bytes));
    }

    private static Optional<Lsn> later(Optional<Lsn> a, Optional<Lsn> b) {
        return a.isPresent() && b.isPresent()
                ? Optional.of(a.get().isAfter(b.get()) ? a.get() : b.get())
                : a.or(() -> b);
    }

    private static Optional<String> nonEmpty(@Nullable String text) {
        return text == null || text.isEmpty() ? Optional.empty() : Optional.of(text);
    }

    /** The setting holds a password when an operator wrote one there; a receiver shows stars. */
    static String withoutPassword(String conninfo) {
        return Conninfo.parse(conninfo).map(values -> {
            StringBuilder text = new StringBuilder();
            values.forEach((key, value) -> {
                if (!key.equals("password") && !key.equals("sslpassword")) {
                    text.append(text.isEmpty() ? "" : " ").append(key).append('=')
                            .append(Quoting.conninfoValue(value));
                }
            });
            return text.toString();
        }).orElse("");
    }
}
