package org.jpatroni.decide;

import static org.jpatroni.decide.World.NOW;
import static org.jpatroni.decide.World.SECOND;

import java.math.BigInteger;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jpatroni.decide.Facts.LeaseView;
import org.jpatroni.decide.Memory.Bootstrap;
import org.jpatroni.decide.Memory.Divergence;
import org.jpatroni.decide.Memory.Phase;
import org.jpatroni.model.ControlData;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.PostgresView.Data;
import org.jpatroni.model.PostgresView.Postmaster;
import org.jpatroni.model.StoredStatus;
import org.jpatroni.model.Tags;
import org.jpatroni.model.Upstream;

/**
 * A bounded space of facts: axes with a few values each, the most important first. Combinations that no real node can be in are part of it
 * on purpose, because the rules must have an answer to everything.
 *
 * <p>The whole product is far too large. Walking it with a stride near the golden section of its size, coprime to it, enumerates the first
 * axes completely (as many as their product fits into the number of samples) and spreads the others evenly. Most points are taken from the
 * calm part of the space, in which what seldom happens does not: else nearly every point would be answered by the few rules for an agent
 * that ends, a store that is down, or an action that runs.
 */
final class FactSpace {

    static final List<Axis> AXES = List.of(
            axis("data", value("production", w -> w.data(World.present("in production", false))),
                    value("standby", w -> w.data(World.present("in archive recovery", true))),
                    value("empty", w -> w.data(new Data.Empty())),
                    value("clean primary", w -> w.data(World.present("shut down", false))),
                    value("former standby without signal", w -> w.data(World.present("shut down in recovery", false))),
                    value("unusable", w -> w.data(new Data.Unusable("half made"))),
                    value("foreign", w -> w.data(
                            new Data.Present(new ControlData("1", 1, "in production", new Lsn(900)), false, 15)))),
            axis("postmaster", value("absent", w -> w.postmaster(new Postmaster.Absent())),
                    value("primary", w -> w.up(Replications.primary(1000, 1))),
                    value("primary on timeline 3", w -> w.up(Replications.primary(1000, 3))),
                    value("streams from b", w -> w.standbyAt(1000, "b", "streaming")),
                    value("streams far ahead from b", w -> w.standbyAt(90_000_000, "b", "streaming")),
                    value("follows b, no stream", w -> w.standbyAt(1000, "b", "")),
                    value("follows nobody", w -> w.standbyAt(1000, "", "")),
                    value("follows c", w -> w.standbyAt(1000, "c", "streaming")),
                    value("follows the remote",
                            w -> w.up(Replications
                                    .followingRemote(new Upstream.Remote("remote", "5433", Optional.empty())))),
                    value("follows the remote, no stream", w -> w.up(Replications
                            .seekingRemote(new Upstream.Remote("remote", "5433", Optional.empty())))),
                    value("starting", w -> w.postmaster(new Postmaster.Starting(10))),
                    value("stopping", w -> w.postmaster(new Postmaster.Stopping(10))),
                    value("unresponsive", w -> w.postmaster(new Postmaster.Unresponsive(10, "late")))),
            axis("lease", value("none", World::noLease),
                    value("fresh", w -> w.lease(NOW, NOW + 30 * SECOND)),
                    value("due", w -> w.lease(NOW - 6 * SECOND, NOW + 24 * SECOND)),
                    value("within stop budget", w -> w.lease(NOW - 27 * SECOND, NOW + 3 * SECOND)),
                    value("within stop budget, not confirmed in this cycle",
                            w -> w.lease(new LeaseView.Held(NOW - 27 * SECOND, NOW + 3 * SECOND, NOW + 1))),
                    value("over", w -> w.lease(NOW - 31 * SECOND, NOW - SECOND)),
                    value("refused in this cycle", World::leaseAttempted),
                    value("adoption refused in this cycle", w -> w.lease(new LeaseView.NotHeld(NOW + 1, NOW + 1))),
                    value("not confirmed in this cycle",
                            w -> w.lease(new LeaseView.Held(NOW - 6 * SECOND, NOW + 24 * SECOND, NOW + 1)))),
            axis("leader", value("none", World::noLeader), value("b", w -> w.leaderKey("b", false)),
                    value("me", w -> w.leaderKey("a", true)),
                    value("me, earlier session", w -> w.leaderKey("a", false)),
                    value("unknown member", w -> w.leaderKey("x", false))),
            axis("pause", value("no", FactSpace::asIs), value("yes", World::paused)),
            axis("store", value("seen", World::storeUp), value("down", World::storeDown),
                    value("never seen", w -> w.storeDown().neverSeen())).asRare(),
            axis("running", running()).asRare(),
            axis("request", value("none", FactSpace::asIs), value("shutdown", World::shutdown)).asRare(),
            axis("order", value("none", FactSpace::asIs),
                    value("restart", w -> w.ordered(restart(7, Order.Conditions.NONE))),
                    value("restart of a replica", w -> w.ordered(
                            restart(7, new Order.Conditions(Optional.of("replica"), OptionalInt.empty(), false)))),
                    value("restart of what is pending", w -> w.ordered(
                            restart(7, new Order.Conditions(Optional.empty(), OptionalInt.empty(), true)))),
                    value("restart of a synchronous standby",
                            w -> w.synchronous("a").ordered(restart(7, Order.Conditions.NONE))),
                    value("reinitialize", w -> w.ordered(new Order.Reinitialize(7, false, false))),
                    value("reinitialize by force", w -> w.ordered(new Order.Reinitialize(7, true, true))),
                    value("restart due", w -> w.scheduled(scheduled(0, Order.Conditions.NONE))),
                    value("restart due for older versions", w -> w.scheduled(scheduled(0,
                            new Order.Conditions(Optional.empty(), OptionalInt.of(90_000), false)))),
                    value("restart long due", w -> w.scheduled(scheduled(-1000, Order.Conditions.NONE))),
                    value("restart later", w -> w.scheduled(scheduled(1000, Order.Conditions.NONE)))).asRare(),
            axis("rebuild", value("no", FactSpace::asIs),
                    value("copying", w -> w.memory(m -> m.withRebuild(Memory.Rebuild.FROM_ANYBODY))),
                    value("copying from the leader", w -> w.memory(m -> m.withRebuild(Memory.Rebuild.FROM_LEADER))),
                    value("copied", w -> w.memory(m -> m.withRebuild(Memory.Rebuild.COPIED))),
                    value("stopped by the agent", w -> w.memory(m -> m.withOwesStart(true)))).asRare(),
            axis("initialize", value("mine", FactSpace::asIs), value("absent", w -> w.initialize(Optional.empty())),
                    value("claimed", w -> w.initialize(Optional.of(""))),
                    value("other", w -> w.initialize(Optional.of("2")))).asRare(),
            axis("bootstrap", value("none", FactSpace::asIs),
                    value("claimed", w -> w.memory(m -> m.withBootstrap(Bootstrap.CLAIMED))),
                    value("failed", w -> w.memory(m -> m.withBootstrap(Bootstrap.FAILED))),
                    value("failed, its claim stands", w -> w.initialize(Optional.of(""))
                            .memory(m -> m.withBootstrap(Bootstrap.FAILED))))
                    .asRare(),
            axis("failover", value("none", FactSpace::asIs), value("to me", w -> w.failover(move("", "a", 0))),
                    value("to c", w -> w.failover(move("", "c", 0))),
                    value("from me", w -> w.failover(move("a", "", 0))),
                    value("from me to c", w -> w.failover(move("a", "c", 0))),
                    value("from b to c", w -> w.failover(move("b", "c", 0))),
                    value("from me later", w -> w.failover(move("a", "c", 3600))),
                    value("from me missed", w -> w.failover(move("a", "c", -3600)))),
            axis("peers", value("not asked", w -> w.peersAsked(NOW - 20 * SECOND, World.peer("c", 1000))),
                    value("equal", w -> w.peers(World.peer("b", 1000), World.peer("c", 1000))),
                    value("ahead", w -> w.peers(World.peer("b", 800), World.peer("c", 2000))),
                    value("primary", w -> w.peers(World.primaryPeer("b", 3), World.peer("c", 1000))),
                    value("silent", w -> w.peers(PeerAnswer.unreachable("b"), PeerAnswer.unreachable("c"))),
                    value("receiving", w -> w.peers(receiver("c", 1000))),
                    value("preferred", w -> w.peers(preferred("c")))),
            axis("divergence", value("unasked", FactSpace::asIs),
                    value("unknown", w -> w.memory(m -> diverged(m, Phase.UNKNOWN))),
                    value("follows", w -> w.memory(m -> diverged(m, Phase.FOLLOWS))),
                    value("diverged", w -> w.memory(m -> diverged(m, Phase.DIVERGED))),
                    value("forked", w -> w.memory(m -> diverged(m, Phase.FORKED))),
                    value("diverged from the remote", w -> w.memory(m -> m.withDivergence(
                            new Divergence(Phase.DIVERGED, "remote:5433", NOW - 2 * SECOND))))),
            axis("failures", value("none", FactSpace::asIs), value("start", w -> w.memory(m -> m.withStartFailures(1))),
                    value("three starts", w -> w.memory(m -> m.withStartFailures(3))),
                    value("promotion refused", w -> w.memory(m -> m.withStartFailures(ActionFold.REFUSED))),
                    value("rewinds", w -> w.memory(m -> m.withRewindFailures(3))),
                    value("a moment ago",
                            w -> w.memory(m -> m.withStartFailures(1).withActionNotBefore(NOW + SECOND)))),
            axis("given up", value("no", FactSpace::asIs),
                    value("just now", w -> w.memory(m -> m.withGaveUpLeadership(Optional.of(NOW + 9 * SECOND)))),
                    value("before", w -> w.memory(m -> m.withGaveUpLeadership(Optional.of(NOW - 5 * SECOND)))),
                    value("deferring for long",
                            w -> w.memory(m -> m.withDeferringSince(Optional.of(NOW - 100 * SECOND))))),
            axis("members", value("running", FactSpace::asIs),
                    value("only me", w -> w.members(World.member("a", "replica"))),
                    value("b stopped", w -> w.members(World.member("a", "replica"), stopped("b"),
                            World.member("c", "replica"))),
                    value("b is still a replica", w -> w.members(World.member("a", "replica"),
                            World.member("b", "replica"), World.member("c", "replica"))),
                    value("b has its checkpoint pending",
                            w -> w.members(World.member("a", "replica"), checkpointPending("b")))),
            axis("tags", value("none", FactSpace::asIs), value("nofailover", w -> w.tags(Map.of("nofailover", true))),
                    value("preferred", w -> w.tags(Map.of("failover_priority", 2))),
                    value("cascade", w -> w.tags(Map.of("replicatefrom", "c"))),
                    value("nostream", w -> w.tags(Map.of("nostream", true)))),
            axis("config", value("default", FactSpace::asIs),
                    value("standby cluster", w -> w.dynamic(d -> config(d, true, 300, 30))),
                    value("no start timeout", w -> w.dynamic(d -> config(d, false, 0, 30))),
                    value("removes data, checks timelines", w -> w.dynamic(d -> config(d, false, 300, 30, true))),
                    value("ttl 60", w -> w.dynamic(d -> config(d, false, 300, 60)))),
            axis("rewind", value("possible", FactSpace::asIs), value("impossible", World::cannotRewind)),
            axis("role", value("replica", w -> w.role(PostgresRole.REPLICA)),
                    value("primary", w -> w.role(PostgresRole.PRIMARY)),
                    value("demoted", w -> w.role(PostgresRole.DEMOTED)),
                    value("standby leader", w -> w.role(PostgresRole.STANDBY_LEADER))),
            axis("state", value("running", w -> w.state(PostgresState.RUNNING)),
                    value("stopped", w -> w.state(PostgresState.STOPPED))).asRare(),
            axis("crashed", value("no", FactSpace::asIs),
                    value("long ago", w -> w.memory(m -> m.withCrashedAt(Optional.of(NOW - 400 * SECOND))))),
            axis("history", value("short", FactSpace::asIs), value("three timelines", w -> w.history(3))).asRare(),
            axis("stored config", value("there", FactSpace::asIs), value("absent", World::noConfig)).asRare(),
            axis("handover", value("no", FactSpace::asIs), value("ready", w -> w.handover(1000))).asRare(),
            axis("published", value("running", w -> w.memory(m -> m.withPublished("running/replica", NOW))),
                    value("as primary", w -> w.memory(m -> m.withPublished("running/primary", NOW))),
                    value("before", w -> w.memory(m -> m.withPublished("running/replica", NOW - 20 * SECOND))),
                    value("as standby leader", w -> w.memory(m -> m.withPublished("running/standby_leader", NOW))),
                    value("as primary before",
                            w -> w.memory(m -> m.withPublished("running/primary", NOW - 20 * SECOND)))),
            axis("slots", value("seen to", FactSpace::asIs),
                    value("not yet", w -> w.memory(m -> Replications.slotsSyncedAt(m, NOW - 20 * SECOND))),
                    value("none there yet",
                            w -> withoutSlots(w).memory(m -> Replications.slotsSyncedAt(m, NOW - 20 * SECOND))),
                    value("a logical one is missing", SlotConfigs::missingLogical)),
            axis("position", value("near", FactSpace::asIs), value("leader was far ahead", w -> w.snapshot(
                    s -> new org.jpatroni.model.ClusterSnapshot(s.initialize(), s.config(), s.leader(),
                            new StoredStatus(new Lsn(50_000_000), new TreeMap<>(), List.of()), s.members(),
                            s.failover(), s.sync(), s.history(), s.failsafe()))))
                    .asRare(),
            axis("allowed", value("bootstrap", FactSpace::asIs), value("nothing", w -> w.allowed(false, false)),
                    value("clone without leader", w -> w.allowed(true, true))).asRare(),
            Fencing.AXIS, FailsafeWorld.axis(), Synchrony.AXIS);

