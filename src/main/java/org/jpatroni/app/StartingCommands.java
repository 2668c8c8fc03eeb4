package org.jpatroni.app;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.NodeCommand;
import org.jpatroni.node.NodeCommands;

/** What the API hands commands to before store and PostgreSQL are put together: come back in a moment. */
final class StartingCommands implements NodeCommands {

    private volatile Optional<NodeCommands> ready = Optional.empty();

    /** From now on this one carries them out. */
    void become(NodeCommands commands) {
        ready = Optional.of(commands);
    }

    @Override
    public CompletableFuture<CommandReply> submit(NodeCommand command) {
        return ready.map(commands -> commands.submit(command)).orElseGet(() -> CompletableFuture
                .completedFuture(CommandReply.refusal(503, "this node is starting").withHeader("Retry-After", "1")));
    }
}
