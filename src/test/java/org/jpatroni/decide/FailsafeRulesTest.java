package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.decide.FailsafeWorld.agreed;
import static org.jpatroni.decide.FailsafeWorld.on;
import static org.jpatroni.decide.FailsafeWorld.promisedTo;
import static org.jpatroni.decide.FailsafeWorld.stored;
import static org.jpatroni.decide.World.NOW;
import static org.jpatroni.decide.World.SECOND;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jpatroni.decide.Facts.LeaseView;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresView.SlotView;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Failsafe mode: a row for each situation of {@code docs/failsafe.md}. */
class FailsafeRulesTest {

    static Stream<Arguments> rows() {
        return Stream.of(primaryAsks(), primaryGoesOn(), members(), others()).flatMap(rows -> rows);
    }

    private static Stream<Arguments> primaryAsks() {
        return Stream.of(
                row("the store is down: all are asked", "failsafe.ask", leaderDown(), on("a", "b", "c")),
                row("the only member need not ask anybody, and agrees with itself", "failsafe.ask", leaderDown(),
                        on("a")),
                row("the mode is off", "store-down.hold", leaderDown(), stored("a", "b", "c")),
                row("nothing is stored yet", "store-down.hold", leaderDown(), on()),
                row("this node is not named", "store-down.hold", leaderDown(), on("b", "c")),
                row("somebody else led when the store was read last", "store-down.hold",
                        leaderDown().leaderKey("b", false), on("a", "b", "c")),
                row("paused: nothing is demoted, nobody need be asked", "store-down.paused", leaderDown().paused(),
                        on("a", "b")),
                row("the lease ends too soon for an answer", "store-down.demote",
                        leaderDown().lease(NOW - 26 * SECOND, NOW + 4 * SECOND), on("a", "b")),
                row("the lease is over", "store-down.demote",
                        leaderDown().lease(NOW - 31 * SECOND, NOW - SECOND), on("a", "b")),
                row("PostgreSQL is being stopped", "store-down.busy",
                        leaderDown().running(new Action.Demote(Action.Demote.Mode.GRACEFUL)), on("a", "b")),
                row("PostgreSQL is being started as a primary", "failsafe.ask",
                        leaderDown().running(new Action.Start(PostgresRole.PRIMARY, Optional.empty(), 300)),
                        on("a", "b")),
                row("the store answers and refuses to extend the lease", "failsafe.ask",
                        World.leader().lease(new LeaseView.Held(NOW - 8 * SECOND, NOW + 22 * SECOND, NOW + 1)),
                        on("a", "b")),
                row("the store extended the lease", "leader.rest", World.leader(), on("a", "b", "c")),
                row("a standby asks nobody", "store-down.wait", World.replica().storeDown(), on("a", "b", "c")));
    }

