package org.jpatroni.citus;

import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jpatroni.citus.DistNode.Role;
import org.jpatroni.citus.NodeEvent.Kind;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.runtime.Tasks;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A node of the coordinator's group: while it leads, it keeps the table of nodes. */
public final class CoordinatorPart implements Formation {

    private static final Logger LOG = LoggerFactory.getLogger(CoordinatorPart.class);

    private final Coordinator coordinator;
    private final Groups groups;
    private final Tasks tasks;
    private final AtomicBoolean reading = new AtomicBoolean();

    public CoordinatorPart(Coordinator coordinator, Groups groups, Tasks tasks) {
        this.coordinator = coordinator;
        this.groups = groups;
        this.tasks = tasks;
    }

    @Override
    public void leads(ClusterSnapshot own) {
        register(DistGroup.COORDINATOR, own);
        if (!reading.compareAndSet(false, true)) {
            return;
        }
        var _ = tasks.start("citus-groups", () -> {
            try {
                groups.all().ifPresent(this::registerWorkers);
            } finally {
                reading.set(false);
            }
            return Boolean.TRUE;
        });
    }

    private void registerWorkers(SortedMap<Integer, ClusterSnapshot> all) {
        all.forEach((number, group) -> {
            if (number != DistGroup.COORDINATOR) {
                register(number, group);
            }
        });
    }

    private void register(int number, ClusterSnapshot group) {
        if (Groups.hasPrimary(group)) {
            Groups.rows(number, group, Role.PRIMARY).ifPresent(coordinator::observe);
        }
    }

    /** The transaction that others wait for ends with the server. */
    @Override
    public void beforeDemote() {
        coordinator.standDown();
    }

    @Override
    public void announce(NodeEvent event) throws InterruptedException {
        Role role = event.kind() == Kind.BEFORE_DEMOTE ? Role.DEMOTED : Role.PRIMARY;
        Optional<DistGroup> rows = groups.all().map(all -> all.get(event.group()))
                .filter(group -> Groups.leads(group, event.leader()))
                .flatMap(group -> Groups.rows(event.group(), group, role));
        if (rows.isEmpty() || event.group() == DistGroup.COORDINATOR) {
            LOG.info("{} of group {} is passed over: {} does not lead it", event.kind().wireText(), event.group(),
                    event.leader());
            return;
        }
        var _ = coordinator.announce(event, rows.get());
    }

    @Override
    public void close() {
        coordinator.close();
    }
}
