package org.jpatroni.decide;

import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jpatroni.decide.Facts.ClusterView;
import org.jpatroni.decide.Facts.LeaseView;
import org.jpatroni.decide.Facts.PeersView;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.ClusterSnapshot.StoredConfig;
import org.jpatroni.model.ControlData;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.PostgresView;
import org.jpatroni.model.PostgresView.Data;
import org.jpatroni.model.PostgresView.Postmaster;
import org.jpatroni.model.PostgresView.Replication;
import org.jpatroni.model.StoredStatus;
import org.jpatroni.model.SyncState;
import org.jpatroni.model.Tags;
import org.jpatroni.model.TimelineHistory;
import org.jpatroni.model.WatchdogStatus;

/**
 * Builds the facts of member {@code a} in a cluster of {@code a}, {@code b} and {@code c}, one deviation at a time. It starts as a running
 * replica of leader {@code b} with everything in order, at second 1,000; the cycle began now.
 */
final class World {

    static final long NOW = 1_000_000_000_000L;
    static final long SECOND = 1_000_000_000L;
    static final String SYSID = "7000000000000000001";

    private ClusterSnapshot snapshot;
    private Optional<String> storeDown = Optional.empty();
    private boolean neverSeen;
    private Data data = present("in archive recovery", true);
    private Postmaster postmaster;
    private PostgresRole role = PostgresRole.REPLICA;
    private PostgresState state = PostgresState.RUNNING;
    private LeaseView lease = new LeaseView.NotHeld(NOW - 100 * SECOND, NOW - 100 * SECOND);
    private PeersView peers = new PeersView(NOW - 100 * SECOND, Collections.emptyList());
    private Optional<Facts.Running> running = Optional.empty();
    private DynamicConfig dynamic = DynamicConfig.DEFAULT;
    private Tags tags = Tags.NONE;
    private Facts.Request request = Facts.Request.NONE;
    private boolean canRewind = true;
    private Optional<Lsn> handover = Optional.empty();
    private Order.Pending orders = Order.Pending.NOTHING;
    private WatchdogStatus watchdog = WatchdogStatus.NONE;
    private Failsafe failsafe = Failsafe.NOTHING;
    private Facts.Node node = FailsafeWorld.node(true, false);
    private long nowNanos = NOW + 2;
    private long cycleStartNanos = NOW;
    private long seenAtNanos = NOW;
    private Memory memory = Replications.slotsSyncedAt(Memory.fresh(NOW).withPublished("running/replica", NOW), NOW);

    private World() {
        snapshot = new ClusterSnapshot(Optional.of(SYSID), Optional.of(new StoredConfig("{}", 1)),
                Optional.of(new LeaderKey("b", 5, "", false)),
                new StoredStatus(new Lsn(1000), new TreeMap<>(), List.of()),
                List.of(member("a", "replica"), member("b", "primary"), member("c", "replica")), Optional.empty(),
                SyncState.ABSENT, TimelineHistory.EMPTY, new TreeMap<>());
        postmaster = new Postmaster.Up(10, Replications.standby(1000, "b", "streaming"));
    }

    /** A server that answers, whatever the data directory looks like. */
    World up(Replication replication) {
        return postmaster(new Postmaster.Up(10, replication));
    }

    /** A replica that streams from leader b. */
    static World replica() {
        return new World();
    }

    /** A primary that holds the lease, renewed in this cycle. */
    static World leader() {
        World world = new World();
        world.leaderKey("a", true).lease(NOW, NOW + 30 * SECOND).primary(1000);
        world.memory = world.memory.withPublished("running/primary", NOW);
        return world;
    }

    /** A node without data directory. */
    static World empty() {
        World world = new World();
        world.data = new Data.Empty();
        world.postmaster = new Postmaster.Absent();
        world.role = PostgresRole.UNINITIALIZED;
        world.state = PostgresState.STOPPED;
        world.memory = world.memory.withPublished("stopped/uninitialized", NOW);
        return world;
    }

    static Member member(String name, String role) {
        return new Member(name, Optional.of("http://127.0.0.1:1/patroni"),
                Optional.of("postgres://" + name + ":5432/postgres"),
                Optional.empty(), Optional.of("running"), Optional.of(role), Optional.of("4.1.4"), Tags.NONE,
                Optional.of(new Lsn(1000)), Optional.empty(), Optional.empty(), Optional.empty(), OptionalInt.of(1),
                false,
                Map.of(), Map.of(), false, false, false);
    }