    private static Stream<Arguments> primaryGoesOn() {
        return Stream.of(
                row("all have agreed in this cycle", "failsafe.hold", leaderDown(), on("a", "b"),
                        w -> w.failsafe(agreed(NOW + 29 * SECOND, NOW + 1, Optional.empty()))),
                row("all agreed a moment ago, before this cycle", "failsafe.hold", leaderDown(), on("a", "b"),
                        w -> w.failsafe(agreed(NOW + 28 * SECOND, NOW - 2 * SECOND, Optional.empty()))),
                row("the last round is a cycle old", "failsafe.ask", leaderDown(), on("a", "b"),
                        w -> w.failsafe(agreed(NOW + 22 * SECOND, NOW - 8 * SECOND, Optional.empty()))),
                row("one does not answer: the promise holds", "failsafe.hold", leaderDown(), on("a", "b"),
                        w -> w.failsafe(agreed(NOW + 22 * SECOND, NOW + 1, Optional.of(NOW + 1)))),
                row("one does not answer for loop_wait", "failsafe.demote", longDown(), on("a", "b"),
                        w -> w.failsafe(agreed(NOW + 22 * SECOND, NOW + 1, Optional.of(NOW - 10 * SECOND)))),
                row("failures before the store's last confirmation are forgotten", "failsafe.hold", leaderDown(),
                        on("a", "b"),
                        w -> w.failsafe(agreed(NOW + 22 * SECOND, NOW + 1, Optional.of(NOW - 100 * SECOND)))),
                row("stopped for want of agreement: back as a standby at once", "store-down.start-standby",
                        leaderDown().stopped("shut down", false).role(PostgresRole.DEMOTED), on("a", "b"),
                        w -> w.failsafe(agreed(NOW + 12 * SECOND, NOW + 1, Optional.of(NOW - 10 * SECOND)))),
                row("the promise itself ends", "store-down.demote",
                        longDown().lease(NOW - 100 * SECOND, NOW + 4 * SECOND), on("a", "b"),
                        w -> w.failsafe(agreed(NOW + 4 * SECOND, NOW + 1, Optional.of(NOW + 1)))),
                row("the store is back, and the key is gone", "lease.reacquire",
                        longDown().storeUp().noLeader(), on("a", "b"),
                        w -> w.failsafe(agreed(NOW + 22 * SECOND, NOW - 8 * SECOND, Optional.empty()))),
                row("the store is read and refuses every change, the key is gone", "failsafe.hold",
                        longDown().storeUp().noLeader()
                                .lease(new LeaseView.Held(NOW - 100 * SECOND, NOW + 29 * SECOND, NOW + 1)),
                        on("a", "b"),
                        w -> w.failsafe(agreed(NOW + 29 * SECOND, NOW + 1, Optional.empty()))),
                row("the store is back, and somebody else leads", "primary.not-leader",
                        longDown().storeUp().leaderKey("b", false), on("a", "b"),
                        w -> w.failsafe(agreed(NOW + 22 * SECOND, NOW - 8 * SECOND, Optional.empty()))));
    }

    private static Stream<Arguments> members() {
        return Stream.of(
                row("the mode was turned on", "leader.failsafe", World.leader(), on()),
                row("a member is new", "leader.failsafe", World.leader(), on("a", "b")),
                row("a member is gone", "leader.failsafe", World.leader(), on("a", "b", "c", "d")),
                row("the mode was turned off", "leader.failsafe", World.leader(), stored("a", "b", "c")),
                row("as they are", "leader.rest", World.leader(), on("a", "b", "c")),
                row("a standby writes nothing", "follower.rest", World.replica(), on()));
    }

    private static Stream<Arguments> others() {
        return Stream.of(
                row("no leader in the store, promised to b", "failsafe.stand-back", World.replica().noLeader(),
                        on("a", "b"), w -> w.failsafe(promisedTo("b"))),
                row("the promise holds although the mode is off by now", "failsafe.stand-back",
                        World.replica().noLeader(), stored(), w -> w.failsafe(promisedTo("b"))),
                row("a move by hand to me waits too", "failsafe.stand-back",
                        World.replica().noLeader().failover(FactSpace.move("", "a", 0)), on("a", "b"),
                        w -> w.failsafe(promisedTo("b"))),
                row("promised to b, and c leads by now", "follower.follow", World.replica().leaderKey("c", false),
                        on("a", "b", "c"), w -> w.failsafe(promisedTo("b"))),
                row("promised, and the store is down here too", "store-down.wait", World.replica().storeDown(),
                        on("a", "b"), w -> w.failsafe(promisedTo("b"))),
                row("slots advance to what b told", "failsafe.slots", slotBehind(World.replica().storeDown()),
                        on("a", "b"),
                        w -> w.failsafe(promisedTo("b"))),
                row("not named: no race", "failsafe.not-a-member", World.replica().noLeader(), on("b", "c")),
                row("nobody is named: as without the mode", "race.await-last-record", World.replica().noLeader(),
                        on()),
                row("named", "race.await-last-record", World.replica().noLeader(), on("a", "b")));
    }

    private static World leaderDown() {
        return World.leader().storeDown().lease(NOW - 8 * SECOND, NOW + 22 * SECOND);
    }

    /** The store was not there for so long that its own lease is over; what was agreed on holds. */
    private static World longDown() {
        return World.leader().storeDown().lease(NOW - 100 * SECOND, NOW + 22 * SECOND);
    }

