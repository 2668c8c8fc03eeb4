package org.jpatroni.app;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Supplier;
import org.jpatroni.agent.VerdictTrace;
import org.jpatroni.citus.Coordinator;
import org.jpatroni.citus.CoordinatorPart;
import org.jpatroni.citus.DistGroup;
import org.jpatroni.citus.Formation;
import org.jpatroni.citus.Groups;
import org.jpatroni.citus.NodeEvent;
import org.jpatroni.citus.WorkerPart;
import org.jpatroni.config.NodeConfig;
import org.jpatroni.config.NodeConfig.CitusConfig;
import org.jpatroni.dcs.ClusterCodec;
import org.jpatroni.dcs.GroupReader;
import org.jpatroni.dcs.StoreUnavailableException;
import org.jpatroni.decide.Decision;
import org.jpatroni.decide.Facts;
import org.jpatroni.decide.Situation;
import org.jpatroni.decide.Verdict;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.peer.PeerClient;
import org.jpatroni.postgres.LocalPostgres;
import org.jpatroni.runtime.Tasks;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts the part of a node in a Citus cluster together, and tells it what the HA loop does. */
final class Sharding {

    private static final Logger LOG = LoggerFactory.getLogger(Sharding.class);

    private Sharding() {
    }

    static Formation of(NodeConfig node, GroupReader reader, LocalPostgres postgres, PeerClient peers,
            Supplier<DynamicConfig> dynamic, Tasks tasks) {
        if (node.citus().isEmpty()) {
            return Formation.NONE;
        }
        CitusConfig citus = node.citus().get();
        Groups groups = groups(reader);
        return citus.isCoordinator()
                ? new CoordinatorPart(new Coordinator(postgres.citusNodes(citus.database()), tasks), groups, tasks)
                : new WorkerPart(citus.group(), node.name(), groups, dynamic, (coordinator, event, limit) -> {
                    var _ = peers.post(coordinator, "/citus", json(event), limit);
                }, tasks);
    }

    private static String json(NodeEvent event) {
        Map<String, @Nullable Object> body = new LinkedHashMap<>();
        body.put("type", event.kind().wireText());
        body.put("group", event.group());
        body.put("leader", event.leader());
        body.put("timeout", event.timeout().toSeconds());
        body.put("cooldown", event.cooldown().toSeconds());
        return ClusterCodec.encodeTree(body);
    }

    private static Groups groups(GroupReader reader) {
        return new Groups() {
            @Override
            public Optional<SortedMap<Integer, ClusterSnapshot>> all() {
                try {
                    return Optional.of(reader.all());
                } catch (StoreUnavailableException silent) {
                    LOG.warn("the groups of the Citus cluster cannot be read: {}", silent.getMessage());
                    return Optional.empty();
                }
            }

            @Override
            public Optional<ClusterSnapshot> coordinator() {
                try {
                    return Optional.of(reader.one(DistGroup.COORDINATOR));
                } catch (StoreUnavailableException silent) {
                    LOG.warn("the coordinator's group cannot be read: {}", silent.getMessage());
                    return Optional.empty();
                }
            }
        };
    }

    /** Passes on what the loop does: a cycle of a primary that leads, and that a member has become one. */
    static VerdictTrace telling(Formation formation, VerdictTrace first) {
        return new VerdictTrace() {
            private boolean wasPrimary;

            @Override
            public void decided(Facts facts, Verdict verdict) {
                first.decided(facts, verdict);
                Situation s = new Situation(facts, verdict.memory());
                if (verdict.decision() instanceof Decision.PublishMember publish) {
                    boolean isPrimary = Groups.isPrimary(publish.member());
                    if (isPrimary && !wasPrimary) {
                        formation.afterPromote();
                    }
                    wasPrimary = isPrimary;
                }
                if (verdict.decision() instanceof Decision.Rest && s.storeSeen() && s.holdsLease() && s.writable()) {
                    formation.leads(s.snapshot());
                }
            }
        };
    }
}
