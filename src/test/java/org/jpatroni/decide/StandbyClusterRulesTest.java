package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.decide.World.NOW;
import static org.jpatroni.decide.World.SECOND;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jpatroni.decide.Memory.Divergence;
import org.jpatroni.decide.Memory.Phase;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.DynamicConfig.StandbyCluster;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.Upstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Members of a cluster that follows a server outside of it. */
class StandbyClusterRulesTest {

    private static final Upstream.Remote REMOTE = new Upstream.Remote("remote", "5433", Optional.empty());

    private static World standbyLeader() {
        return World.leader().up(Replications.followingRemote(REMOTE)).role(PostgresRole.STANDBY_LEADER)
                .memory(m -> m.withPublished("running/standby_leader", NOW)).dynamic(StandbyClusterRulesTest::remote);
    }

    private static World seeking() {
        return standbyLeader().up(Replications.seekingRemote(REMOTE));
    }

    private static World replica() {
        return World.replica().members(World.member("b", "standby_leader")).dynamic(StandbyClusterRulesTest::remote);
    }

    private static DynamicConfig remote(DynamicConfig d) {
        return FactSpace.config(d, true, 300, 30, false);
    }

    private static Divergence known(Phase phase, long secondsAgo) {
        return new Divergence(phase, "remote:5433", NOW - secondsAgo * SECOND);
    }

    static Stream<Arguments> situations() {
        return Stream.of(
                row("standby leader, everything in order", standbyLeader(), "leader.rest"),
                row("the cluster has just become a standby cluster", World.leader()
                        .dynamic(StandbyClusterRulesTest::remote), "standby-leader.demote-cluster"),
                row("the same, paused", World.leader().dynamic(StandbyClusterRulesTest::remote).paused(),
                        "leader.rest"),
                row("stopped to become the standby leader: it is started again, the key stays", World.leader()
                        .stopped("shut down", false).role(PostgresRole.DEMOTED)
                        .dynamic(StandbyClusterRulesTest::remote), "recovery.start-standby"),
                row("stopped for a switchover: the key goes", standbyLeader().stopped("shut down in recovery", true)
                        .role(PostgresRole.DEMOTED)
                        .memory(m -> m.withGaveUpLeadership(Optional.of(NOW + 5 * SECOND))),
                        "recovery.hand-over-standby-leader"),
                row("follows somebody else", standbyLeader().standbyAt(1000, "b", "streaming"),
                        "standby-leader.follow-remote"),
                row("does not stream: asks the remote", seeking(), "standby-leader.check-divergence"),
                row("does not stream, paused: nothing is asked", seeking().paused(), "leader.rest"),
                row("asked a moment ago", seeking().memory(m -> m.withDivergence(known(Phase.FOLLOWS, 3))),
                        "leader.rest"),
                row("asked a while ago", seeking().memory(m -> m.withDivergence(known(Phase.FOLLOWS, 11))),
                        "standby-leader.check-divergence"),
                row("diverged: rewound to the remote",
                        seeking().memory(m -> m.withDivergence(known(Phase.DIVERGED, 1))), "standby-leader.heal"),
                row("diverged from another remote: asked anew", seeking().memory(m -> m.withDivergence(
                        new Divergence(Phase.DIVERGED, "elsewhere:5432", NOW))), "standby-leader.check-divergence"),
                row("diverged and cannot be rewound: it goes on, and the data stay", seeking().cannotRewind()
                        .dynamic(d -> FactSpace.config(d, true, 300, 30, true))
                        .memory(m -> m.withDivergence(known(Phase.DIVERGED, 1))), "leader.rest"),
                row("replica that streams from the standby leader", replica(), "follower.rest"),
                row("replica that does not: asks the remote", replica().standbyAt(1000, "b", ""),
                        "follower.check-divergence"),
                row("replica diverged: rewound to the remote", replica().standbyAt(1000, "b", "")
                        .memory(m -> m.withDivergence(known(Phase.DIVERGED, 1))), "follower.heal"),
                row("no leader, an older timeline than the last one stored: it may lead all the same",
                        World.replica().noLeader().history(7).peers(World.peer("c", 1000))
                                .dynamic(d -> FactSpace.config(d, true, 300, 30, true)),
                        "race.acquire"));
    }