    static Data.Present present(String clusterState, boolean standbySignal) {
        return new Data.Present(new ControlData(SYSID, 1, clusterState, new Lsn(900)), standbySignal, 15);
    }

    World primary(long position) {
        return primary(position, 1);
    }

    World primary(long position, int timeline) {
        data = present("in production", false);
        role = PostgresRole.PRIMARY;
        postmaster = new Postmaster.Up(10, Replications.primary(position, timeline));
        return this;
    }

    World standbyAt(long position, String upstream, String receiver) {
        postmaster = new Postmaster.Up(10, Replications.standby(position, upstream, receiver));
        return this;
    }

    World postmaster(Postmaster changed) {
        postmaster = changed;
        return this;
    }

    World stopped(String clusterState, boolean standbySignal) {
        data = present(clusterState, standbySignal);
        postmaster = new Postmaster.Absent();
        state = PostgresState.CRASHED;
        return this;
    }

    World data(Data changed) {
        data = changed;
        return this;
    }

    World role(PostgresRole changed) {
        role = changed;
        return this;
    }

    World leaderKey(String holder, boolean own) {
        return snapshot(s -> with(s, Optional.of(new LeaderKey(holder, 5, "s", own))));
    }

    World noLeader() {
        return snapshot(s -> with(s, Optional.empty()));
    }

    private static ClusterSnapshot with(ClusterSnapshot s, Optional<LeaderKey> leader) {
        return new ClusterSnapshot(s.initialize(), s.config(), leader, s.status(), s.members(), s.failover(), s.sync(),
                s.history(), s.failsafe());
    }

    World initialize(Optional<String> value) {
        return snapshot(s -> new ClusterSnapshot(value, s.config(), s.leader(), s.status(), s.members(), s.failover(),
                s.sync(), s.history(), s.failsafe()));
    }

    World storedConfig() {
        return snapshot(s -> new ClusterSnapshot(s.initialize(), Optional.of(new StoredConfig("{}", 2)), s.leader(),
                s.status(), s.members(), s.failover(), s.sync(), s.history(), s.failsafe()));
    }

    World status(StoredStatus value) {
        return snapshot(s -> new ClusterSnapshot(s.initialize(), s.config(), s.leader(), value, s.members(),
                s.failover(), s.sync(), s.history(), s.failsafe()));
    }

    World noFailover() {
        return snapshot(s -> new ClusterSnapshot(s.initialize(), s.config(), s.leader(), s.status(), s.members(),
                Optional.empty(), s.sync(), s.history(), s.failsafe()));
    }

    World synchronous(String standby) {
        return sync(new SyncState(Optional.of("b"), List.of(standby), 0, 3));
    }

    World sync(SyncState value) {
        return snapshot(s -> new ClusterSnapshot(s.initialize(), s.config(), s.leader(), s.status(), s.members(),
                s.failover(), value, s.history(), s.failsafe()));
    }

    World noConfig() {
        return snapshot(s -> new ClusterSnapshot(s.initialize(), Optional.empty(), s.leader(), s.status(), s.members(),
                s.failover(), s.sync(), s.history(), s.failsafe()));
    }

    World members(Member... members) {
        return snapshot(s -> new ClusterSnapshot(s.initialize(), s.config(), s.leader(), s.status(), List.of(members),
                s.failover(), s.sync(), s.history(), s.failsafe()));
    }

    World failover(FailoverRequest value) {
        return snapshot(s -> new ClusterSnapshot(s.initialize(), s.config(), s.leader(), s.status(), s.members(),
                Optional.of(value), s.sync(), s.history(), s.failsafe()));
    }

    World history(int latestTimeline) {
        List<TimelineHistory.Entry> entries = IntStream.range(1, latestTimeline).mapToObj(
                timeline -> new TimelineHistory.Entry(timeline, new Lsn(900), "", Optional.empty(), Optional.empty()))
                .toList();
        return snapshot(s -> new ClusterSnapshot(s.initialize(), s.config(), s.leader(), s.status(), s.members(),
                s.failover(), s.sync(), new TimelineHistory(entries, 1), s.failsafe()));
    }

    World snapshot(UnaryOperator<ClusterSnapshot> change) {
        snapshot = change.apply(snapshot);
        return this;
    }

    World storeDown() {
        storeDown = Optional.of("no answer");
        return this;
    }

    World storeUp() {
        storeDown = Optional.empty();
        return this;
    }

