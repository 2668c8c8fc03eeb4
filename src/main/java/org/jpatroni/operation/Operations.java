package org.jpatroni.operation;

import java.util.concurrent.CompletableFuture;
import org.jpatroni.agent.OperationCounters;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.NodeCommand;
import org.jpatroni.node.NodeCommands;
import org.jpatroni.runtime.Tasks;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands each command to the operation that carries it out, on a thread of its own. */
public final class Operations implements NodeCommands {

    private static final Logger LOG = LoggerFactory.getLogger(Operations.class);

    private final Tasks tasks;
    private final OperationCounters counters;
    private final ConfigOperation config;
    private final FailsafeOperation failsafe;
    private final SwitchoverOperation switchover;
    private final RestartOperation restart;
    private final ReinitializeOperation reinitialize;
    private final LocalAgent agent;

    public Operations(OperationParts parts) {
        this.tasks = parts.tasks();
        this.counters = parts.counters();
        this.config = new ConfigOperation(parts);
        this.failsafe = new FailsafeOperation(parts);
        this.switchover = new SwitchoverOperation(parts);
        this.restart = new RestartOperation(parts);
        this.reinitialize = new ReinitializeOperation(parts);
        this.agent = parts.agent();
    }

    @Override
    public CompletableFuture<CommandReply> submit(NodeCommand command) {
        if (command.operation() == NodeCommand.Operation.FAILSAFE) {
            return CompletableFuture.completedFuture(counted(command, failsafe.answer(command)));
        }
        CompletableFuture<CommandReply> reply = new CompletableFuture<>();
        var _ = tasks.start("operation", () -> reply.complete(counted(command, answer(command))));
        return reply;
    }

    private CommandReply answer(NodeCommand command) {
        try {
            return carryOut(command);
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            return CommandReply.refusal(503, "this node is shutting down");
        } catch (RuntimeException | Error fault) {
            LOG.error("{} failed", command.operation().label(), fault);
            return CommandReply.refusal(500, "internal error, see the log");
        }
    }

    private CommandReply counted(NodeCommand command, CommandReply reply) {
        counters.count(command.operation().label(), outcome(reply.code()));
        return reply;
    }

    private static String outcome(int code) {
        return code < 400
                ? OperationCounters.SUCCESS
                : code < 500 ? OperationCounters.REFUSED : OperationCounters.FAILURE;
    }

    private CommandReply carryOut(NodeCommand command) throws InterruptedException {
        return switch (command.operation()) {
            case PATCH_CONFIG -> config.patch(command);
            case PUT_CONFIG -> config.put(command);
            case FAILSAFE -> failsafe.answer(command);
            case MPP -> MppOperation.answer(command.body(), agent);
            case SWITCHOVER, FAILOVER -> switchover.move(command);
            case CANCEL_SWITCHOVER -> switchover.cancel(command);
            case RESTART -> restart.restart(command);
            case CANCEL_RESTART -> restart.cancel(command.dryRun());
            case REINITIALIZE -> reinitialize.run(command);
            case RELOAD -> {
                if (!command.dryRun()) {
                    agent.reload();
                }
                yield CommandReply.text(202, "reload scheduled");
            }
            // Patroni does something in its own tests on Windows only; the text is all that there is elsewhere.
            case SIGTERM -> CommandReply.text(202, "shutdown scheduled");
        };
    }
}
