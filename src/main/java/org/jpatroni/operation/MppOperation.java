package org.jpatroni.operation;

import org.jpatroni.node.CommandReply;

/**
 * {@code POST /mpp} and its old name {@code POST /citus}: the worker of a sharded cluster tells its coordinator about a change of primary. This
 * agent manages no such clusters, so it is never a coordinator, and Patroni's answer of all others is given.
 */
final class MppOperation {

    private MppOperation() {
    }

    static CommandReply answer() {
        return CommandReply.text(200, "OK");
    }
}
