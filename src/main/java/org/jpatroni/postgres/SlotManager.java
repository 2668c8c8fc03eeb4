package org.jpatroni.postgres;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.Lsn;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.postgres.PostgresControl.WantedSlot;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the physical replication slots of the local server match a list. A slot in use is never dropped, neither is a logical or a
 * temporary one, one that is permanent by configuration, or one that {@code ignore_slots} names.
 */
public final class SlotManager {

    private static final Logger LOG = LoggerFactory.getLogger(SlotManager.class);

    private static final String LIST = """
            SELECT slot_name, active, pg_wal_lsn_diff(restart_lsn, '0/0')::bigint, xmin IS NOT NULL, wal_status = 'lost'
              FROM pg_replication_slots WHERE slot_type = 'physical' AND NOT temporary ORDER BY slot_name""";

    /** The conditions are repeated where they matter: a standby may have taken the slot in the meantime. */
    private static final String DROP = """
            SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
             WHERE slot_name = ? AND slot_type = 'physical' AND NOT temporary AND NOT active""";

    /** Reserves WAL at once: what a member needs next must not be recycled before it connects. */
    private static final String CREATE = """
            SELECT pg_create_physical_replication_slot(?, true)
             WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = ?)""";

    private static final String ADVANCE = "SELECT pg_replication_slot_advance(?, ?::pg_lsn)";

    private record Slot(String name, boolean active, Optional<Lsn> restartLsn, boolean holdsRows, boolean lost) {
        static Slot read(ResultSet row) throws SQLException {
            long bytes = row.getLong(3);
            Optional<Lsn> restart = row.wasNull() ? Optional.empty() : Optional.of(new Lsn(bytes));
            return new Slot(row.getString(1), row.getBoolean(2), restart, row.getBoolean(4), row.getBoolean(5));
        }
    }

    private final SqlSession session;

    public SlotManager(SqlSession session) {
        this.session = session;
    }

    /**
     * Creates, advances and drops.
     *
     * @param wanted complete list; each name once
     * @param dynamic for {@code slots}, {@code ignore_slots} and {@code pause}: nothing is dropped while paused
     * @param limit for each statement
     */
    public Outcome sync(List<WantedSlot> wanted, DynamicConfig dynamic, Duration limit) {
        List<String> problems = new ArrayList<>();
        try {
            Map<String, Slot> existing = new LinkedHashMap<>();
            session.query(LIST, limit, Slot::read).forEach(slot -> existing.put(slot.name(), slot));
            Map<String, WantedSlot> byName = new LinkedHashMap<>();
            wanted.forEach(slot -> byName.put(slot.name(), slot));
            for (Slot slot : existing.values()) {
                if (!byName.containsKey(slot.name()) && mayDrop(slot, dynamic)) {
                    drop(slot, "nobody needs it", limit, problems);
                }
            }
            for (WantedSlot slot : byName.values()) {
                ensure(slot, existing.get(slot.name()), dynamic, limit, problems);
            }
        } catch (SQLException failure) {
            problems.add("cannot list replication slots: " + failure.getMessage());
        }
        return problems.isEmpty() ? Outcome.done() : Outcome.failed(String.join("; ", problems));
    }

    private void ensure(WantedSlot wanted, @Nullable Slot existing, DynamicConfig dynamic, Duration limit,
            List<String> problems) {
        if (existing == null) {
            attempt("create replication slot '" + wanted.name() + "'", problems, () -> {
                session.query(CREATE, limit, row -> wanted.name(), wanted.name(), wanted.name());
                LOG.info("Created physical replication slot '{}'", wanted.name());
            });
            return;
        }
        if (existing.active()) {
            return;
        }
        boolean follows = wanted.advanceTo().isPresent();
        boolean unusable = existing.lost() || follows && (existing.restartLsn().isEmpty() || existing.holdsRows());
        if (unusable && dynamic.pause()) {
            return;
        }
        if (existing.lost()) {
            replace(wanted, existing, "its WAL is gone", limit, problems);
        } else if (follows && existing.restartLsn().isEmpty()) {
            replace(wanted, existing, "it reserves no WAL and cannot be advanced", limit, problems);
        } else if (follows && existing.holdsRows()) {
            // Nobody on this standby uses it, so its xmin would hold back vacuum on the primary for ever.
            replace(wanted, existing, "its xmin belongs to the time before this server became a standby", limit,
                    problems);
        } else if (follows && wanted.advanceTo().get().isAfter(existing.restartLsn().orElse(Lsn.ZERO))) {
            attempt("advance replication slot '" + wanted.name() + "'", problems, () -> session.query(ADVANCE, limit,
                    row -> wanted.name(), wanted.name(), wanted.advanceTo().get().toString()));
        }
    }

    private void replace(WantedSlot wanted, Slot existing, String reason, Duration limit, List<String> problems) {
        drop(existing, reason, limit, problems);
        attempt("create replication slot '" + wanted.name() + "'", problems,
                () -> session.query(CREATE, limit, row -> wanted.name(), wanted.name(), wanted.name()));
    }

    private void drop(Slot slot, String reason, Duration limit, List<String> problems) {
        attempt("drop replication slot '" + slot.name() + "'", problems, () -> {
            if (!session.query(DROP, limit, row -> slot.name(), slot.name()).isEmpty()) {
                LOG.info("Dropped replication slot '{}': {}", slot.name(), reason);
            }
        });
    }

    private static boolean mayDrop(Slot slot, DynamicConfig dynamic) {
        for (Map<String, @Nullable Object> matcher : dynamic.ignoreSlots()) {
            if (ignores(matcher, slot)) {
                return false;
            }
        }
        return !slot.active() && !dynamic.pause() && !dynamic.slots().containsKey(slot.name());
    }

    /** Patroni's rule: each attribute that the matcher has must be equal; a physical slot has neither database nor plugin. */
    private static boolean ignores(Map<String, @Nullable Object> matcher, Slot slot) {
        Object name = matcher.get("name");
        Object type = matcher.get("type");
        return (name == null || name.equals(slot.name())) && (type == null || type.equals("physical"))
                && matcher.get("database") == null && matcher.get("plugin") == null;
    }

    @FunctionalInterface
    private interface Step {
        void run() throws SQLException;
    }

    private static void attempt(String what, List<String> problems, Step step) {
        try {
            step.run();
        } catch (SQLException failure) {
            LOG.warn("Cannot {}: {}", what, failure.getMessage());
            problems.add("cannot " + what + ": " + failure.getMessage());
        }
    }
}
