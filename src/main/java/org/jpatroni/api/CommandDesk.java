package org.jpatroni.api;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.NodeCommand;
import org.jpatroni.node.NodeCommands;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where commands of all connections are handed to the node: not more at a time than can be worth anything. */
final class CommandDesk {

    private static final Logger LOG = LoggerFactory.getLogger(CommandDesk.class);
    private static final int UNDER_WAY_MAX = 64;

    private final NodeCommands node;
    private final AtomicInteger underWay = new AtomicInteger();

    CommandDesk(NodeCommands node) {
        this.node = node;
    }

    /** Hands a command over; the reply comes on the connection's own loop, never at once. */
    @SuppressWarnings("FutureReturnValueIgnored") // The reply is the outcome.
    void submit(NodeCommand command, Executor loop, Consumer<CommandReply> waiter) {
        // A primary without the store asks the other members: operators' calls that take long must not keep it from being heard.
        boolean counted = command.operation() != NodeCommand.Operation.FAILSAFE;
        if (counted && underWay.incrementAndGet() > UNDER_WAY_MAX) {
            underWay.decrementAndGet();
            loop.execute(() -> waiter
                    .accept(CommandReply.refusal(503, "too many commands at a time").withHeader("Retry-After", "1")));
            return;
        }
        CompletableFuture<CommandReply> reply;
        try {
            reply = node.submit(command);
        } catch (RuntimeException fault) {
            reply = CompletableFuture.failedFuture(fault);
        }
        reply.whenComplete((answer, fault) -> {
            if (counted) {
                underWay.decrementAndGet();
            }
            CommandReply told = answer;
            if (fault != null || told == null) {
                LOG.error("{} failed", command.operation().label(), fault);
                told = CommandReply.refusal(500, "internal error, see the log");
            }
            CommandReply last = told;
            loop.execute(() -> waiter.accept(last));
        });
    }
}
