package org.jpatroni.operation;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.agent.OrderDesk.End;
import org.jpatroni.decide.Decision;
import org.jpatroni.decide.Order;
import org.jpatroni.model.Units;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.CommandReply.Explanation;
import org.jpatroni.node.HaStatus;
import org.jpatroni.node.NodeCommand;
import org.jspecify.annotations.Nullable;

/** {@code POST /reinitialize}: throws the data of a replica away and copies them anew. Answered when that has begun. */
final class ReinitializeOperation {

    private static final int OK = 200;
    private static final int UNAVAILABLE = 503;

    private final OperationParts parts;

    ReinitializeOperation(OperationParts parts) {
        this.parts = parts;
    }

    CommandReply run(NodeCommand command) throws InterruptedException {
        boolean force = isTrue(command.body(), "force");
        boolean fromLeader = isTrue(command.body(), "from_leader") || isTrue(command.body(), "from-leader");
        if (command.dryRun()) {
            return preview(new Order.Reinitialize(Long.MAX_VALUE, force, fromLeader));
        }
        return OrderReplies.carriedOut(parts, id -> new Order.Reinitialize(id, force, fromLeader),
                ReinitializeOperation::reply);
    }

    /** Patroni's clients send booleans and words; what is no boolean counts as false. */
    private static boolean isTrue(Map<String, @Nullable Object> body, String key) {
        return Units.parseBoolean(body.get(key)).orElse(false);
    }

    private static CommandReply reply(End end) {
        return switch (end) {
            case End.Rebuilding _ -> CommandReply.text(OK, "reinitialize started");
            case End.Refused refused -> OrderReplies.refused(refused);
            case End.Failed failed -> CommandReply.text(UNAVAILABLE, "reinitialize failed")
                    .because(List.of(new Explanation("", "reinitialize", failed.reason(), Map.of())));
            case End.AgentEnds _ -> OrderReplies.agentEnds();
            case End.Restarted _,End.StillStarting _,End.GaveUpLeadership _ -> CommandReply.text(UNAVAILABLE,
                    "reinitialize failed");
        };
    }

    private CommandReply preview(Order.Reinitialize order) throws InterruptedException {
        Optional<Optional<Decision>> decision = OrderWait.answer(parts.tasks(),
                answer -> parts.agent().preview(order, answer));
        HaStatus status = parts.status();
        Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        tree.put("dry_run", true);
        tree.put("operation", "reinitialize");
        OrderReplies.describe(tree, decision.orElse(Optional.empty()));
        tree.put("from_leader", order.fromLeader());
        status.snapshot().flatMap(snapshot -> snapshot.leader())
                .ifPresent(leader -> tree.put("leader", leader.holder()));
        return CommandReply.document(OK, tree);
    }
}