    private static Arguments row(String situation, World world, String ruleId) {
        return Arguments.of(situation, world, ruleId);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("situations")
    void decides(String situation, World world, String ruleId) {
        assertThat(world.decide().ruleId()).as(situation).isEqualTo(ruleId);
    }

    @Test
    void aRewindIsAgainstTheRemote() {
        Verdict verdict = seeking().memory(m -> m.withDivergence(known(Phase.DIVERGED, 1))).decide();
        assertThat(verdict.decision()).isEqualTo(new Decision.Begin(new Action.Rewind(REMOTE)));
    }

    @Test
    void withoutALeaderAStoppedMemberStartsFollowingTheRemote() {
        Verdict verdict = World.replica().noLeader().stopped("shut down", false)
                .dynamic(StandbyClusterRulesTest::remote).decide();
        assertThat(verdict.decision()).isEqualTo(
                new Decision.Begin(new Action.Start(PostgresRole.REPLICA, Optional.of(REMOTE), 300)));
    }

    @Test
    void theStandbyLeaderStoresItsPosition() {
        World world = standbyLeader();
        assertThat(LeaseRules.statusToStore(new Situation(world.facts(), world.memory())).orElseThrow().leaderLsn())
                .isEqualTo(new Lsn(1000));
        World replica = World.leader().standbyAt(1000, "", "");
        assertThat(LeaseRules.statusToStore(new Situation(replica.facts(), replica.memory()))).isEmpty();
    }

    static Stream<Arguments> remotes() {
        return Stream.of(
                Arguments.of("host only: the usual port, no slot", section("h", "", "", ""), Map.of(),
                        new Upstream.Remote("h", "5432", Optional.empty())),
                Arguments.of("a slot as a member name makes it", section("h", "6", "Site-2", "cp %f"), Map.of(),
                        new Upstream.Remote("h", "6", Optional.of("site_2"))),
                Arguments.of("no host, an archive", section("", "", "s", "cp %f"), Map.of(), new Upstream.Archive()),
                Arguments.of("a port alone", section("", "5432", "", ""), Map.of(), new Upstream.Nobody()),
                Arguments.of("nostream", section("h", "5432", "", "cp %f"), Map.of("nostream", true),
                        new Upstream.Archive()),
                Arguments.of("nostream without an archive", section("h", "5432", "", ""), Map.of("nostream", true),
                        new Upstream.Nobody()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("remotes")
    void follows(String name, StandbyCluster section, Map<String, Object> tags, Upstream expected) {
        World world = standbyLeader().tags(new LinkedHashMap<>(tags)).dynamic(d -> with(d, section));
        assertThat(UpstreamRules.remote(new Situation(world.facts(), world.memory()))).as(name).isEqualTo(expected);
    }

    private static StandbyCluster section(String host, String port, String slot, String restoreCommand) {
        return new StandbyCluster(text(host), text(port), text(slot), List.of(), text(restoreCommand),
                Optional.empty(), Optional.empty());
    }

    private static Optional<String> text(String text) {
        return Optional.of(text).filter(some -> !some.isEmpty());
    }

    private static DynamicConfig with(DynamicConfig d, StandbyCluster section) {
        return new DynamicConfig(d.ttlSeconds(), d.loopWaitSeconds(), d.retryTimeoutSeconds(),
                d.maximumLagOnFailoverBytes(), d.maximumLagOnSyncnodeBytes(), d.primaryStartTimeoutSeconds(),
                d.primaryStopTimeoutSeconds(), d.primaryRaceBackoffSeconds(), d.checkTimeline(), d.pause(),
                d.failsafeMode(), d.sync(), d.maxTimelinesHistory(), d.memberSlotsTtlSeconds(), Optional.of(section),
                Map.of(), List.of(), d.useSlots(), d.usePgRewind(), d.removeDataDirectoryOnRewindFailure(),
                d.removeDataDirectoryOnDivergedTimelines(), Map.of(), Map.of());
    }

    @Test
    void aPromotionThatAScriptRefusedKeepsThisNodeOutOfTheRaceForATtl() {
        Memory memory = ActionFold.after(Memory.fresh(NOW),
                new Action.Promote(), new Action.Result.Refused("no"), NOW);
        Verdict verdict = World.leader().standbyAt(1000, "", "").memory(m -> memory).decide();
        assertThat(verdict.ruleId()).isEqualTo("leader.promote-failed");
        assertThat(verdict.reason().sentence()).isEqualTo(Reason.Sentence.PROMOTE_REFUSED);
        assertThat(verdict.memory().gaveUpLeadership().orElseThrow() - NOW).isGreaterThanOrEqualTo(30 * SECOND);
    }
}
