package org.jpatroni.sim;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jpatroni.agent.OrderDesk;
import org.jpatroni.decide.Order;
import org.jpatroni.decide.Order.Conditions;

/** Somebody who restarts and reinitializes nodes at moments of no particular wisdom, and waits for answers. Not at work for every seed. */
final class SimOperator {

    private static final double AT_WORK = 0.35;
    private static final long ORDER_NANOS = 180_000_000_000L;

    private final SimCluster cluster;
    private final SimKernel kernel;
    private final SimRandom random;
    private final List<Open> open = new ArrayList<>();
    private final Map<SimNode, Long> orderedAtNanos = new HashMap<>();
    private boolean ended;

    private record Open(SimNode node, SimProcess process, String what) {
    }

    SimOperator(SimCluster cluster) {
        this.cluster = cluster;
        this.kernel = cluster.kernel();
        this.random = new SimRandom(cluster.setup().seed()).fork("operator");
    }

    void begin() {
        if (random.chance(AT_WORK)) {
            next(random.between(3, 40));
        }
    }

    void end() {
        ended = true;
    }

    private void next(long pauseSeconds) {
        kernel.afterMillis(random.between(100, pauseSeconds * 2000), () -> {
            if (!ended) {
                SimNode node = random.pick(cluster.nodes());
                node.agent().ifPresent(agent -> order(node, agent));
                next(pauseSeconds);
            }
        });
    }

    private void order(SimNode node, SimNode.Agent agent) {
        OrderDesk desk = agent.loop().orders();
        Conditions conditions = new Conditions(
                random.chance(0.2) ? Optional.of(random.pick(List.of("primary", "replica"))) : Optional.empty(),
                OptionalInt.empty(), random.chance(0.05));
        OptionalInt timeout = random.chance(0.5) ? OptionalInt.of((int) random.between(1, 60)) : OptionalInt.empty();
        boolean force = random.chance(0.3);
        boolean fromLeader = random.chance(0.5);
        long seconds = random.between(1, 30);
        switch (random.below(10)) {
            case 0, 1, 2, 3, 4 -> give(node, agent, "restart within " + timeout,
                    id -> new Order.Restart(id, conditions, timeout, node.time().nanos()));
            case 5, 6 -> {
                if (!cluster.disasters().wasRecent()) {
                    give(node, agent, "reinitialize" + (force ? " by force" : ""),
                            id -> new Order.Reinitialize(id, force, fromLeader));
                }
            }
            case 7, 8 -> {
                boolean taken = desk.schedule(id -> new Order.Scheduled(
                        new Order.Restart(id, conditions, timeout, node.time().nanos()),
                        node.time().wall().plus(Duration.ofSeconds(seconds)), Map.of("schedule", "soon"),
                        agent.board().current().postmasterStart()));
                kernel.trace(node.name(), "operator: restart in " + seconds + " s, taken " + taken);
            }
            default -> kernel.trace(node.name(), "operator: no restart, there was one: " + desk.cancelScheduled());
        }
    }

    private void give(SimNode node, SimNode.Agent agent, String what, java.util.function.LongFunction<Order> order) {
        Open given = new Open(node, agent.process(), what);
        open.add(given);
        orderedAtNanos.put(node, kernel.nowNanos());
        kernel.trace(node.name(), "operator: " + what);
        Optional<String> obstacle = agent.loop().orders().give(order, end -> {
            kernel.trace(node.name(), what + ": " + end);
            if (!open.remove(given)) {
                kernel.fail("invariant 13: " + node.name() + " answered an order twice: " + what);
            }
        });
        if (obstacle.isPresent()) {
            open.remove(given);
        }
    }

    /** Whether what this node does now may be what was ordered. */
    boolean hasOrdered(SimNode node) {
        Long at = orderedAtNanos.get(node);
        return at != null && kernel.nowNanos() - at < ORDER_NANOS;
    }

    /** Invariant 13: every order gets an answer, unless its agent was killed. */
    Optional<String> unanswered() {
        open.removeIf(given -> !given.process().isAlive());
        return open.stream().findFirst().map(given -> given.node().name() + " has not answered: " + given.what());
    }
}
