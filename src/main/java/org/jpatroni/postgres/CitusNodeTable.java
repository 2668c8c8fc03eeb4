package org.jpatroni.postgres;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jpatroni.citus.DistGroup;
import org.jpatroni.citus.DistNode;
import org.jpatroni.citus.NodeTable;
import org.jpatroni.citus.RowChange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code pg_dist_node} through the functions of the extension. */
public final class CitusNodeTable implements NodeTable {

    private static final Logger LOG = LoggerFactory.getLogger(CitusNodeTable.class);

    /** For what does not wait for others. */
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private static final String LOAD = "SELECT groupid, nodeid, nodename, nodeport, noderole::text"
            + " FROM pg_catalog.pg_dist_node";
    /** The fourth argument ends statements that still use the node, after the time of the fifth. */
    private static final String UPDATE = "SELECT 1 FROM (SELECT pg_catalog.citus_update_node(?, ?, ?, true, ?)) AS done";
    private static final String ADD = "SELECT 1 FROM"
            + " (SELECT pg_catalog.citus_add_node(?, ?, ?, ?::pg_catalog.noderole, 'default')) AS done";
    private static final String REMOVE = "SELECT 1 FROM (SELECT pg_catalog.citus_remove_node(?, ?)) AS done";

    private final SqlSession session;

    /** @param session to the database that has the extension, used by nobody else; closed with this */
    public CitusNodeTable(SqlSession session) {
        this.session = session;
    }

    private record Row(int group, DistNode node) {
    }

    @Override
    public SortedMap<Integer, DistGroup> load() throws SQLException {
        SortedMap<Integer, List<DistNode>> nodes = new TreeMap<>();
        for (Row row : session.query(LOAD, LIMIT, found -> new Row(found.getInt(1),
                DistNode.ofRow(found.getInt(2), found.getString(3), found.getInt(4), found.getString(5))))) {
            nodes.computeIfAbsent(row.group(), number -> new ArrayList<>()).add(row.node());
        }
        SortedMap<Integer, DistGroup> groups = new TreeMap<>();
        nodes.forEach((number, rows) -> groups.put(number, new DistGroup(number, rows)));
        return groups;
    }

    @Override
    public void begin() throws SQLException {
        session.begin(LIMIT);
        // Whoever waits for a new primary waits as long as that takes.
        session.execute(LIMIT, "SET LOCAL idle_in_transaction_session_timeout = 0");
    }

    @Override
    public void change(RowChange change, Duration cooldown) throws SQLException {
        Duration limit = LIMIT.plus(cooldown);
        switch (change) {
            case RowChange.Update update -> session.query(UPDATE, limit, row -> 1, update.nodeId(), update.nodeName(),
                    update.port(), Math.toIntExact(cooldown.toMillis()));
            case RowChange.Add add -> session.query(ADD, limit, row -> 1, add.node().nodeName(), add.node().port(),
                    add.group(), add.node().isPrimary() ? "primary" : "secondary");
            case RowChange.Remove remove -> session.query(REMOVE, limit, row -> 1, remove.nodeName(), remove.port());
        }
    }

    @Override
    public void commit() throws SQLException {
        session.end(LIMIT, "COMMIT");
    }

    @Override
    public void rollback() {
        try {
            session.end(LIMIT, "ROLLBACK");
        } catch (SQLException gone) {
            LOG.debug("rollback: {}", gone.getMessage());
        }
    }

    @Override
    public void close() {
        session.close();
    }
}
