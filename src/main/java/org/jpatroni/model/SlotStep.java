package org.jpatroni.model;

import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/** One thing to do about the replication slots of the local server. Steps are independent: one that fails does not stop the next. */
public sealed interface SlotStep {

    /**
     * Drops a slot that nobody uses at that moment.
     *
     * @param reason for the log
     */
    record Drop(String name, String reason) implements SlotStep {
    }

    /** Creates a physical slot that reserves WAL at once. */
    record CreatePhysical(String name) implements SlotStep {
    }

    /** Moves an unused physical slot forward. */
    record AdvancePhysical(String name, Lsn to) implements SlotStep {
    }

    /** Creates a logical slot on a primary. It waits for the transactions that run at that moment, so it is done in the background. */
    record CreateLogical(PermanentSlot.Logical slot) implements SlotStep {
    }

    /** Moves a logical slot of a standby forward. WAL is decoded for it, so it is done in the background. */
    record AdvanceLogical(PermanentSlot.Logical slot, Lsn to) implements SlotStep {
    }

    /**
     * Asks the primary whether the logical slots of this standby are safe to use after a promotion: the rows of the catalogs that they
     * need are only kept from the moment at which the primary knows of them.
     *
     * @param primary where to ask
     * @param physicalSlot the slot on the primary by which its feedback arrives there
     */
    record Confirm(SortedSet<String> names, Upstream primary, String physicalSlot) implements SlotStep {
        public Confirm {
            names = Collections.unmodifiableSortedSet(new TreeSet<>(names));
        }
    }

    /** Sets {@code hot_standby_feedback} on, or leaves it to the configuration again. */
    record Feedback(boolean forced) implements SlotStep {
    }
}
