package org.jpatroni.citus;

import org.jpatroni.model.ClusterSnapshot;

/**
 * The part of this node in a sharded cluster, seen from its own agent. Nothing here fails, and nothing takes longer than it says: a shard is
 * not worth less than what the others know of it.
 */
public interface Formation extends AutoCloseable {

    /** A cluster that is not sharded. */
    Formation NONE = new Formation() {
    };

    /** This node leads and accepts writes. Told in every cycle; does not block. */
    default void leads(ClusterSnapshot own) {
        // Nobody needs to know.
    }

    /** The primary is about to be stopped in order. Returns when others have stopped using it, or after {@code ttl}. */
    default void beforeDemote() {
        // Nobody uses it.
    }

    /** This node is about to be promoted. Takes one read of the store and two seconds at most. */
    default void beforePromote() {
        // Nobody waits for it.
    }

    /** This node has become a running primary. Does not block. */
    default void afterPromote() {
        // Nobody waits for it.
    }

    /** A worker's primary has told something; returns when it may go on. */
    default void announce(NodeEvent event) throws InterruptedException {
        // Only a coordinator cares.
    }

    @Override
    default void close() {
        // Nothing is held.
    }
}