    /** The slot of member c is far behind. */
    private static World slotBehind(World world) {
        world.facts().postgres().replication().ifPresent(up -> world.up(Replications.withSlots(up,
                new TreeMap<>(Map.of("c", new SlotView(true, false, Optional.of(new Lsn(100))))))));
        return world.memory(m -> m.withSlots(Replications.slotsSyncedAt(m, NOW - 20 * SECOND).slots()
                .withSeen(new TreeMap<>(Map.of("b", NOW, "c", NOW)))));
    }

    @SafeVarargs
    private static Arguments row(String name, String rule, World world, Consumer<World>... changes) {
        for (Consumer<World> change : changes) {
            change.accept(world);
        }
        return Arguments.of(name, rule, world);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("rows")
    void decides(String name, String rule, World world) {
        assertThat(world.decide().ruleId()).as(name).isEqualTo(rule);
    }

    @Test
    void asksAllButItselfAndWhatMayBeStored() {
        World world = leaderDown();
        on("a", "b").accept(world);
        world.memory(m -> m.withFailsafe(new Failsafe.Remembered(new TreeMap<>(Map.of("c", "http://c/patroni")))));
        Decision.AskFailsafe ask = (Decision.AskFailsafe) world.decide().decision();
        assertThat(ask.members()).containsOnlyKeys("b", "c");
        assertThat(ask.ping().name()).isEqualTo("a");
        assertThat(ask.ping().ttlSeconds()).isEqualTo(30);
        assertThat(ask.ping().slots().orElseThrow()).containsEntry("a", new Lsn(1000));
        assertThat(ask.limit()).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void anAnswerIsWaitedForOnlyUntilTheStop() {
        World world = World.leader().storeDown().lease(NOW - 24 * SECOND, NOW + 6 * SECOND);
        on("a", "b").accept(world);
        Decision.AskFailsafe ask = (Decision.AskFailsafe) world.decide().decision();
        assertThat(ask.limit()).isEqualTo(Duration.ofSeconds(1).minusNanos(2));
    }

    @Test
    void whatWasTriedToStoreIsRememberedUntilItIsSeen() {
        World world = World.leader();
        on("a", "b", "d").accept(world);
        Verdict write = world.decide();
        assertThat(write.memory().failsafe().attempted()).containsOnlyKeys("a", "b", "c");
        assertThat(((Decision.WriteFailsafe) write.decision()).members()).containsOnlyKeys("a", "b", "c");
        world.memory(m -> write.memory());
        stored("a", "b", "c").accept(world);
        assertThat(world.decide().memory().failsafe()).isEqualTo(Failsafe.Remembered.NOTHING);
    }

    @Test
    void modeOffDeletesTheKey() {
        World world = World.leader();
        stored("a", "b").accept(world);
        assertThat(((Decision.WriteFailsafe) world.decide().decision()).members()).isEmpty();
    }

    /** The rest ends before the stop must begin, and a failed round is repeated soon. */
    @Test
    void restsNoLongerThanThePromise() {
        World world = longDown().lease(NOW - 100 * SECOND, NOW + 7 * SECOND);
        on("a", "b").accept(world);
        world.failsafe(agreed(NOW + 7 * SECOND, NOW + 1, Optional.empty()));
        assertThat(((Decision.Rest) world.decide().decision()).limit()).isEqualTo(Duration.ofSeconds(2).minusNanos(2));
        world.lease(NOW - 100 * SECOND, NOW + 22 * SECOND)
                .failsafe(agreed(NOW + 22 * SECOND, NOW + 1, Optional.of(NOW + 1)));
        assertThat(((Decision.Rest) world.decide().decision()).limit()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void theRaceAsksThoseWhoseMemberKeysAreGone() {
        World world = World.replica().noLeader().members(World.member("a", "replica"))
                .memory(m -> m.withDeferringSince(Optional.of(NOW - SECOND)));
        on("a", "b", "c").accept(world);
        assertThat(((Decision.AskPeers) world.decide().decision()).members()).extracting(member -> member.name())
                .containsExactly("b", "c");
    }

    @Test
    void positionsOfALeaderWithoutStoreCountOnlyWhileItHasNone() {
        World world = World.replica().storeDown().failsafe(promisedTo("b"));
        assertThat(new Situation(world.facts(), world.memory()).leaderSlots()).containsOnlyKeys("c");
        world.storeUp();
        assertThat(new Situation(world.facts(), world.memory()).leaderSlots()).isEmpty();
    }
}
