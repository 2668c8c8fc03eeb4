package org.jpatroni.operation;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.agent.OrderDesk.End;
import org.jpatroni.decide.Action;
import org.jpatroni.decide.Decision;
import org.jpatroni.decide.Order;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.CommandReply.Explanation;
import org.jpatroni.node.NodeCommand;
import org.jspecify.annotations.Nullable;

/** {@code POST /restart}, at once or later, and {@code DELETE /restart}. */
final class RestartOperation {

    private static final int OK = 200;
    private static final int ACCEPTED = 202;
    private static final int CONFLICT = 409;
    private static final int UNAVAILABLE = 503;

    /** The schedule is kept in any case; this is about a client that looks at once. */
    private static final Duration SHOWN_LIMIT = Duration.ofSeconds(1);

    private final OperationParts parts;

    RestartOperation(OperationParts parts) {
        this.parts = parts;
    }

    CommandReply restart(NodeCommand command) throws InterruptedException {
        if (command.body().containsKey("schedule") && parts.status().dynamic().pause()) {
            return CommandReply.text(500, "Can't schedule restart in the paused state");
        }
        RestartRequest request;
        try {
            request = RestartRequest.read(command.body(), parts.tasks().time().wall());
        } catch (RestartRequest.Refused refused) {
            return CommandReply.text(refused.code(), String.valueOf(refused.getMessage()));
        }
        if (command.dryRun()) {
            return preview(request);
        }
        return request.due().isPresent() ? schedule(request) : now(request);
    }

    private CommandReply now(RestartRequest request) throws InterruptedException {
        return OrderReplies.carriedOut(parts, id -> order(id, request), RestartOperation::reply);
    }

    private Order.Restart order(long id, RestartRequest request) {
        return new Order.Restart(id, request.conditions(), request.timeoutSeconds(), parts.tasks().time().nanos());
    }

    private static CommandReply reply(End end) {
        return switch (end) {
            case End.Restarted _ -> CommandReply.text(OK, "restarted successfully");
            case End.StillStarting _ -> CommandReply.text(UNAVAILABLE, "postgres is still starting");
            case End.GaveUpLeadership _ -> CommandReply.text(UNAVAILABLE,
                    "restart failed: not done in time, the leader lock was given up");
            case End.Failed failed -> CommandReply.text(UNAVAILABLE, "restart failed")
                    .because(List.of(new Explanation("", "restart", failed.reason(), Map.of())));
            case End.Refused refused -> OrderReplies.refused(refused);
            case End.AgentEnds _ -> OrderReplies.agentEnds();
            case End.Rebuilding _ -> CommandReply.text(UNAVAILABLE, "restart failed");
        };
    }

    private CommandReply schedule(RestartRequest request) throws InterruptedException {
        boolean taken = parts.agent().orders()
                .schedule(id -> new Order.Scheduled(order(id, request), request.due().orElseThrow().toInstant(),
                        request.shown(), parts.status().postmasterStart()));
        if (!taken) {
            return CommandReply.text(CONFLICT, "Another restart is already scheduled");
        }
        var _ = BoardWait.until(parts.board(), parts.tasks(), status -> !status.scheduledRestart().isEmpty(),
                SHOWN_LIMIT);
        return CommandReply.text(ACCEPTED, "Restart scheduled");
    }

    CommandReply cancel(boolean dryRun) throws InterruptedException {
        if (dryRun) {
            Map<String, @Nullable Object> tree = new LinkedHashMap<>();
            tree.put("dry_run", true);
            tree.put("scheduled_restart", parts.status().scheduledRestart());
            return CommandReply.document(OK, tree);
        }
        if (!parts.agent().orders().cancelScheduled()) {
            return CommandReply.text(404, "no restarts are scheduled");
        }
        var _ = BoardWait.until(parts.board(), parts.tasks(), status -> status.scheduledRestart().isEmpty(),
                SHOWN_LIMIT);
        return CommandReply.text(OK, "scheduled restart deleted");
    }

    /** What would happen, by the same rules; a restart for later is judged as if it were due now. */
    private CommandReply preview(RestartRequest request) throws InterruptedException {
        Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        tree.put("dry_run", true);
        tree.put("operation", "restart");
        boolean taken = request.due().isPresent() && !parts.status().scheduledRestart().isEmpty();
        if (taken) {
            tree.put("possible", false);
            tree.put("message", "Another restart is already scheduled");
            return CommandReply.document(OK, tree);
        }
        Optional<Optional<Decision>> decision = OrderWait.answer(parts.tasks(),
                answer -> parts.agent().preview(order(Long.MAX_VALUE, request), answer));
        OrderReplies.describe(tree, decision.orElse(Optional.empty()));
        decision.flatMap(made -> made).filter(Decision.Begin.class::isInstance).map(Decision.Begin.class::cast)
                .map(Decision.Begin::action).filter(Action.Restart.class::isInstance).map(Action.Restart.class::cast)
                .ifPresent(action -> {
                    tree.put("role", action.role().wireText());
                    tree.put("timeout", action.timeoutSeconds());
                });
        request.due().ifPresent(due -> tree.put("schedule", request.shown().get("schedule")));
        return CommandReply.document(OK, tree);
    }
}
