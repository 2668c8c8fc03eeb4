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
 */
public record OperationParts(String memberName, ClusterStore store, StatusBoard board, Runnable wake, Peers peers,
        OperationCounters counters, Tasks tasks) {

    HaStatus status() {
        return board.current();
    }
}
