package org.jpatroni.citus;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.jpatroni.citus.DistNode.Role;
import org.jpatroni.citus.RowChange.Add;
import org.jpatroni.citus.RowChange.Remove;
import org.jpatroni.citus.RowChange.Update;

/**
 * The changes that make the rows of a group what they shall be. Three rules of Citus shape them: a primary keeps its row for ever; no two
 * rows may have the same address at any time; rows come and go only while every primary knows the same table, which is not so after a
 * primary's row was changed, until that is committed.
 *
 * @param changes in this order, in one transaction
 * @param primaryChanged the row of the primary is among them: nothing can be added or removed until the transaction is over
 */
public record GroupTransition(List<RowChange> changes, boolean primaryChanged) {

    public GroupTransition {
        changes = changes.stream().toList();
    }

    /**
     * One step towards what is wanted. After it was committed the next one may have more to do: the rest that had to wait.
     *
     * @param known rows as they are
     * @param wanted nodes as they shall be, with a primary
     * @param primaryWasChanged the open transaction has changed the row of the primary already
     */
    public static GroupTransition plan(DistGroup known, DistGroup wanted, boolean primaryWasChanged) {
        Planner planner = new Planner(known, wanted);
        planner.movePrimary();
        planner.reuseRows();
        if (!planner.primaryChanged && !primaryWasChanged) {
            planner.removeAndAdd();
        }
        return new GroupTransition(planner.changes, planner.primaryChanged || primaryWasChanged);
    }

    private static final class Planner {
        private final DistGroup known;
        private final DistGroup wanted;
        private final DistNode primary;
        private final Optional<DistNode> primaryRow;
        /** Secondaries that are not wanted any more: their rows are free for others. */
        private final List<DistNode> freeRows;
        /** Secondaries without a row. */
        private final List<DistNode> newcomers;
        private final List<RowChange> changes = new ArrayList<>();
        private boolean primaryChanged;

        Planner(DistGroup known, DistGroup wanted) {
            this.known = known;
            this.wanted = wanted;
            this.primary = wanted.primary().orElseThrow(() -> new IllegalArgumentException("a group has a primary"));
            this.primaryRow = known.primary();
            this.freeRows = new ArrayList<>(known.secondaries().stream().filter(row -> !wanted.knows(row)).toList());
            this.newcomers = new ArrayList<>(wanted.secondaries().stream().filter(node -> !known.knows(node)).toList());
        }

        void movePrimary() {
            if (primaryRow.isEmpty()) {
                changes.add(new Add(wanted.number(), primary));
                return;
            }
            DistNode row = primaryRow.get();
            if (row.hasAddressOf(primary)) {
                if (row.role() != primary.role()) {
                    put(primary, row);
                    primaryChanged = true;
                }
                return;
            }
            primaryChanged = true;
            Optional<DistNode> promoted = known.secondaries().stream().filter(primary::hasAddressOf).findFirst();
            promoted.ifPresent(secondary -> vacate(secondary, row));
            put(primary, row);
            if (promoted.isEmpty() && wanted.knows(row) && !freeRows.isEmpty()) {
                put(asSecondary(row), freeRows.removeFirst());
            }
        }

        /** The row of a secondary that was promoted needs another address before the primary's row can have its own. */
        private void vacate(DistNode promoted, DistNode oldPrimary) {
            if (!wanted.knows(oldPrimary) && !newcomers.isEmpty()) {
                put(newcomers.removeFirst(), promoted);
                return;
            }
            if (oldPrimary.role() == Role.PRIMARY) {
                put(new DistNode(oldPrimary.nodeId(), oldPrimary.host(), oldPrimary.port(), Role.DEMOTED), oldPrimary);
            }
            // Also where the old primary is gone for good: its row cannot be removed now, the next step does it.
            put(asSecondary(oldPrimary), promoted);
        }

        void reuseRows() {
            Iterator<DistNode> free = freeRows.iterator();
            Iterator<DistNode> waiting = newcomers.iterator();
            while (free.hasNext() && waiting.hasNext()) {
                put(waiting.next(), free.next());
                free.remove();
                waiting.remove();
            }
        }

        void removeAndAdd() {
            freeRows.forEach(row -> changes.add(new Remove(row.nodeName(), row.port())));
            newcomers.forEach(node -> changes.add(new Add(wanted.number(), node)));
        }

        private void put(DistNode node, DistNode row) {
            changes.add(new Update(row.nodeId().orElseThrow(), node.nodeName(), node.port()));
        }

        private static DistNode asSecondary(DistNode node) {
            return new DistNode(node.nodeId(), node.host(), node.port(), Role.SECONDARY);
        }
    }
}
