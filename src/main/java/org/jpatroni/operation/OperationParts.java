package org.jpatroni.operation;

import org.jpatroni.agent.OperationCounters;
import org.jpatroni.agent.StatusBoard;
import org.jpatroni.dcs.ClusterStore;
import org.jpatroni.node.HaStatus;
import org.jpatroni.peer.Peers;
import org.jpatroni.runtime.Tasks;

/**
 * What operations are put together from.
 *
 * @param wake makes the HA loop look now
 * @param agent where orders are left
 */
public record OperationParts(String memberName, ClusterStore store, StatusBoard board, Runnable wake, Peers peers,
        OperationCounters counters, Tasks tasks, LocalAgent agent) {

    HaStatus status() {
        return board.current();
    }
}
