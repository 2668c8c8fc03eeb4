package org.jpatroni.operation;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jpatroni.agent.OrderDesk.End;
import org.jpatroni.decide.Decision;
import org.jpatroni.decide.Order;
import org.jpatroni.decide.Order.Refusal;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.CommandReply.Explanation;
import org.jspecify.annotations.Nullable;

/** Answers to orders that are not carried out, and to the question whether they would be. */
final class OrderReplies {

    private static final int UNAVAILABLE = 503;

    private OrderReplies() {
    }

    /** Leaves an order and answers with what became of it, or with what is in the way. */
    static CommandReply carriedOut(OperationParts parts, LongFunction<Order> order, Function<End, CommandReply> reply)
            throws InterruptedException {
        AtomicReference<String> obstacle = new AtomicReference<>("");
        Optional<End> end = OrderWait.answer(parts.tasks(), answer -> {
            Optional<String> inTheWay = parts.agent().orders().give(order, answer);
            inTheWay.ifPresent(obstacle::set);
            return inTheWay.isEmpty();
        });
        return end.map(reply)
                .orElseGet(() -> CommandReply.text(UNAVAILABLE, obstacle.get() + " already in progress"));
    }

    static CommandReply agentEnds() {
        return CommandReply.refusal(UNAVAILABLE, "this node is shutting down");
    }

    static CommandReply refused(End.Refused end) {
        CommandReply reply = end.refusal() == Refusal.STORE_DOWN
                ? CommandReply.refusal(UNAVAILABLE, "the store does not answer")
                : CommandReply.text(UNAVAILABLE, text(end.refusal(), end.detail()));
        return reply.because(List.of(explanation(end.refusal(), end.detail())));
    }

    private static Explanation explanation(Refusal refusal, String detail) {
        String reason = refusal.sentence() + (detail.isEmpty() ? "" : " (" + detail + ")");
        return new Explanation("", refusal.rule(), reason, Map.of());
    }

    /** In Patroni's words. */
    private static String text(Refusal refusal, String detail) {
        return switch (refusal) {
            case STORE_DOWN -> "the store does not answer";
            case BUSY -> detail + " already in progress";
            case CONDITIONS -> "restart conditions are not satisfied";
            case NOT_POSSIBLE -> "restart failed";
            case IS_LEADER -> "I am the leader, can not reinitialize";
            case NO_LEADER -> "Cluster has no leader, can not reinitialize";
            case LEADER_NOT_RUNNING -> "The leader (" + detail + ") is not running, can not reinitialize";
        };
    }

    /** @param decision what the rules would decide; empty: they would wait first */
    static void describe(Map<String, @Nullable Object> tree, Optional<Decision> decision) {
        if (decision.isPresent() && decision.get() instanceof Decision.RefuseOrder refusal) {
            tree.put("possible", false);
            tree.put("message", text(refusal.refusal(), refusal.detail()));
            tree.put("reasons", List.of(explanation(refusal.refusal(), refusal.detail()).document()));
            return;
        }
        tree.put("possible", true);
        boolean waits = decision.isEmpty() || !(decision.get() instanceof Decision.Begin);
        if (waits) {
            tree.put("message", "it would wait for what is under way");
        }
    }
}