    static final Product WHOLE = new Product(AXES);
    private static final List<Product> WALKS = walks();

    private FactSpace() {
    }

    record Value(String name, Consumer<World> change) {
    }

    /** @param rare most points stay at the first value of this axis */
    record Axis(String name, boolean rare, List<Value> values) {
        Axis asRare() {
            return new Axis(name, true, values);
        }
    }

    /** One point of the space. */
    record Point(World world, long number, BigInteger index) {
        String description() {
            StringBuilder words = new StringBuilder("at " + number + ": ");
            walkOf(number).visit(index, (axis, value) -> {
                if (!value.equals(axis.values().getFirst())) {
                    words.append(axis.name()).append('=').append(value.name()).append(", ");
                }
            });
            return words.toString();
        }
    }

    /** Three times the calm part, the calm part with each of the rare axes, and everything at once. */
    private static List<Product> walks() {
        List<Axis> calm = AXES.stream().filter(axis -> !axis.rare()).toList();
        List<Product> walks = new ArrayList<>(Collections.nCopies(3, new Product(calm)));
        for (Axis rare : AXES) {
            if (rare.rare()) {
                walks.add(new Product(AXES.stream().filter(axis -> !axis.rare() || axis.equals(rare)).toList()));
            }
        }
        walks.add(WHOLE);
        return List.copyOf(walks);
    }

