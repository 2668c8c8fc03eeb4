package org.jpatroni.citus;

/** One change of {@code pg_dist_node}. */
public sealed interface RowChange {

    /** Puts another address into a row; the role of the row stays. Works at any time, Citus tells the other nodes afterwards. */
    record Update(int nodeId, String nodeName, int port) implements RowChange {
    }

    /** A new row. Only while all primaries know the same table. */
    record Add(int group, DistNode node) implements RowChange {
    }

    /** Takes a row away. Only while all primaries know the same table. */
    record Remove(String nodeName, int port) implements RowChange {
    }
}
