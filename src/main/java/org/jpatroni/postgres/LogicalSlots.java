package org.jpatroni.postgres;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jpatroni.model.SlotStep;
import org.jpatroni.runtime.Tasks;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates and advances logical slots and asks the primary about them, in the background: creating one waits for transactions, advancing one
 * decodes WAL. At most one task at a time; of steps that wait for the same slot the newest counts.
 */
final class LogicalSlots {

    private static final Logger LOG = LoggerFactory.getLogger(LogicalSlots.class);

    /** Both may take long for good reasons. What is cut off is begun anew. */
    private static final Duration LIMIT = Duration.ofMinutes(10);
    private static final Duration CONFIRM_LIMIT = Duration.ofSeconds(5);

    /** WAL was removed, or the slot was invalidated. */
    private static final List<String> BEYOND_REPAIR = List.of("58P01", "55000");

    private static final String CREATE = """
            SELECT pg_create_logical_replication_slot(?, ?)
             WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = ?)""";

    private static final String ADVANCE = """
            SELECT pg_replication_slot_advance(slot_name, ?::pg_lsn) FROM pg_replication_slots
             WHERE slot_name = ? AND slot_type = 'logical' AND NOT active AND confirmed_flush_lsn < ?::pg_lsn
               AND pg_is_in_recovery()""";

    private final Function<String, SqlSession> open;
    private final SlotConfirmation confirmation;
    private final SlotNotes notes;
    private final Tasks tasks;
    private final Runnable created;
    private final Map<String, SlotStep> waiting = new LinkedHashMap<>();
    private final Map<String, String> problems = new LinkedHashMap<>();
    private boolean busy;

    /**
     * @param open a session in a database, closed after use: an open one would keep the database from being dropped
     * @param created called after a slot was created
     */
    LogicalSlots(Function<String, SqlSession> open, SlotConfirmation confirmation, SlotNotes notes, Tasks tasks,
            Runnable created) {
        this.open = open;
        this.confirmation = confirmation;
        this.notes = notes;
        this.tasks = tasks;
        this.created = created;
    }

    /** Takes steps on; returns at once. */
    synchronized void submit(List<SlotStep> steps) {
        steps.forEach(step -> waiting.put(key(step), step));
        if (!waiting.isEmpty() && !busy) {
            busy = true;
            var _ = tasks.start("logical-slots", this::work);
        }
    }

    /** What waits is given up, and nothing is known of slots any more: the server ended, or will. */
    synchronized void forget() {
        waiting.clear();
        notes.forgetAll();
        confirmation.forget();
    }

    void dropped(String name) {
        notes.forget(name);
        confirmation.forget(name);
    }

    private boolean work() {
        for (List<SlotStep> batch = next(); !batch.isEmpty(); batch = next()) {
            try {
                carryOut(batch);
            } catch (RuntimeException bug) {
                LOG.error("logical slots: {}", batch, bug);
            }
        }
        return true;
    }

    private void carryOut(List<SlotStep> batch) {
        Map<String, List<SlotStep>> byDatabase = new LinkedHashMap<>();
        for (SlotStep step : batch) {
            if (step instanceof SlotStep.Confirm confirm) {
                attempt("confirm", "Cannot check logical slots " + confirm.names() + " on the primary",
                        () -> confirmation.check(confirm, CONFIRM_LIMIT));
            } else {
                byDatabase.computeIfAbsent(database(step), any -> new ArrayList<>()).add(step);
            }
        }
        byDatabase.forEach(this::inDatabase);
    }

    private synchronized List<SlotStep> next() {
        List<SlotStep> batch = List.copyOf(waiting.values());
        waiting.clear();
        busy = !batch.isEmpty();
        return batch;
    }

    private void inDatabase(String database, List<SlotStep> steps) {
        try (SqlSession session = open.apply(database)) {
            for (SlotStep step : steps) {
                switch (step) {
                    case SlotStep.CreateLogical create -> create(create, session);
                    case SlotStep.AdvanceLogical advance -> advance(advance, session);
                    default -> throw new IllegalArgumentException("not for a database: " + step);
                }
            }
        }
    }

    private void create(SlotStep.CreateLogical create, SqlSession session) {
        String name = create.slot().name();
        attempt(name, "Failed to create logical replication slot '" + name + "' plugin='" + create.slot().plugin()
                + "'", () -> {
                    if (!session.query(CREATE, LIMIT, row -> name, name, create.slot().plugin(), name).isEmpty()) {
                        LOG.info("Created logical replication slot '{}' for plugin {} in database {}", name,
                                create.slot().plugin(), create.slot().database());
                        created.run();
                    }
                });
    }

    private void advance(SlotStep.AdvanceLogical advance, SqlSession session) {
        String name = advance.slot().name();
        String to = advance.to().toString();
        attempt(name, "Failed to advance logical replication slot '" + name + "'", () -> {
            try {
                session.query(ADVANCE, LIMIT, row -> name, to, name, to);
            } catch (SQLException failure) {
                if (BEYOND_REPAIR.contains(String.valueOf(failure.getSQLState()))) {
                    notes.broken(name);
                }
                throw failure;
            }
        });
    }

    @FunctionalInterface
    private interface Step {
        void run() throws SQLException;
    }

    /** The same complaint about the same slot is made once. */
    private void attempt(String key, String what, Step step) {
        try {
            step.run();
            problems.remove(key);
        } catch (SQLException failure) {
            String complaint = what + ": " + failure.getMessage();
            if (!complaint.equals(problems.put(key, complaint))) {
                LOG.error("{}", complaint);
            }
        }
    }

    private static String database(SlotStep step) {
        return switch (step) {
            case SlotStep.CreateLogical create -> create.slot().database();
            case SlotStep.AdvanceLogical advance -> advance.slot().database();
            default -> throw new IllegalArgumentException("not for a database: " + step);
        };
    }

    private static String key(SlotStep step) {
        return switch (step) {
            case SlotStep.CreateLogical create -> create.slot().name();
            case SlotStep.AdvanceLogical advance -> advance.slot().name();
            case SlotStep.Confirm _ -> "";
            default -> throw new IllegalArgumentException("not for the background: " + step);
        };
    }
}