    static Point sample(long number) {
        Product walk = walkOf(number);
        BigInteger index = walk.index(number / WALKS.size());
        World world = World.replica();
        walk.visit(index, (axis, value) -> value.change().accept(world));
        return new Point(world, number, index);
    }

    private static Product walkOf(long number) {
        return WALKS.get((int) (number % WALKS.size()));
    }

    /** A walk over the product of some axes. */
    static final class Product {
        private final boolean[] moves;
        private final BigInteger size;
        private final BigInteger stride;

        Product(List<Axis> axes) {
            moves = new boolean[AXES.size()];
            axes.forEach(axis -> moves[AXES.indexOf(axis)] = true);
            size = axes.stream().map(axis -> BigInteger.valueOf(axis.values().size())).reduce(BigInteger.ONE,
                    BigInteger::multiply);
            BigInteger golden = size.multiply(BigInteger.valueOf(618_033_989))
                    .divide(BigInteger.valueOf(1_000_000_000));
            while (!golden.gcd(size).equals(BigInteger.ONE)) {
                golden = golden.add(BigInteger.ONE);
            }
            stride = golden;
        }

        BigInteger size() {
            return size;
        }

        /** The value of every axis at this place of the walk. */
        void visit(BigInteger index, BiConsumer<Axis, Value> visitor) {
            BigInteger rest = index;
            for (int i = 0; i < moves.length; i++) {
                List<Value> values = AXES.get(i).values();
                int chosen = 0;
                if (moves[i]) {
                    BigInteger[] division = rest.divideAndRemainder(BigInteger.valueOf(values.size()));
                    rest = division[0];
                    chosen = division[1].intValue();
                }
                visitor.accept(AXES.get(i), values.get(chosen));
            }
        }

