package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.decide.World.NOW;
import static org.jpatroni.decide.World.SECOND;

import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jpatroni.decide.Memory.Divergence;
import org.jpatroni.decide.Memory.Phase;
import org.jpatroni.model.ControlData;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.PostgresView.Data;
import org.jpatroni.model.PostgresView.Postmaster;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Maintenance mode: a row for each situation of {@code docs/pause.md}. */
class PauseRulesTest {

    static Stream<Arguments> rows() {
        return Stream.of(leader(), handWork(), stopped(), moves(), storeAndAgent(), data()).flatMap(rows -> rows);
    }

    private static Stream<Arguments> leader() {
        return Stream.of(
                row("the leader keeps its lease", World.leader().paused().lease(NOW - 6 * SECOND, NOW + 24 * SECOND),
                        "lease.renew"),
                row("the leader's key was deleted", World.leader().noLeader()
                        .lease(NOW - SECOND, NOW + 29 * SECOND).paused(), "lease.reacquire"),
                row("the lease ends and the store refuses to extend it",
                        World.leader().paused().lease(
                                new Facts.LeaseView.Held(NOW - 27 * SECOND, NOW + 3 * SECOND, NOW + 1)),
                        "leader.rest"),
                row("the leader is in recovery: the key is given up", World.leader().standbyAt(1000, "", "").paused(),
                        "leader.paused-standby"),
                row("the leader is in recovery, a scheduled move names it",
                        World.leader().standbyAt(1000, "", "").paused().failover(scheduled("", "a")),
                        "leader.paused-standby"),
                row("the cluster becomes a standby cluster",
                        World.leader().paused().dynamic(d -> FactSpace.config(d, true, 300, 30, false)
                                .withPause(true)),
                        "leader.rest"));
    }

    private static Stream<Arguments> handWork() {
        return Stream.of(
                row("promoted by hand while another leads: the role is shown",
                        World.replica().primary(1000).role(PostgresRole.REPLICA).paused(), "primary.paused"),
                row("promoted by hand, nobody leads", World.replica().noLeader().primary(1000).paused(),
                        "primary.paused"),
                row("promoted by hand, nobody leads, an older primary runs",
                        World.replica().noLeader().primary(1000).peers(World.primaryPeer("b", 3)).paused(),
                        "primary.paused"),
                row("primary on an old timeline, nobody leads",
                        World.replica().noLeader().primary(1000).history(3).paused(), "primary.paused"),
                row("started by hand as a standby, nobody leads, shown as a primary",
                        World.replica().noLeader().standbyAt(1000, "", "").role(PostgresRole.PRIMARY).paused(),
                        "race.paused"),
                row("started by hand as a standby while another leads",
                        World.replica().standbyAt(1000, "c", "streaming").paused(), "follower.follow"),
                row("started by hand as a primary, not ready yet",
                        World.replica().data(World.present("in production", false)).role(PostgresRole.PRIMARY)
                                .postmaster(new Postmaster.Starting(10)).paused(),
                        "action.publish", "recovery.starting"),
                row("a standby that has left the leader's history is rewound, as before",
                        World.replica().standbyAt(1000, "b", "").paused()
                                .memory(m -> m.withDivergence(new Divergence(Phase.DIVERGED, "b", NOW))),
                        "follower.heal"),
                row("resumed: two primaries, another leads", World.replica().primary(1000), "primary.not-leader"),
                row("resumed: an older primary, nobody leads", World.replica().noLeader().primary(1000).history(3),
                        "primary.timeline-behind"));
    }

