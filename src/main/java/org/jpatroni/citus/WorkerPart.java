package org.jpatroni.citus;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.jpatroni.citus.NodeEvent.Kind;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.Member;
import org.jpatroni.runtime.Tasks;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A node of a worker's group: its primary tells the coordinator of what is about to happen to it. */
public final class WorkerPart implements Formation {

    private static final Logger LOG = LoggerFactory.getLogger(WorkerPart.class);
    private static final Duration SHORT_LIMIT = Duration.ofSeconds(2);

    /** Sends {@code POST /citus}. */
    @FunctionalInterface
    public interface Call {
        void send(Member coordinator, NodeEvent event, Duration limit) throws IOException, InterruptedException;
    }

    private final int group;
    private final String member;
    private final Groups groups;
    private final Supplier<DynamicConfig> dynamic;
    private final Call call;
    private final Tasks tasks;

    /**
     * @param group number of this node's group
     * @param member name of this node
     * @param dynamic settings in force: {@code ttl} is how long the coordinator may hold traffic back
     */
    public WorkerPart(int group, String member, Groups groups, Supplier<DynamicConfig> dynamic, Call call,
            Tasks tasks) {
        this.group = group;
        this.member = member;
        this.groups = groups;
        this.dynamic = dynamic;
        this.call = call;
        this.tasks = tasks;
    }

    @Override
    public void beforeDemote() {
        tell(Kind.BEFORE_DEMOTE, Duration.ofSeconds(dynamic.get().ttlSeconds()));
    }

    @Override
    public void beforePromote() {
        tell(Kind.BEFORE_PROMOTE, SHORT_LIMIT);
    }

    @Override
    public void afterPromote() {
        var _ = tasks.start("citus-notice", () -> {
            tell(Kind.AFTER_PROMOTE, SHORT_LIMIT);
            return Boolean.TRUE;
        });
    }

    private void tell(Kind kind, Duration limit) {
        Optional<Member> coordinator = groups.coordinator().flatMap(ClusterSnapshot::leaderMember);
        if (coordinator.isEmpty()) {
            LOG.info("{}: the coordinator has no leader that could be told", kind.wireText());
            return;
        }
        DynamicConfig now = dynamic.get();
        NodeEvent event = new NodeEvent(kind, group, member, Duration.ofSeconds(now.ttlSeconds()),
                Duration.ofSeconds(now.retryTimeoutSeconds()));
        try {
            call.send(coordinator.get(), event, limit);
        } catch (IOException unreachable) {
            // It sees in the store soon what has happened.
            LOG.warn("{}: the coordinator's leader {} was not told: {}", kind.wireText(), coordinator.get().name(),
                    unreachable.getMessage());
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        }
    }
}
