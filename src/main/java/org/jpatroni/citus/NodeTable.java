package org.jpatroni.citus;

import java.sql.SQLException;
import java.time.Duration;
import java.util.SortedMap;

/**
 * {@code pg_dist_node} of the coordinator, over one connection that keeps a transaction open between calls. After an exception the
 * transaction is over and nothing of it has happened.
 */
public interface NodeTable extends AutoCloseable {

    /** All groups by number, as the open transaction sees them. */
    SortedMap<Integer, DistGroup> load() throws SQLException;

    void begin() throws SQLException;

    /**
     * @param cooldown how long a change of address waits for statements that use the node, before it ends them
     */
    void change(RowChange change, Duration cooldown) throws SQLException;

    void commit() throws SQLException;

    /** Never throws: without a connection there is nothing to take back. */
    void rollback();

    @Override
    void close();
}