    private static Stream<Arguments> stopped() {
        return Stream.of(
                row("stopped by hand, leader: the key is given up",
                        World.leader().stopped("shut down", false).paused(), "recovery.paused"),
                row("stopped by hand, standby", World.replica().stopped("shut down in recovery", true).paused(),
                        "recovery.paused"),
                row("stopped by hand, and the agent was started anew: a former primary stays down",
                        World.replica().noLeader().stopped("shut down", false).role(PostgresRole.DEMOTED).paused(),
                        "recovery.paused"),
                row("stopped by the agent for a requested move: it comes back",
                        World.replica().stopped("shut down", false).role(PostgresRole.DEMOTED).paused()
                                .memory(m -> m.withOwesStart(true)),
                        "recovery.start-standby"),
                row("stopped by the agent, and the start fails again and again",
                        World.replica().stopped("shut down", false).role(PostgresRole.REPLICA).paused()
                                .memory(m -> m.withOwesStart(true).withStartFailures(3)),
                        "recovery.paused"),
                row("stopped by the agent, and its history has left the leader's",
                        World.replica().stopped("shut down", false).paused()
                                .memory(m -> m.withOwesStart(true).withStartFailures(1)
                                        .withDivergence(new Divergence(Phase.DIVERGED, "b", NOW))),
                        "recovery.rewind"),
                row("no data: nothing is copied", World.empty().paused(), "bootstrap.paused"),
                row("no data, nobody leads", World.empty().noLeader().paused(), "bootstrap.paused"),
                row("no data, no cluster but a configuration",
                        World.empty().noLeader().initialize(Optional.empty()).paused(), "bootstrap.paused"),
                row("a new cluster whose first configuration says pause",
                        World.empty().noLeader().initialize(Optional.empty()).noConfig().paused(), "bootstrap.claim"),
                row("no data, reinitialized",
                        World.empty().paused().memory(m -> m.withRebuild(Memory.Rebuild.FROM_ANYBODY)
                                .withPublished("creating replica/uninitialized", NOW)),
                        "bootstrap.clone"),
                row("the leader has lost its data",
                        World.empty().leaderKey("a", true).lease(NOW, NOW + 30 * SECOND).paused(),
                        "bootstrap.leader-without-data"));
    }

    private static Stream<Arguments> moves() {
        World stepsDown = World.leader().failover(move("a", "c")).peers(World.peer("c", 1000)).paused();
        return Stream.of(
                row("switchover to a candidate", stepsDown, "switchover.step-down"),
                row("switchover without candidate", World.leader().failover(move("a", "")).paused(),
                        "switchover.needs-candidate"),
                row("scheduled switchover", World.leader().failover(scheduled("a", "c")).paused(), "leader.rest"),
                row("no leader, I am the candidate",
                        World.replica().noLeader().standbyAt(1000, "b", "").paused().failover(move("", "a"))
                                .peers(World.peer("c", 1000)),
                        "race.acquire"),
                row("no leader, I am the candidate, and another has more",
                        World.replica().noLeader().standbyAt(1000, "b", "").paused().failover(move("", "a"))
                                .peers(World.peer("c", 5000)),
                        "race.acquire"),
                row("no leader, I am the candidate, and must not lead",
                        World.replica().noLeader().standbyAt(1000, "b", "").paused().failover(move("", "a"))
                                .tags(Map.of("nofailover", true)),
                        "race.not-allowed"),
                row("no leader, I am the candidate of a scheduled move",
                        World.replica().noLeader().standbyAt(1000, "b", "").paused().failover(scheduled("b", "a")),
                        "race.paused"),
                row("no leader, another is the candidate and does not answer",
                        World.replica().noLeader().standbyAt(1000, "b", "").paused().failover(move("", "c")).peers(),
                        "race.paused"),
                row("candidate with the lease: promoted",
                        World.leader().standbyAt(1000, "", "").paused().failover(move("", "a")), "leader.promote"),
                row("a primary without the lease and a candidate: the lease first, then an orderly move",
                        World.replica().noLeader().primary(1000).paused().failover(move("", "c")), "primary.paused"));
    }

    private static Stream<Arguments> storeAndAgent() {
        return Stream.of(
                row("store down, lease over", World.leader().storeDown().noLease().paused(), "store-down.paused"),
                row("store down, stopped", World.replica().storeDown().stopped("shut down in recovery", true).paused(),
                        "store-down.paused"),
                row("the store is back, another has the key", World.replica().primary(1000).paused(),
                        "primary.paused"),
                row("agent started anew, its key is there", World.leader().noLease().paused(), "lease.adopt"),
                row("agent started anew, its key has expired", World.leader().noLeader().noLease().paused(),
                        "primary.paused"),
                row("agent ends", World.leader().shutdown().paused(), "shutdown.paused"),
                row("agent ends, PostgreSQL is stopped", World.replica().stopped("shut down", true).shutdown().paused()
                        .memory(m -> m.withPublished("stopped/replica", NOW)), "shutdown.halt"),
                row("store down while a primary starts, lease over",
                        World.leader().stopped("in production", false).noLease().storeDown().paused()
                                .running(new Action.Start(PostgresRole.PRIMARY, Optional.empty(), 300)),
                        "store-down.paused"));
    }

    private static Stream<Arguments> data() {
        Data foreign = new Data.Present(new ControlData("1", 1, "in production", new Lsn(900)), false, 15);
        return Stream.of(
                row("another system identifier", World.replica().data(foreign).paused(),
                        "bootstrap.foreign-data-paused"),
                row("another system identifier, leader: the key is given up", World.leader().data(foreign).paused(),
                        "bootstrap.foreign-data-paused"),
                row("resumed: another system identifier", World.replica().data(foreign),
                        "bootstrap.system-id-mismatch"),
                row("initialize is missing: the leader writes it",
                        World.leader().initialize(Optional.empty()).paused(), "leader.initialize"),
                row("config is missing: the leader writes it", World.leader().noConfig().paused(), "leader.config"),
                row("promoted by hand: the history is written", World.leader().primary(1000, 2).paused(),
                        "leader.history"));
    }

