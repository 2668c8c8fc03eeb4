package org.jpatroni.agent;

import java.util.function.Function;
import java.util.function.Supplier;
import org.jpatroni.citus.Formation;
import org.jpatroni.dcs.ClusterStore;
import org.jpatroni.decide.Facts;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.Tags;
import org.jpatroni.peer.Peers;
import org.jpatroni.postgres.PostgresControl;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.watchdog.Fence;
import org.jpatroni.watchdog.Watchdog;

/**
 * What the agent is put together from. The wiring makes real ones, the simulation its own.
 *
 * @param node name and addresses as configured now
 * @param tags the local tags as configured now
 * @param readConfig total reader of the stored configuration
 * @param initialConfig the first configuration to store, as JSON: the cached one, else {@code bootstrap.dcs}
 * @param formation told when this node is about to stop or to be promoted
 * @param trace told of every verdict
 */
public record AgentParts(Supplier<Facts.Node> node, String scope, Supplier<Tags> tags, ClusterStore store,
        PostgresControl postgres, Peers peers, Fence fence, Watchdog watchdog, Tasks tasks,
        Function<String, DynamicConfig> readConfig,
        Supplier<String> initialConfig, Formation formation, VerdictTrace trace) {
}