        BigInteger index(long number) {
            return stride.multiply(BigInteger.valueOf(number)).mod(size);
        }
    }

    private static Value value(String name, Consumer<World> change) {
        return new Value(name, change);
    }

    private static World withoutSlots(World world) {
        world.facts().postgres().replication().ifPresent(up -> world.up(Replications.withSlots(up, new TreeMap<>())));
        return world;
    }

    private static void asIs(World world) {
        // The first value of most axes is how the world begins.
    }

    private static Axis axis(String name, Value... values) {
        return new Axis(name, false, List.of(values));
    }

    private static Value[] running() {
        Upstream b = new Upstream.OfMember(World.member("b", "primary"), Optional.empty());
        List<Action> actions = List.of(new Action.Start(PostgresRole.PRIMARY, Optional.empty(), 300),
                new Action.Start(PostgresRole.REPLICA, Optional.of(b), 300), new Action.Promote(),
                new Action.Demote(Action.Demote.Mode.GRACEFUL), new Action.Demote(Action.Demote.Mode.NOT_LEADER),
                new Action.Follow(PostgresRole.REPLICA, b), new Action.CheckDivergence(b), new Action.Rewind(b),
                new Action.DiscardData(),
                new Action.Restart(3, PostgresRole.PRIMARY, Optional.empty(), true, 60),
                new Action.Restart(3, PostgresRole.REPLICA, Optional.of(b), true, 60),
                new Action.CloneFrom(Optional.of(b)), new Action.Bootstrap(),
                new Action.Shutdown(true));
        List<Value> values = new ArrayList<>();
        values.add(value("nothing", FactSpace::asIs));
        actions.forEach(action -> values.add(value(ActionRules.name(action), w -> w.running(action))));
        values.add(value("cancelled start", w -> w.running(
                Optional.of(new Facts.Running(actions.getFirst(), true, NOW)))));
        values.add(value("long promotion", w -> w.running(
                Optional.of(new Facts.Running(new Action.Promote(), false, NOW - 3 * SECOND)))));
        return values.toArray(Value[]::new);
    }

