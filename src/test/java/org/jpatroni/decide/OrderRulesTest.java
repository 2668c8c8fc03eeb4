package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.decide.World.NOW;
import static org.jpatroni.decide.World.SECOND;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jpatroni.decide.Memory.Rebuild;
import org.jpatroni.decide.Order.Conditions;
import org.jpatroni.decide.Order.Refusal;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.PostgresView.Postmaster;
import org.jpatroni.model.Tags;
import org.jpatroni.model.Upstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Orders of operators: when they are begun, and with which words they are refused. */
class OrderRulesTest {

    private static Order.Restart restart(Conditions conditions) {
        return new Order.Restart(7, conditions, OptionalInt.empty(), NOW - SECOND);
    }

    private static Order.Restart restart() {
        return restart(Conditions.NONE);
    }

    private static Order.Reinitialize reinitialize(boolean force, boolean fromLeader) {
        return new Order.Reinitialize(7, force, fromLeader);
    }

    private static String told(World world) {
        return world.decide().decision() instanceof Decision.RefuseOrder refusal
                ? refusal.refusal() + (refusal.detail().isEmpty() ? "" : ": " + refusal.detail())
                : world.decide().ruleId();
    }

    private static Action begun(World world) {
        assertThat(world.decide().decision()).isInstanceOf(Decision.Begin.class);
        return ((Decision.Begin) world.decide().decision()).action();
    }

    @Test
    void aPrimaryIsRestartedAsPrimaryWithinItsTime() {
        assertThat(begun(World.leader().ordered(restart())))
                .isEqualTo(new Action.Restart(7, PostgresRole.PRIMARY, Optional.empty(), true, 300));
        assertThat(begun(World.leader()
                .ordered(new Order.Restart(7, Conditions.NONE, OptionalInt.of(20), NOW))))
                .isEqualTo(new Action.Restart(7, PostgresRole.PRIMARY, Optional.empty(), true, 20));
        assertThat(begun(World.leader().dynamic(d -> FactSpace.config(d, false, 0, 30, false)).ordered(restart())))
                .as("primary_start_timeout 0 is for crashes")
                .isEqualTo(new Action.Restart(7, PostgresRole.PRIMARY, Optional.empty(), true, 60));
    }

    @Test
    void aReplicaIsRestartedAsReplica() {
        assertThat(begun(World.replica().ordered(restart()))).isInstanceOfSatisfying(Action.Restart.class,
                action -> assertThat(action.role()).isEqualTo(PostgresRole.REPLICA));
    }

    @ParameterizedTest
    @CsvSource(nullValues = "-", value = {
            "primary, -,      false, CONDITIONS: my role is replica",
            "replica, -,      false, order.restart",
            "-,       150018, false, CONDITIONS: my version is 150018",
            "-,       150019, false, order.restart",
            "-,       -,      true,  CONDITIONS: no parameter waits for a restart"})
    void conditionsOfARestart(String role, Integer versionBelow, boolean pending, String told) {
        World world = World.replica();
        int version = world.facts().postgres().replication().orElseThrow().serverVersion();
        OptionalInt below = versionBelow == null
                ? OptionalInt.empty()
                : OptionalInt.of(version + versionBelow - 150018);
        assertThat(told(world.ordered(restart(new Conditions(Optional.ofNullable(role), below, pending)))))
                .isEqualTo(told.replace("150018", Integer.toString(version)));
    }

