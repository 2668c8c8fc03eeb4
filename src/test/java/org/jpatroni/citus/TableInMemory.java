package org.jpatroni.citus;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jpatroni.citus.DistNode.Role;
import org.jspecify.annotations.Nullable;

/** {@code pg_dist_node} with the rules of Citus, which are broken with an exception. */
final class TableInMemory implements NodeTable {

    private record Row(int group, int id, String nodeName, int port, boolean primary) {
        DistNode node() {
            return DistNode.ofRow(id, nodeName, port, primary ? "primary" : "secondary");
        }
    }

    private List<Row> rows = new ArrayList<>();
    private @Nullable List<Row> saved;
    private int lastId;
    private boolean primaryMoved;
    private final List<String> journal = new ArrayList<>();
    private boolean broken;

    synchronized List<String> journal() {
        return List.copyOf(journal);
    }

    /** The next change fails as if the connection were lost. */
    synchronized void breakOnce() {
        broken = true;
    }

    synchronized boolean isInTransaction() {
        return saved != null;
    }

    /** What others see: rows of the group, host and role, in the order of their ids. */
    synchronized String committed(int group) {
        List<Row> visible = saved == null ? rows : saved;
        return visible.stream().filter(row -> row.group == group).map(Row::node)
                .map(node -> node.nodeId().orElseThrow() + ":" + node.nodeName() + ":" + node.port() + ":"
                        + (node.isPrimary() ? "primary" : "secondary"))
                .sorted().collect(Collectors.joining(" "));
    }

    @Override
    public synchronized SortedMap<Integer, DistGroup> load() {
        SortedMap<Integer, DistGroup> groups = new TreeMap<>();
        rows.forEach(row -> groups.merge(row.group, new DistGroup(row.group, List.of(row.node())),
                (one, other) -> new DistGroup(row.group, Stream.concat(one.nodes().stream(), other.nodes().stream())
                        .toList())));
        return groups;
    }

    @Override
    public synchronized void begin() {
        journal.add("begin");
        saved = new ArrayList<>(rows);
        primaryMoved = false;
    }

    @Override
    public synchronized void change(RowChange change, Duration cooldown) throws SQLException {
        if (broken) {
            broken = false;
            rollback();
            throw new SQLException("connection lost");
        }
        if (saved == null) {
            throw new SQLException("outside a transaction");
        }
        switch (change) {
            case RowChange.Update update -> {
                Row old = rows.stream().filter(row -> row.id == update.nodeId()).findFirst()
                        .orElseThrow(() -> new SQLException("no row " + update.nodeId()));
                rows.remove(old);
                insert(new Row(old.group, old.id, update.nodeName(), update.port(), old.primary));
                primaryMoved |= old.primary;
            }
            case RowChange.Add add -> {
                mayAddOrRemove();
                insert(new Row(add.group(), ++lastId, add.node().nodeName(), add.node().port(),
                        add.node().isPrimary()));
            }
            case RowChange.Remove remove -> {
                mayAddOrRemove();
                if (!rows.removeIf(row -> row.nodeName.equals(remove.nodeName()) && row.port == remove.port())) {
                    throw new SQLException("no such node");
                }
            }
        }
    }

    private void mayAddOrRemove() throws SQLException {
        if (primaryMoved) {
            throw new SQLException("metadata is not in sync");
        }
    }

    private void insert(Row row) throws SQLException {
        if (rows.stream().anyMatch(other -> other.nodeName.equals(row.nodeName) && other.port == row.port)) {
            throw new SQLException("duplicate key value: " + row);
        }
        rows.add(row);
    }

    @Override
    public synchronized void commit() {
        journal.add("commit");
        saved = null;
    }

    @Override
    public synchronized void rollback() {
        if (saved != null) {
            journal.add("rollback");
            rows = saved;
            saved = null;
        }
    }

    @Override
    public void close() {
        // Nothing is held.
    }

    static DistNode primary(String host) {
        return DistNode.wanted(host, 5432, Role.PRIMARY);
    }

    static DistNode demoted(String host) {
        return DistNode.wanted(host, 5432, Role.DEMOTED);
    }

    static DistNode secondary(String host) {
        return DistNode.wanted(host, 5432, Role.SECONDARY);
    }

    static OptionalInt idOfPrimary(DistGroup group) {
        return group.primary().map(DistNode::nodeId).orElse(OptionalInt.empty());
    }
}
