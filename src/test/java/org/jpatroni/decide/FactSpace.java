package org.jpatroni.decide;

import static org.jpatroni.decide.World.NOW;
import static org.jpatroni.decide.World.SECOND;

import java.math.BigInteger;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
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
 * axes completely (as many as their product fits into the number of samples) and spreads the others evenly.
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
                    value("primary", w -> w.up(World.primaryReplication(1000, 1))),
                    value("primary on timeline 3", w -> w.up(World.primaryReplication(1000, 3))),
                    value("streams from b", w -> w.standbyAt(1000, "b", "streaming")),
                    value("streams far ahead from b", w -> w.standbyAt(90_000_000, "b", "streaming")),
                    value("follows b, no stream", w -> w.standbyAt(1000, "b", "")),
                    value("follows nobody", w -> w.standbyAt(1000, "", "")),
                    value("follows c", w -> w.standbyAt(1000, "c", "streaming")),
                    value("starting", w -> w.postmaster(new Postmaster.Starting(10))),
                    value("stopping", w -> w.postmaster(new Postmaster.Stopping(10))),
                    value("unresponsive", w -> w.postmaster(new Postmaster.Unresponsive(10, "late")))),
            axis("lease", value("none", World::noLease),
                    value("fresh", w -> w.lease(NOW, NOW + 30 * SECOND)),
                    value("due", w -> w.lease(NOW - 6 * SECOND, NOW + 24 * SECOND)),
                    value("within stop budget", w -> w.lease(NOW - 27 * SECOND, NOW + 3 * SECOND)),
                    value("over", w -> w.lease(NOW - 31 * SECOND, NOW - SECOND)),
                    value("refused in this cycle", World::leaseAttempted),
                    value("not confirmed in this cycle",
                            w -> w.lease(new LeaseView.Held(NOW - 6 * SECOND, NOW + 24 * SECOND, NOW + 1)))),
            axis("leader", value("none", World::noLeader), value("b", w -> w.leaderKey("b", false)),
                    value("me", w -> w.leaderKey("a", true)),
                    value("me, earlier session", w -> w.leaderKey("a", false)),
                    value("unknown member", w -> w.leaderKey("x", false))),
            axis("pause", value("no", w -> w), value("yes", World::paused)),
            axis("store", value("seen", World::storeUp), value("down", World::storeDown),
                    value("never seen", w -> w.storeDown().neverSeen())),
            axis("running", running()),
            axis("request", value("none", w -> w), value("shutdown", World::shutdown)),
            axis("initialize", value("mine", w -> w), value("absent", w -> w.initialize(Optional.empty())),
                    value("claimed", w -> w.initialize(Optional.of(""))),
                    value("other", w -> w.initialize(Optional.of("2")))),
            axis("bootstrap", value("none", w -> w),
                    value("claimed", w -> w.memory(m -> m.withBootstrap(Bootstrap.CLAIMED))),
                    value("failed", w -> w.memory(m -> m.withBootstrap(Bootstrap.FAILED)))),
            axis("failover", value("none", w -> w), value("to me", w -> w.failover(move("", "a", 0))),
                    value("to c", w -> w.failover(move("", "c", 0))),
                    value("from me", w -> w.failover(move("a", "", 0))),
                    value("from me to c", w -> w.failover(move("a", "c", 0))),
                    value("from b to c", w -> w.failover(move("b", "c", 0))),
                    value("from me later", w -> w.failover(move("a", "c", 3600)))),
            axis("peers", value("not asked", w -> w.peersAsked(NOW - 20 * SECOND, World.peer("c", 1000))),
                    value("equal", w -> w.peers(World.peer("b", 1000), World.peer("c", 1000))),
                    value("ahead", w -> w.peers(World.peer("b", 800), World.peer("c", 2000))),
                    value("primary", w -> w.peers(World.primaryPeer("b", 3), World.peer("c", 1000))),
                    value("silent", w -> w.peers(PeerAnswer.unreachable("b"), PeerAnswer.unreachable("c"))),
                    value("preferred", w -> w.peers(preferred("c")))),
            axis("divergence", value("unasked", w -> w), value("unknown", w -> w.memory(m -> diverged(m, Phase.UNKNOWN))),
                    value("follows", w -> w.memory(m -> diverged(m, Phase.FOLLOWS))),
                    value("diverged", w -> w.memory(m -> diverged(m, Phase.DIVERGED)))),
            axis("failures", value("none", w -> w), value("start", w -> w.memory(m -> m.withStartFailures(1))),
                    value("three starts", w -> w.memory(m -> m.withStartFailures(3))),
                    value("rewinds", w -> w.memory(m -> m.withRewindFailures(3))),
                    value("a moment ago", w -> w.memory(m -> m.withStartFailures(1).withActionNotBefore(NOW + SECOND)))),
            axis("given up", value("no", w -> w),
                    value("just now", w -> w.memory(m -> m.withGaveUpLeadership(Optional.of(NOW + 5 * SECOND)))),
                    value("before", w -> w.memory(m -> m.withGaveUpLeadership(Optional.of(NOW - 5 * SECOND)))),
                    value("deferring for long",
                            w -> w.memory(m -> m.withDeferringSince(Optional.of(NOW - 100 * SECOND))))),
            axis("members", value("running", w -> w), value("only me", w -> w.members(World.member("a", "replica"))),
                    value("b stopped", w -> w.members(World.member("a", "replica"), stopped("b"),
                            World.member("c", "replica"))),
                    value("b is still a replica", w -> w.members(World.member("a", "replica"),
                            World.member("b", "replica"), World.member("c", "replica"))),
                    value("b has its checkpoint pending",
                            w -> w.members(World.member("a", "replica"), checkpointPending("b")))),
            axis("tags", value("none", w -> w), value("nofailover", w -> w.tags(Map.of("nofailover", true))),
                    value("preferred", w -> w.tags(Map.of("failover_priority", 2))),
                    value("cascade", w -> w.tags(Map.of("replicatefrom", "c"))),
                    value("nostream", w -> w.tags(Map.of("nostream", true)))),
            axis("config", value("default", w -> w), value("standby cluster", w -> w.dynamic(d -> config(d, true, 300, 30))),
                    value("no start timeout", w -> w.dynamic(d -> config(d, false, 0, 30))),
                    value("removes data, checks timelines", w -> w.dynamic(d -> config(d, false, 300, 30, true))),
                    value("ttl 60", w -> w.dynamic(d -> config(d, false, 300, 60)))),
            axis("rewind", value("possible", w -> w), value("impossible", World::cannotRewind)),
            axis("role", value("replica", w -> w.role(PostgresRole.REPLICA)),
                    value("primary", w -> w.role(PostgresRole.PRIMARY)),
                    value("demoted", w -> w.role(PostgresRole.DEMOTED)),
                    value("standby leader", w -> w.role(PostgresRole.STANDBY_LEADER))),
            axis("state", value("running", w -> w.state(PostgresState.RUNNING)),
                    value("stopped", w -> w.state(PostgresState.STOPPED))),
            axis("crashed", value("no", w -> w),
                    value("long ago", w -> w.memory(m -> m.withCrashedAt(Optional.of(NOW - 400 * SECOND))))),
            axis("history", value("short", w -> w), value("three timelines", w -> w.history(3))),
            axis("stored config", value("there", w -> w), value("absent", World::noConfig)),
            axis("handover", value("no", w -> w), value("ready", w -> w.handover(1000))),
            axis("published", value("running", w -> w.memory(m -> m.withPublished("running/replica", NOW))),
                    value("as primary", w -> w.memory(m -> m.withPublished("running/primary", NOW))),
                    value("before", w -> w.memory(m -> m.withPublished("running/replica", NOW - 20 * SECOND)))),
            axis("slots", value("seen to", w -> w),
                    value("not yet", w -> w.memory(m -> m.withSlots(new TreeMap<>(), NOW - 20 * SECOND)))),
            axis("position", value("near", w -> w), value("leader was far ahead", w -> w.snapshot(
                    s -> new org.jpatroni.model.ClusterSnapshot(s.initialize(), s.config(), s.leader(),
                            new StoredStatus(new Lsn(50_000_000), new TreeMap<>(), List.of()), s.members(),
                            s.failover(), s.sync(), s.history(), s.failsafe())))),
            axis("allowed", value("bootstrap", w -> w), value("nothing", w -> w.allowed(false, false)),
                    value("clone without leader", w -> w.allowed(true, true))));

    static final BigInteger SIZE = AXES.stream().map(axis -> BigInteger.valueOf(axis.values().size()))
            .reduce(BigInteger.ONE, BigInteger::multiply);
    private static final BigInteger STRIDE = stride();

    private FactSpace() {
    }

    record Value(String name, UnaryOperator<World> change) {
    }

    record Axis(String name, List<Value> values) {
    }

    /** One point of the space. */
    record Point(World world, List<Value> values) {

        /** What is not the first value of its axis. */
        String description() {
            List<String> words = new ArrayList<>();
            for (int i = 0; i < AXES.size(); i++) {
                if (!values.get(i).equals(AXES.get(i).values().getFirst())) {
                    words.add(AXES.get(i).name() + "=" + values.get(i).name());
                }
            }
            return String.join(", ", words);
        }
    }

    static Point sample(long number) {
        BigInteger index = STRIDE.multiply(BigInteger.valueOf(number)).mod(SIZE);
        World world = World.replica();
        List<Value> values = new ArrayList<>(AXES.size());
        for (Axis axis : AXES) {
            BigInteger[] parts = index.divideAndRemainder(BigInteger.valueOf(axis.values().size()));
            Value value = axis.values().get(parts[1].intValue());
            values.add(value);
            index = parts[0];
        }
        for (Value value : values) {
            world = value.change().apply(world);
        }
        return new Point(world, values);
    }

    private static BigInteger stride() {
        BigInteger stride = SIZE.multiply(BigInteger.valueOf(618_033_989)).divide(BigInteger.valueOf(1_000_000_000));
        while (!stride.gcd(SIZE).equals(BigInteger.ONE)) {
            stride = stride.add(BigInteger.ONE);
        }
        return stride;
    }

    private static Value value(String name, UnaryOperator<World> change) {
        return new Value(name, change);
    }

    private static Axis axis(String name, Value... values) {
        return new Axis(name, List.of(values));
    }

    private static Value[] running() {
        Upstream b = new Upstream.OfMember(World.member("b", "primary"), Optional.empty());
        List<Action> actions = List.of(new Action.Start(PostgresRole.PRIMARY, Optional.empty(), 300),
                new Action.Start(PostgresRole.REPLICA, Optional.of(b), 300), new Action.Promote(),
                new Action.Demote(Action.Demote.Mode.GRACEFUL), new Action.Demote(Action.Demote.Mode.NOT_LEADER),
                new Action.Follow(PostgresRole.REPLICA, b), new Action.CheckDivergence(b), new Action.Rewind(b),
                new Action.DiscardData(), new Action.CloneFrom(Optional.of(b)), new Action.Bootstrap(),
                new Action.Shutdown(true));
        List<Value> values = new ArrayList<>();
        values.add(value("nothing", w -> w));
        actions.forEach(action -> values.add(value(ActionRules.name(action), w -> w.running(action))));
        values.add(value("cancelled start", w -> w.running(
                Optional.of(new Facts.Running(actions.getFirst(), true, NOW)))));
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
