package org.jpatroni.api;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.NodeCommand;
import org.jpatroni.node.NodeCommands;

/** Remembers what it was asked and answers what the test says. */
final class FakeCommands implements NodeCommands {

    final List<NodeCommand> submitted = new CopyOnWriteArrayList<>();
    private volatile Function<NodeCommand, CompletableFuture<CommandReply>> answer = command -> CompletableFuture
            .completedFuture(CommandReply.text(200, "OK"));

    void answer(Function<NodeCommand, CommandReply> reply) {
        answer = command -> CompletableFuture.completedFuture(reply.apply(command));
    }

    /** Answers later, or never. */
    void answerLater(Function<NodeCommand, CompletableFuture<CommandReply>> reply) {
        answer = reply;
    }

    @Override
    public CompletableFuture<CommandReply> submit(NodeCommand command) {
        submitted.add(command);
        return answer.apply(command);
    }
}
