package org.jpatroni.citus;

import java.util.OptionalInt;

/**
 * A row of {@code pg_dist_node}, as it is or as it shall be.
 *
 * @param nodeId number of the row; empty while it has none
 * @param host name or address by which other nodes reach this one; without the mark of {@link Role#DEMOTED}
 * @param port PostgreSQL's
 */
public record DistNode(OptionalInt nodeId, String host, int port, Role role) {

    /** What a node is to Citus. */
    public enum Role {
        PRIMARY,
        /** Answers questions where {@code citus.use_secondary_nodes} says so. */
        SECONDARY,
        /**
         * A primary that is about to stop. Its row carries a name that does not exist, in a transaction that stays open: whoever wants to use
         * it waits for the end of the transaction (Patroni: "Citus worker switchover").
         */
        DEMOTED
    }

    private static final String DEMOTED_MARK = "-demoted";

    /** A node that has no row yet. */
    public static DistNode wanted(String host, int port, Role role) {
        return new DistNode(OptionalInt.empty(), host, port, role);
    }

    /** @param roleText {@code primary} or {@code secondary}, as in the column {@code noderole} */
    public static DistNode ofRow(int nodeId, String nodeName, int port, String roleText) {
        boolean primary = roleText.equals("primary");
        boolean demoted = primary && nodeName.endsWith(DEMOTED_MARK);
        String host = demoted ? nodeName.substring(0, nodeName.length() - DEMOTED_MARK.length()) : nodeName;
        return new DistNode(OptionalInt.of(nodeId), host, port,
                demoted ? Role.DEMOTED : primary ? Role.PRIMARY : Role.SECONDARY);
    }

    /** What stands in the column {@code nodename}. */
    public String nodeName() {
        return role == Role.DEMOTED ? host + DEMOTED_MARK : host;
    }

    /** Whether it holds the row of its group's primary. */
    public boolean isPrimary() {
        return role != Role.SECONDARY;
    }

    boolean hasAddressOf(DistNode other) {
        return host.equals(other.host) && port == other.port;
    }
}
