package org.jpatroni.node;

import java.util.Map;
import java.util.Optional;
import org.jpatroni.model.Tree;
import org.jspecify.annotations.Nullable;

/**
 * What an operator or a tool asks of this node: one call of the write side of the REST API.
 *
 * @param operation which
 * @param body the JSON object that came with it, in written order; empty when none came
 * @param dryRun change nothing, say what would happen
 * @param ifMatch tags of the configuration that the caller has seen ({@code If-Match}); empty: whatever is there
 */
public record NodeCommand(Operation operation, Map<String, @Nullable Object> body, boolean dryRun,
        Optional<String> ifMatch) {

    public NodeCommand {
        body = Tree.copyOf(body);
    }

    /** A command with the tree that a JSON reader made. */
    public static NodeCommand of(Operation operation, Map<?, ?> body, boolean dryRun, Optional<String> ifMatch) {
        return new NodeCommand(operation, Tree.copyOf(body), dryRun, ifMatch);
    }

    /** The write calls of the REST API. */
    public enum Operation {
        PATCH_CONFIG("config"), PUT_CONFIG("config"), RELOAD("reload"), RESTART("restart"), CANCEL_RESTART(
                "cancel_restart"),
        REINITIALIZE("reinitialize"), SWITCHOVER("switchover"), FAILOVER(
                "failover"),
        CANCEL_SWITCHOVER("cancel_switchover"), FAILSAFE("failsafe"), MPP("mpp"), SIGTERM(
                "sigterm");

        private final String label;

        Operation(String label) {
            this.label = label;
        }

        /** The name in logs and metrics. */
        public String label() {
            return label;
        }
    }
}
