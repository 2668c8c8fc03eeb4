package org.jpatroni.citus;

import java.util.List;
import java.util.Optional;

/**
 * One group of a sharded cluster: the coordinator (number 0) or a worker, with its replicas.
 *
 * @param number {@code citus.group}
 * @param nodes a primary, and any number of others
 */
public record DistGroup(int number, List<DistNode> nodes) {

    /** The group of the coordinator. */
    public static final int COORDINATOR = 0;

    public DistGroup {
        nodes = nodes.stream().toList();
    }

    public Optional<DistNode> primary() {
        return nodes.stream().filter(DistNode::isPrimary).findFirst();
    }

    List<DistNode> secondaries() {
        return nodes.stream().filter(node -> !node.isPrimary()).toList();
    }

    boolean knows(DistNode address) {
        return nodes.stream().anyMatch(address::hasAddressOf);
    }
}
