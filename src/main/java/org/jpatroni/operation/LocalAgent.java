package org.jpatroni.operation;

import java.util.Optional;
import java.util.function.Consumer;
import org.jpatroni.agent.OrderDesk;
import org.jpatroni.citus.NodeEvent;
import org.jpatroni.decide.Decision;
import org.jpatroni.decide.Order;

/** What operators may ask of the agent of this node. */
public interface LocalAgent {

    /** Where orders are left. */
    OrderDesk orders();

    /** Asks the rules what they would make of an order; the answer is empty when it would wait. False when too much waits already. */
    boolean preview(Order order, Consumer<Optional<Decision>> answer);

    /** Takes what the primary of another group of a sharded cluster tells; returns when that may go on. */
    default void announce(NodeEvent event) throws InterruptedException {
        // Not a coordinator.
    }

    /** Has the local configuration read again, soon. */
    void reload();
}
