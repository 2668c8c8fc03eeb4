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
import java.util.function.Function;
import org.jpatroni.model.SlotStep;
import org.jpatroni.model.Upstream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out when the logical slots of a standby become safe to use after a promotion. Such a slot needs rows of the catalogs back to its
 * {@code catalog_xmin}. The primary keeps them for it once this standby's feedback has arrived there, as {@code catalog_xmin} of the physical
 * slot; and what the primary removed before that is covered only when that value has passed the one that the primary's own logical slot had
 * at that moment.
 */
final class SlotConfirmation {

    private static final Logger LOG = LoggerFactory.getLogger(SlotConfirmation.class);

    private static final String SLOTS = """
            SELECT slot_name, catalog_xmin::text::bigint FROM pg_get_replication_slots()
             WHERE slot_name = ANY (string_to_array(?, ','))""";

    private final SqlSession local;
    private final Function<Upstream, Optional<SqlSession>> primary;
    private final SlotNotes notes;
    /** By slot: {@code catalog_xmin} of the primary's slot when the primary first knew of our feedback. */
    private final Map<String, Long> atFirst = new ConcurrentHashMap<>();
    private volatile boolean complained;

    /** @param primary a session to another server, closed after use; empty when its address is not known */
    SlotConfirmation(SqlSession local, Function<Upstream, Optional<SqlSession>> primary, SlotNotes notes) {
        this.local = local;
        this.primary = primary;
        this.notes = notes;
    }

    /** Looks at both servers once. */
    void check(SlotStep.Confirm confirm, Duration limit) throws SQLException {
        Optional<SqlSession> opened = primary.apply(confirm.primary());
        if (opened.isEmpty()) {
            return;
        }
        SortedMap<String, Optional<Long>> there;
        try (SqlSession session = opened.get()) {
            SortedSet<String> asked = new TreeSet<>(confirm.names());
            asked.add(confirm.physicalSlot());
            if (session.queryOne("SELECT pg_is_in_recovery()", limit, row -> row.getBoolean(1))) {
                return;
            }
            there = xmins(session, asked, limit);
        }
        Optional<Long> feedback = there.getOrDefault(confirm.physicalSlot(), Optional.empty());
        if (feedback.isEmpty()) {
            if (!complained) {
                complained = true;
                LOG.info("The primary does not know yet which rows the logical slots {} need (slot {}): no feedback",
                        confirm.names(), confirm.physicalSlot());
            }
            return;
        }
        SortedMap<String, Optional<Long>> here = xmins(local, confirm.names(), limit);
        for (String name : confirm.names()) {
            Optional<Long> theirs = there.getOrDefault(name, Optional.empty());
            Optional<Long> ours = here.getOrDefault(name, Optional.empty());
            if (ours.isPresent() && theirs.isPresent() && !notes.isBroken(name)
                    && isSafe(atFirst.computeIfAbsent(name, any -> theirs.get()), feedback.get(), ours.get())
                    && notes.confirmed(name)) {
                LOG.info("Logical slot {} is safe to be used after a failover", name);
            }
        }
    }

    /**
     * The three transaction ids must be in this order; they go round, so half of them are before any one.
     *
     * @param primarySlot {@code catalog_xmin} of the primary's logical slot when our feedback had arrived
     * @param feedback {@code catalog_xmin} of the physical slot of this standby on the primary
     * @param standbySlot {@code catalog_xmin} of the logical slot here
     */
    static boolean isSafe(long primarySlot, long feedback, long standbySlot) {
        return isNotAfter(primarySlot, feedback) && isNotAfter(feedback, standbySlot);
    }

    private static boolean isNotAfter(long one, long other) {
        return (int) (one - other) <= 0;
    }

    /** By name; empty for a slot that keeps no rows. */
    private static SortedMap<String, Optional<Long>> xmins(SqlSession session, SortedSet<String> names, Duration limit)
            throws SQLException {
        SortedMap<String, Optional<Long>> found = new TreeMap<>();
        session.query(SLOTS, limit, row -> {
            long xmin = row.getLong(2);
            return Map.entry(row.getString(1), row.wasNull() ? Optional.<Long>empty() : Optional.of(xmin));
        }, String.join(",", names)).forEach(row -> found.put(row.getKey(), row.getValue()));
        return found;
    }

    void forget(String name) {
        atFirst.remove(name);
    }

    void forget() {
        atFirst.clear();
        complained = false;
    }
}