    static FailoverRequest move(String leader, String candidate, int inSeconds) {
        Optional<OffsetDateTime> at = inSeconds == 0
                ? Optional.empty()
                : Optional.of(OffsetDateTime.ofInstant(java.time.Instant.EPOCH, ZoneOffset.UTC).plusSeconds(inSeconds));
        return new FailoverRequest(Optional.of(leader).filter(name -> !name.isEmpty()),
                Optional.of(candidate).filter(name -> !name.isEmpty()), at, at.map(OffsetDateTime::toString), 7);
    }

    private static PeerAnswer preferred(String name) {
        return new PeerAnswer(name, true, true, Optional.of(new Lsn(1000)), OptionalInt.of(1),
                new Tags(Map.of("failover_priority", 3)), false, 0);
    }

    static PeerAnswer receiver(String name, long position) {
        return new PeerAnswer(name, true, true, Optional.of(new Lsn(position)), OptionalInt.of(1), Tags.NONE, false, 0,
                "replica", true);
    }

    private static Order.Restart restart(long id, Order.Conditions conditions) {
        return new Order.Restart(id, conditions, OptionalInt.empty(), NOW - SECOND);
    }

    private static Order.Scheduled scheduled(int inSeconds, Order.Conditions conditions) {
        return new Order.Scheduled(restart(8, conditions), java.time.Instant.EPOCH.plusSeconds(inSeconds),
                Map.of("schedule", "1970-01-01T00:00:00+00:00"), Optional.empty());
    }

    private static Memory diverged(Memory memory, Phase phase) {
        return memory.withDivergence(new Divergence(phase, "b", NOW - 2 * SECOND));
    }

    private static Member stopped(String name) {
        return member(name, "stopped", false);
    }

    private static Member checkpointPending(String name) {
        return member(name, "running", true);
    }

    private static Member member(String name, String state, boolean checkpointPending) {
        return new Member(name, Optional.of("http://127.0.0.1:1/patroni"),
                Optional.of("postgres://" + name + ":5432/postgres"), Optional.empty(), Optional.of(state),
                Optional.of("primary"), Optional.of("4.1.4"), Tags.NONE, Optional.of(new Lsn(1000)), Optional.empty(),
                Optional.empty(), Optional.empty(), OptionalInt.of(1), false, Map.of(), Map.of(), checkpointPending,
                false, false);
    }

    private static DynamicConfig config(DynamicConfig d, boolean standbyCluster, int startTimeout, int ttl) {
        return config(d, standbyCluster, startTimeout, ttl, false);
    }

    /** The default with some values changed; {@code strict}: data may be removed, timelines are checked, slots are off. */
    static DynamicConfig config(DynamicConfig d, boolean standbyCluster, int startTimeout, int ttl, boolean strict) {
        return new DynamicConfig(ttl, d.loopWaitSeconds(), d.retryTimeoutSeconds(), d.maximumLagOnFailoverBytes(),
                d.maximumLagOnSyncnodeBytes(), startTimeout, d.primaryStopTimeoutSeconds(),
                d.primaryRaceBackoffSeconds(), strict, d.pause(), d.failsafeMode(), d.sync(), d.maxTimelinesHistory(),
                d.memberSlotsTtlSeconds(),
                standbyCluster
                        ? Optional.of(new DynamicConfig.StandbyCluster(Optional.of("remote"), Optional.of("5433"),
                                Optional.empty(), List.of(), Optional.empty(), Optional.empty(), Optional.empty()))
                        : Optional.empty(),
                Map.of(), List.of(), !strict, d.usePgRewind(), strict, strict, Map.of(), Map.of());
    }
}