    /** The store could not be read since the agent started. */
    World neverSeen() {
        neverSeen = true;
        return this;
    }

    World lease(long confirmedAt, long deadline) {
        return lease(new LeaseView.Held(confirmedAt, deadline, confirmedAt));
    }

    World lease(LeaseView changed) {
        lease = changed;
        return this;
    }

    World leaseAttempted() {
        return lease(new LeaseView.NotHeld(NOW + 1, NOW - 100 * SECOND));
    }

    World noLease() {
        return lease(new LeaseView.NotHeld(NOW - 100 * SECOND, NOW - 100 * SECOND));
    }

    World peers(PeerAnswer... answers) {
        return peersAsked(NOW, answers);
    }

    World peersAsked(long atNanos, PeerAnswer... answers) {
        peers = new PeersView(atNanos, List.of(answers));
        return this;
    }

    static PeerAnswer peer(String name, long position) {
        return peer(name, position, Tags.NONE);
    }

    static PeerAnswer peer(String name, long position, Tags tags) {
        return new PeerAnswer(name, true, true, Optional.of(new Lsn(position)), OptionalInt.of(1), tags, false, 0);
    }

    static PeerAnswer primaryPeer(String name, int timeline) {
        return new PeerAnswer(name, true, false, Optional.of(new Lsn(1000)), OptionalInt.of(timeline), Tags.NONE, false,
                0);
    }

    World running(Action action) {
        return running(Optional.of(new Facts.Running(action, false, NOW)));
    }

    World running(Optional<Facts.Running> changed) {
        running = changed;
        return this;
    }

    World dynamic(UnaryOperator<DynamicConfig> change) {
        dynamic = change.apply(dynamic);
        return this;
    }

    World paused() {
        return dynamic(d -> d.withPause(true));
    }

    World tags(Map<String, Object> values) {
        tags = new Tags(new java.util.LinkedHashMap<>(values));
        return this;
    }

    World cannotRewind() {
        canRewind = false;
        return this;
    }

    World watchdog(WatchdogStatus changed) {
        watchdog = changed;
        return this;
    }

    World shutdown() {
        request = Facts.Request.SHUTDOWN;
        return this;
    }

    World failsafe(Failsafe changed) {
        failsafe = changed;
        return this;
    }

    World ordered(Order order) {
        orders = new Order.Pending(Optional.of(order), orders.scheduled());
        return this;
    }

    World scheduled(Order.Scheduled restart) {
        orders = new Order.Pending(orders.immediate(), Optional.of(restart));
        return this;
    }

    /** What this order wanted was begun. */
    void begun(long id) {
        orders = new Order.Pending(orders.immediate().filter(order -> order.id() != id),
                orders.scheduled().filter(order -> order.restart().id() != id));
    }

    World noHandover() {
        handover = Optional.empty();
        return this;
    }

    /** The present moment, and when this cycle began; the store was read just now. */
    World clock(long now, long cycleStart) {
        nowNanos = now;
        cycleStartNanos = cycleStart;
        seenAtNanos = now;
        return this;
    }

    World handover(long position) {
        handover = Optional.of(new Lsn(position));
        return this;
    }

    World memory(UnaryOperator<Memory> change) {
        memory = change.apply(memory);
        return this;
    }

    World state(PostgresState changed) {
        state = changed;
        return this;
    }

    World allowed(boolean mayBootstrap, boolean clonesWithoutLeader) {
        node = FailsafeWorld.node(mayBootstrap, clonesWithoutLeader);
        return this;
    }

    /** This kind of decision was carried out in this cycle and changed nothing. */
    World tried(String kind) {
        return memory(m -> m.withTried(new TreeMap<>(Map.of(kind, NOW))));
    }

    Memory memory() {
        return memory;
    }

    Facts facts() {
        ClusterView cluster = storeDown
                .<ClusterView>map(cause -> new ClusterView.Unreachable(NOW,
                        Optional.of(snapshot).filter(last -> !neverSeen), cause))
                .orElseGet(() -> new ClusterView.Seen(snapshot, seenAtNanos));
        return new Facts(node, nowNanos, Instant.EPOCH, cycleStartNanos, cluster,
                new PostgresView(data, postmaster, Map.of()),
                state, role, lease, peers, running, dynamic, tags, request, canRewind, handover, false,
                orders, watchdog, failsafe);
    }

    Verdict decide() {
        return HaRules.decide(facts(), memory);
    }
}
