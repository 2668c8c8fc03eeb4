package org.jpatroni.postgres;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jpatroni.model.SlotStep;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.runtime.Time;
import org.jpatroni.runtime.Time.Deadline;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries out what was decided about replication slots. What is quick is done at once, what may take long is handed on. */
final class SlotManager {

    private static final Logger LOG = LoggerFactory.getLogger(SlotManager.class);

    /** The condition is repeated where it matters: somebody may have taken the slot in the meantime. */
    private static final String DROP = """
            SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
             WHERE slot_name = ? AND NOT temporary AND NOT active""";

    /** Reserves WAL at once: what a member needs next must not be recycled before it connects. */
    private static final String CREATE = """
            SELECT pg_create_physical_replication_slot(?, true)
             WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = ?)""";

    private static final String ADVANCE = """
            SELECT pg_replication_slot_advance(slot_name, ?::pg_lsn) FROM pg_replication_slots
             WHERE slot_name = ? AND slot_type = 'physical' AND NOT active AND restart_lsn < ?::pg_lsn""";

    private final SqlSession session;
    private final LogicalSlots logical;
    private final Time time;

    /** @param session for nobody else: a checkpoint on it would keep the HA loop waiting */
    SlotManager(SqlSession session, LogicalSlots logical, Time time) {
        this.session = session;
        this.logical = logical;
        this.time = time;
    }

    /**
     * Carries the steps out in order; one that fails does not stop the others.
     *
     * @param feedback sets {@code hot_standby_feedback}
     * @param limit for all together: steps that it does not suffice for are left for the next time
     */
    Outcome change(List<SlotStep> steps, Consumer<SlotStep.Feedback> feedback, Duration limit) {
        Deadline deadline = time.deadlineIn(limit);
        List<String> problems = new ArrayList<>();
        List<SlotStep> later = new ArrayList<>();
        for (SlotStep step : steps) {
            try {
                switch (step) {
                    case SlotStep.Drop drop -> drop(drop, deadline);
                    case SlotStep.CreatePhysical create -> create(create, deadline);
                    case SlotStep.AdvancePhysical advance -> session.query(ADVANCE, deadline.left(),
                            row -> advance.name(), advance.to().toString(), advance.name(), advance.to().toString());
                    case SlotStep.CreateLogical create -> later.add(create);
                    case SlotStep.AdvanceLogical advance -> later.add(advance);
                    case SlotStep.Confirm confirm -> later.add(confirm);
                    case SlotStep.Feedback change -> feedback.accept(change);
                }
            } catch (SQLException failure) {
                problems.add(what(step) + ": " + failure.getMessage());
                if (deadline.isPast()) {
                    break;
                }
            }
        }
        logical.submit(later);
        return problems.isEmpty() ? Outcome.done() : Outcome.failed(String.join("; ", problems));
    }

    private void drop(SlotStep.Drop drop, Deadline deadline) throws SQLException {
        if (!session.query(DROP, deadline.left(), row -> drop.name(), drop.name()).isEmpty()) {
            LOG.info("Dropped replication slot '{}': {}", drop.name(), drop.reason());
            logical.dropped(drop.name());
        }
    }

    private void create(SlotStep.CreatePhysical create, Deadline deadline) throws SQLException {
        if (!session.query(CREATE, deadline.left(), row -> create.name(), create.name(), create.name()).isEmpty()) {
            LOG.info("Created physical replication slot '{}'", create.name());
        }
    }

    private static String what(SlotStep step) {
        return switch (step) {
            case SlotStep.Drop drop -> "cannot drop replication slot '" + drop.name() + "'";
            case SlotStep.CreatePhysical create -> "cannot create replication slot '" + create.name() + "'";
            case SlotStep.AdvancePhysical advance ->
                "cannot advance replication slot '" + advance.name() + "' to " + advance.to();
            case SlotStep.CreateLogical create -> create.slot().name();
            case SlotStep.AdvanceLogical advance -> advance.slot().name();
            case SlotStep.Confirm confirm -> confirm.names().toString();
            case SlotStep.Feedback change -> "cannot set hot_standby_feedback";
        };
    }
}