    @Test
    void whatIsInTheWayIsTold() {
        Upstream b = new Upstream.OfMember(World.member("b", "primary"), Optional.empty());
        Action copy = new Action.CloneFrom(Optional.of(b));
        assertThat(told(World.empty().running(copy).ordered(restart()))).isEqualTo("BUSY: bootstrap from leader");
        assertThat(told(World.empty().running(copy).memory(m -> m.withRebuild(Rebuild.FROM_ANYBODY))
                .ordered(reinitialize(false, false)))).isEqualTo("BUSY: reinitialize");
        assertThat(told(World.empty().memory(m -> m.withRebuild(Rebuild.FROM_ANYBODY))
                .ordered(reinitialize(false, false)))).as("between two attempts").isEqualTo("BUSY: reinitialize");
        assertThat(told(World.empty().running(copy).memory(m -> m.withRebuild(Rebuild.FROM_ANYBODY))
                .ordered(reinitialize(true, false)))).isEqualTo("order.interrupt");
        assertThat(told(World.leader().running(new Action.Restart(3, PostgresRole.PRIMARY, Optional.empty(), true, 60))
                .ordered(restart()))).isEqualTo("BUSY: restart");
        assertThat(told(World.replica().running(new Action.Promote()).ordered(reinitialize(true, false))))
                .isEqualTo("BUSY: promote");
        assertThat(told(World.replica().running(new Action.CheckDivergence(b)).ordered(restart())))
                .as("short actions are waited for").isEqualTo("action.wait");
        assertThat(told(World.replica().running(new Action.Start(PostgresRole.REPLICA, Optional.of(b), 300))
                .ordered(reinitialize(false, false)))).as("a standby that does not get up")
                .isEqualTo("order.interrupt");
    }

    @Test
    void theStoreMustBeReadable() {
        assertThat(told(World.replica().storeDown().ordered(restart()))).isEqualTo("STORE_DOWN");
        assertThat(told(World.leader().storeDown().lease(NOW - 27 * SECOND, NOW + 3 * SECOND).ordered(restart())))
                .as("first the primary stops").isEqualTo("store-down.demote");
    }

    @Test
    void theLastCopyIsNotThrownAway() {
        assertThat(told(World.leader().ordered(reinitialize(true, false)))).isEqualTo("IS_LEADER");
        assertThat(told(World.replica().noLeader().ordered(reinitialize(true, false)))).isEqualTo("NO_LEADER");
        assertThat(told(World.replica().leaderKey("x", false).ordered(reinitialize(true, false))))
                .isEqualTo("LEADER_NOT_RUNNING: x");
    }

    @Test
    void aRebuildShowsItsStateAtOnceAndCopiesFromWhomItWasTold() {
        for (boolean fromLeader : new boolean[]{false, true}) {
            Member volunteer = new Member("c", Optional.empty(), Optional.of("postgres://c:5432/postgres"),
                    Optional.empty(), Optional.of("running"), Optional.of("replica"), Optional.empty(),
                    new Tags(Map.of("clonefrom", true)), Optional.empty(), Optional.empty(), Optional.empty(),
                    Optional.empty(), OptionalInt.empty(), false, Map.of(), Map.of(), false, false, false);
            World world = World.replica().members(World.member("a", "replica"), World.member("b", "primary"), volunteer)
                    .ordered(reinitialize(false, fromLeader));
            assertThat(begun(world)).isEqualTo(new Action.DiscardData(7));
            Memory memory = world.decide().memory();
            assertThat(new Situation(world.facts(), memory).shownState()).isEqualTo(PostgresState.CREATING_REPLICA);
            World empty = World.empty().members(World.member("a", "replica"), World.member("b", "primary"), volunteer)
                    .memory(m -> m.withRebuild(memory.rebuild()));
            assertThat(begun(empty)).isInstanceOfSatisfying(Action.CloneFrom.class, copy -> assertThat(
                    UpstreamRules.name(copy.source().orElseThrow())).isEqualTo(fromLeader ? "b" : "c"));
        }
    }

    @Test
    void aRebuiltReplicaIsStartedAlsoWhilePaused() {
        PerfectNode node = new PerfectNode(World.replica().paused().ordered(reinitialize(false, true)));
        for (int cycle = 0; cycle < 10; cycle++) {
            node.cycle();
        }
        assertThat(node.world.memory().rebuild()).isEqualTo(Rebuild.NONE);
        assertThat(node.world.facts().postgres().postmaster()).isInstanceOf(Postmaster.Up.class);
        assertThat(node.refusals).isEmpty();
    }

    @Test
    void aLeaderIsRestartedOnceAndLeads() {
        PerfectNode node = new PerfectNode(World.leader().ordered(restart()));
        for (int cycle = 0; cycle < 5; cycle++) {
            node.cycle();
        }
        assertThat(node.restarts).isEqualTo(1);
        assertThat(node.leader()).contains("a");
        assertThat(node.world.facts().role()).isEqualTo(PostgresRole.PRIMARY);
    }