    private static FailoverRequest move(String leader, String candidate) {
        return FactSpace.move(leader, candidate, 0);
    }

    private static FailoverRequest scheduled(String leader, String candidate) {
        FailoverRequest move = move(leader, candidate);
        return new FailoverRequest(move.leader(), move.candidate(),
                Optional.of(OffsetDateTime.of(1969, 12, 31, 23, 59, 59, 0, ZoneOffset.UTC)), Optional.empty(), 7);
    }

    private static Arguments row(String situation, World world, String... ruleIds) {
        return Arguments.of(situation, world, ruleIds[ruleIds.length - 1]);
    }

    @ParameterizedTest(name = "{0}: {2}")
    @MethodSource("rows")
    void ruleOfTheSituation(String situation, World world, String ruleId) {
        assertThat(world.decide().ruleId()).as(situation).isEqualTo(ruleId);
    }

    @Test
    void aPromotionByHandIsShownAndWarnedOf() {
        World world = World.replica().primary(1000).role(PostgresRole.REPLICA).paused();
        assertThat(world.decide().decision()).isEqualTo(new Decision.ShowRole(PostgresRole.PRIMARY));
        Verdict next = world.role(PostgresRole.PRIMARY).memory(m -> m.withPublished("running/primary", NOW)).decide();
        assertThat(next.decision()).isInstanceOf(Decision.Rest.class);
        assertThat(next.reason().sentence().weight()).isEqualTo(Reason.Weight.WARNING);
        assertThat(next.reason().text()).contains("continue to run as primary without lock").contains("b");
    }

    @Test
    void aStandbyStartedByHandIsShownAsOne() {
        World world = World.replica().noLeader().standbyAt(1000, "", "").role(PostgresRole.PRIMARY).paused();
        assertThat(world.decide().decision()).isEqualTo(new Decision.ShowRole(PostgresRole.REPLICA));
    }

    @Test
    void whatWasKilledIsShownAsStopped() {
        World world = World.replica().stopped("in archive recovery", true).state(PostgresState.CRASHED).paused()
                .memory(m -> m.withPublished("running/replica", NOW - 20 * SECOND));
        assertThat(world.decide().decision()).isInstanceOfSatisfying(Decision.PublishMember.class, publish -> {
            Member shown = publish.member();
            assertThat(shown.state()).contains("stopped");
            assertThat(shown.paused()).isTrue();
        });
    }

    @Test
    void theMemberKeySaysPauseAtOnce() {
        assertThat(MemberRules.ownMember(new Situation(World.leader().paused().facts(), World.leader().memory()))
                .paused()).isTrue();
        assertThat(MemberRules.ownMember(new Situation(World.leader().facts(), World.leader().memory())).paused())
                .isFalse();
    }

    @Test
    void dataIsNotThrownAwayOnItsOwn() {
        World forked = World.replica().stopped("shut down in recovery", true)
                .dynamic(d -> FactSpace.config(d, false, 300, 30, true))
                .memory(m -> m.withOwesStart(true).withStartFailures(1)
                        .withDivergence(new Divergence(Phase.FORKED, "b", NOW)));
        assertThat(forked.decide().decision()).isEqualTo(new Decision.Begin(new Action.DiscardData()));
        assertThat(forked.paused().memory(m -> m.withPublished("stopped/replica", NOW)).decide().decision())
                .isInstanceOf(Decision.Rest.class);
    }

    @Test
    void aStopOfItsOwnIsRemembered() {
        Memory fresh = Memory.fresh(NOW);
        Action demote = new Action.Demote(Action.Demote.Mode.GRACEFUL);
        Memory stopped = ActionFold.after(fresh, demote, new Action.Result.Done(), NOW);
        assertThat(stopped.owesStart()).isTrue();
        Action start = new Action.Start(PostgresRole.REPLICA, Optional.empty(), 300);
        assertThat(ActionFold.after(stopped, start, new Action.Result.Failed("no"), NOW).owesStart()).isTrue();
        assertThat(ActionFold.after(stopped, start, new Action.Result.Done(), NOW).owesStart()).isFalse();
        assertThat(ActionFold.after(fresh, new Action.CloneFrom(Optional.empty()), new Action.Result.Done(), NOW)
                .owesStart()).isTrue();
    }
}
