package org.jpatroni.postgres;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresView.Decoding;
import org.jpatroni.model.PostgresView.SlotSettings;
import org.jpatroni.model.PostgresView.SlotView;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Replication slots in the HA loop's question. No table is touched for them, so that no lock can keep the loop waiting. */
final class SlotReader {

    private static final Logger LOG = LoggerFactory.getLogger(SlotReader.class);

    private static final int FIRST_VERSION_WITH_FAILOVER_SLOTS = 170_000;
    private static final Duration NAMES_LIMIT = Duration.ofMillis(500);

    private final SqlSession session;
    private final SlotNotes notes;
    private final JsonMapper json = new JsonMapper();
    private final Map<Long, String> databases = new ConcurrentHashMap<>();
    private volatile boolean unknownDatabase;

    SlotReader(SqlSession session, SlotNotes notes) {
        this.session = session;
        this.notes = notes;
    }

    /** An expression whose value is a text for {@link #read}; slots that PostgreSQL 17 synchronizes itself are not our business. */
    static String expression(int serverVersion) {
        boolean hasFailover = serverVersion >= FIRST_VERSION_WITH_FAILOVER_SLOTS;
        return """
                (SELECT json_agg(json_build_array(slot_name, slot_type = 'physical', active,
                                                  pg_wal_lsn_diff(restart_lsn, '0/0')::bigint, xmin IS NOT NULL,
                                                  wal_status = 'lost', datoid::bigint, plugin,
                                                  pg_wal_lsn_diff(confirmed_flush_lsn, '0/0')::bigint, %s))
                   FROM pg_get_replication_slots() WHERE NOT temporary%s)"""
                .formatted(hasFailover ? "failover" : "false", hasFailover ? " AND (NOT failover OR NOT synced)" : "");
    }

    SortedMap<String, SlotView> read(@Nullable String text) {
        SortedMap<String, SlotView> slots = new TreeMap<>();
        if (text != null) {
            for (JsonNode slot : json.readTree(text)) {
                String name = slot.get(0).asString();
                Optional<Decoding> decoding = slot.get(1).asBoolean()
                        ? Optional.empty()
                        : Optional.of(new Decoding(database(slot.get(6)), slot.get(7).asString(), lsn(slot.get(8)),
                                slot.get(9).asBoolean(), notes.isBroken(name)));
                slots.put(name, new SlotView(decoding, slot.get(2).asBoolean(), lsn(slot.get(3)),
                        slot.get(4).asBoolean(), slot.get(5).isBoolean() && slot.get(5).asBoolean()));
            }
        }
        return slots;
    }

    static Optional<Lsn> lsn(JsonNode bytes) {
        return bytes.isNull() ? Optional.empty() : Optional.of(new Lsn(bytes.asLong()));
    }

    private Optional<String> database(JsonNode number) {
        if (number.isNull()) {
            return Optional.empty();
        }
        Optional<String> name = Optional.ofNullable(databases.get(number.asLong()));
        unknownDatabase |= name.isEmpty();
        return name;
    }

    /**
     * Asks for the names of databases that were not known, as the function tells numbers only. Not while the rows of the other question are
     * read; they count from the next question on.
     */
    void learnNames() {
        if (unknownDatabase) {
            unknownDatabase = false;
            try {
                session.query("SELECT oid::bigint, datname FROM pg_database", NAMES_LIMIT,
                        row -> databases.put(row.getLong(1), row.getString(2)));
            } catch (SQLException unanswered) {
                LOG.debug("Names of databases: {}", unanswered.getMessage());
            }
        }
    }

    SlotSettings settings(boolean logicalWal, boolean feedback, boolean inRecovery, SortedMap<String, SlotView> slots) {
        SortedSet<String> copied = new TreeSet<>();
        if (inRecovery) {
            slots.forEach((name, slot) -> {
                if (slot.decoding().filter(decoding -> !decoding.failover()).isPresent()) {
                    copied.add(name);
                }
            });
        }
        notes.onStandby(copied);
        return new SlotSettings(logicalWal, feedback, notes.isFeedbackForced(),
                notes.unconfirmed().orElseGet(TreeSet::new));
    }
}
