package org.jpatroni.node;

import java.util.concurrent.CompletableFuture;

/** The write side of this node, for the REST API. */
public interface NodeCommands {

    /**
     * Carries a command out. Never blocks; the future is completed with the reply when there is one, which takes as long as the operation,
     * and never fails. {@link NodeCommand.Operation#FAILSAFE} is answered from what is known, without waiting for anything.
     */
    CompletableFuture<CommandReply> submit(NodeCommand command);
}