    @Test
    void aSynchronousStandbyAsksNotToBeOneFirst() {
        World world = World.replica().synchronous("a").ordered(restart())
                .memory(m -> m.withPublished("running/replica", NOW - 20 * SECOND));
        assertThat(world.decide().decision()).isInstanceOfSatisfying(Decision.PublishMember.class,
                publish -> assertThat(publish.member().tags().nosync()).isTrue());
        assertThat(told(World.replica().synchronous("a").ordered(restart()))).isEqualTo("order.restart-synchronous");
        assertThat(told(World.replica().synchronous("c").ordered(restart()))).isEqualTo("order.restart");
        assertThat(told(World.replica().synchronous("a")
                .ordered(new Order.Restart(7, Conditions.NONE, OptionalInt.empty(), NOW - 30 * SECOND))))
                .as("nobody is waited for in vain").isEqualTo("order.restart");
    }

    @Test
    void aPrimaryWhoseRestartTakesTooLongIsReplaced() {
        Action.Restart late = new Action.Restart(7, PostgresRole.PRIMARY, Optional.empty(), true, 20);
        Memory memory = ActionFold.after(World.leader().memory(), late, new Action.Result.TimedOut(), NOW);
        World stopping = World.leader().postmaster(new Postmaster.Stopping(10)).memory(m -> memory);
        assertThat(begun(stopping)).isEqualTo(new Action.Demote(Action.Demote.Mode.OFFLINE));
        World starting = World.leader().postmaster(new Postmaster.Starting(10)).memory(m -> memory);
        assertThat(starting.decide().ruleId()).isEqualTo("recovery.start-too-long");
        World alone = World.leader().members(World.member("a", "primary")).postmaster(new Postmaster.Starting(10))
                .memory(m -> memory);
        assertThat(alone.decide().ruleId()).as("nobody else could lead").isEqualTo("recovery.starting");
    }

    private static Order.Scheduled scheduled(int inSeconds, Conditions conditions, Optional<Instant> started) {
        return new Order.Scheduled(restart(conditions), Instant.EPOCH.plusSeconds(inSeconds),
                Map.of("schedule", "then"), started);
    }

    @Test
    void aScheduledRestartIsBegunAtItsTimeOrDropped() {
        Optional<Instant> any = Optional.empty();
        Conditions onReplica = new Conditions(Optional.of("replica"), OptionalInt.empty(), false);
        assertThat(World.leader().scheduled(scheduled(5, Conditions.NONE, any)).decide().ruleId())
                .isEqualTo("leader.rest");
        assertThat(World.leader().scheduled(scheduled(0, Conditions.NONE, any)).decide().ruleId())
                .isEqualTo("order.restart-scheduled");
        assertThat(World.leader().paused().scheduled(scheduled(0, Conditions.NONE, any)).decide().ruleId())
                .isEqualTo("leader.rest");
        List.of(scheduled(-16, Conditions.NONE, any), scheduled(0, onReplica, any)).forEach(
                dropped -> assertThat(World.leader().scheduled(dropped).decide().decision())
                        .isEqualTo(new Decision.DropScheduledRestart(7)));
    }

    @Test
    void aScheduledRestartIsShownInTheMemberKey() {
        Order.Scheduled order = scheduled(5, Conditions.NONE,
                Optional.of(Instant.parse("2026-11-22T19:47:07.746982Z")));
        World world = World.replica().scheduled(order)
                .memory(m -> m.withPublished("running/replica", NOW - 20 * SECOND));
        assertThat(MemberRules.ownMember(new Situation(world.facts(), world.memory())).scheduledRestart())
                .isEqualTo(Map.of("schedule", "then", "postmaster_start_time", "2026-11-22 19:47:07.746982+00:00"));
    }

    @Test
    void aPreviewChangesNothing() {
        Situation leader = new Situation(World.leader().facts(), World.leader().memory());
        assertThat(HaRules.preview(leader, restart())).containsInstanceOf(Decision.Begin.class);
        assertThat(HaRules.preview(leader, reinitialize(false, false)))
                .contains(new Decision.RefuseOrder(7, Refusal.IS_LEADER, ""));
    }
}
