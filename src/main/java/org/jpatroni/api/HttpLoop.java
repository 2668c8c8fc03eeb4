package org.jpatroni.api;

import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import org.jpatroni.config.RestApiConfig;
import org.jpatroni.node.FreshSnapshot;
import org.jpatroni.node.HaStatus;
import org.jpatroni.node.NodeStatus;
import org.jpatroni.node.NodeView;
import org.jpatroni.runtime.Time;

/** What the connections of one event loop share. Touched by that loop only, but for what its constructor is given. */
final class HttpLoop {

    /**
     * The parts that all loops share.
     *
     * @param loops how many there are
     */
    record Shared(NodeView node, CommandDesk commands, Time time, ApiLimits limits, ApiCounters counters, Router router,
            Admission admission, AccessControl access, AuditLog audit, Supplier<RestApiConfig> config,
            String productVersion, int loops) {
    }

    private static final long LANE_GRACE_NANOS = 20_000_000L;
    /** How often the lane's room may be taken by connections that came within the grace. */
    private static final int LANE_OVERFLOW = 4;

    /** Bytes of request bodies that are kept at a time: many slow clients with large ones must not fill the memory. */
    private static final int BODIES_MAX = 16 << 20;

    private final Shared shared;
    private final FlightDesk<NodeStatus, StatusPage> statusDesk;
    private final FlightDesk<Optional<FreshSnapshot>, ClusterPage> clusterDesk;
    private final Set<HttpConnection> connections = new LinkedHashSet<>();
    /** Those in the lane, oldest first. */
    private final Set<HttpConnection> lane = new LinkedHashSet<>();
    private int bodyBytes;
    private RestApiConfig wireConfig;
    private WireFormat wire;

    HttpLoop(Shared shared, ScheduledExecutorService executor) {
        this.shared = shared;
        NodeView node = shared.node();
        this.statusDesk = new FlightDesk<>(executor, () -> {
            shared.counters().flight();
            return node.status();
        }, () -> new NodeStatus(node.ha(), Optional.empty(), false),
                this::page);
        this.clusterDesk = new FlightDesk<>(executor, node::cluster, this::lastKnown,
                snapshot -> new ClusterPage(snapshot, node.ha(), shared.time().nanos()));
        this.wireConfig = shared.config().get();
        this.wire = new WireFormat(wireConfig, shared.productVersion());
    }

    /** What the loop has published since the question was asked counts too: the end of a postmaster must show in the very next answer. */
    private StatusPage page(NodeStatus answer) {
        NodeStatus latest = new NodeStatus(shared.node().ha(), answer.observation(), answer.stale());
        return new StatusPage(latest, nanos(), counters(), shared.productVersion());
    }

    private Optional<FreshSnapshot> lastKnown() {
        HaStatus ha = shared.node().ha();
        return ha.snapshot().map(cluster -> new FreshSnapshot(cluster, ha.snapshotAtNanos(), true));
    }

    Shared shared() {
        return shared;
    }

    ApiLimits limits() {
        return shared.limits();
    }

    ApiCounters counters() {
        return shared.counters();
    }

    long nanos() {
        return shared.time().nanos();
    }

    Instant wall() {
        return shared.time().wall();
    }

    FlightDesk<NodeStatus, StatusPage> statusDesk() {
        return statusDesk;
    }

    FlightDesk<Optional<FreshSnapshot>, ClusterPage> clusterDesk() {
        return clusterDesk;
    }

    /** The format of the settings in force now. */
    @SuppressWarnings("ReferenceEquality") // Asked per request; a reload makes a new object.
    WireFormat wire() {
        RestApiConfig config = shared.config().get();
        if (config != wireConfig) {
            wireConfig = config;
            wire = new WireFormat(config, shared.productVersion());
        }
        return wire;
    }

    /**
     * Takes a connection in.
     *
     * @return false when even the lane has no room for it
     */
    boolean add(HttpConnection connection, Admission.Ticket ticket) {
        connections.add(connection);
        if (ticket == Admission.Ticket.ORDINARY) {
            return true;
        }
        int room = Math.max(1, limits().laneMax() / shared.loops());
        boolean admitted = lane.size() < room || evictFromLane() || lane.size() < room * LANE_OVERFLOW;
        if (admitted) {
            lane.add(connection);
        }
        return admitted;
    }

    /** Takes room for a part of a body, or gives it back when negative; false when there is none left. */
    boolean takeBodyRoom(int bytes) {
        if (bytes > 0 && bodyBytes + bytes > BODIES_MAX) {
            return false;
        }
        bodyBytes += bytes;
        return true;
    }

    void remove(HttpConnection connection) {
        connections.remove(connection);
        lane.remove(connection);
    }

    /**
     * Makes room in a full lane: the one that has waited longest without asking anything has to go. A check sends its request with the
     * connection, so it is never the one, if it is given the moment that reading takes.
     */
    private boolean evictFromLane() {
        for (HttpConnection waiting : lane) {
            if (waiting.hasNotAskedFor(LANE_GRACE_NANOS)) {
                lane.remove(waiting);
                waiting.closeNow();
                return true;
            }
        }
        return false;
    }

    /** Looks at all deadlines; called a few times per second. */
    void sweep() {
        long now = nanos();
        for (HttpConnection connection : List.copyOf(connections)) {
            connection.checkDeadlines(now);
        }
    }

    void closeAll() {
        List.copyOf(connections).forEach(HttpConnection::closeNow);
    }
}
