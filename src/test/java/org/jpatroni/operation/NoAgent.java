package org.jpatroni.operation;

import java.util.Optional;
import java.util.function.Consumer;
import org.jpatroni.agent.OrderDesk;
import org.jpatroni.decide.Decision;
import org.jpatroni.decide.Order;

/** For tests of operations that leave no orders. */
public final class NoAgent implements LocalAgent {

    private final OrderDesk desk;

    /** One whose desk nobody looks at. */
    public NoAgent() {
        this(new OrderDesk(() -> {
        }));
    }

    public NoAgent(OrderDesk desk) {
        this.desk = desk;
    }

    @Override
    public OrderDesk orders() {
        return desk;
    }

    @Override
    public boolean preview(Order order, Consumer<Optional<Decision>> answer) {
        return false;
    }

    @Override
    public void reload() {
        // nothing is reloaded
    }
}
