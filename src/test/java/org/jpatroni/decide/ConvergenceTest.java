package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.decide.World.NOW;
import static org.jpatroni.decide.World.SECOND;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jpatroni.decide.SafetyChecks.Check;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresView.Postmaster;
import org.jpatroni.model.Upstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Where everything works, a cycle ends in a rest, cycles come to a fixed point, and the fixed point is the one that was wanted. */
class ConvergenceTest {

    private static final long SAMPLES = Long.getLong("facts.stories", 2_000);
    private static final int LIMIT_SECONDS = 120;
    private static final int QUIET_SECONDS = 40;

    static Stream<Arguments> stories() {
        return Stream.of(
                story("empty cluster: bootstrapped leader", World.empty().noLeader().initialize(Optional.empty())
                        .noConfig().members(), "a", PostgresRole.PRIMARY, "leader.rest"),
                story("no data, a leader: follower", World.empty(), "b", PostgresRole.REPLICA, "follower.rest"),
                story("dead primary: started in place", World.leader().stopped("in production", false), "a",
                        PostgresRole.PRIMARY, "leader.rest"),
                story("agent restarted on a running primary", World.leader().noLease().leaderKey("a", false), "a",
                        PostgresRole.PRIMARY, "leader.rest"),
                story("former primary: follower", World.replica().stopped("in production", false), "b",
                        PostgresRole.REPLICA, "follower.rest"),
                story("second primary: follower", World.replica().primary(1000), "b", PostgresRole.REPLICA,
                        "follower.rest"),
                story("race: promoted",
                        World.replica().noLeader().standbyAt(1000, "b", "").peersAsked(NOW - SECOND,
                                World.peer("c", 1000)),
                        "a", PostgresRole.PRIMARY, "leader.rest"),
                story("race while the old primary's stream still runs: cut, promoted",
                        World.replica().noLeader().standbyAt(100_000, "b", "streaming"), "a", PostgresRole.PRIMARY,
                        "leader.rest"),
                story("standby of the wrong member: follows the leader",
                        World.replica().standbyAt(1000, "c", "streaming"),
                        "b", PostgresRole.REPLICA, "follower.rest"),
                story("standby leader: follows the remote",
                        World.leader().standbyAt(1000, "", "").dynamic(d -> FactSpace.config(d, true, 300, 30, false)),
                        "a", PostgresRole.STANDBY_LEADER, "leader.rest"),
                story("empty standby cluster: a copy of the remote leads",
                        World.empty().noLeader().initialize(Optional.empty()).noConfig().members()
                                .dynamic(d -> FactSpace.config(d, true, 300, 30, false)),
                        "a", PostgresRole.STANDBY_LEADER, "leader.rest"),
                story("data of another cluster's primary in a new standby cluster: standby leader",
                        World.replica().noLeader().initialize(Optional.empty()).noConfig().members()
                                .stopped("shut down", false).dynamic(d -> FactSpace.config(d, true, 300, 30, false)),
                        "a", PostgresRole.STANDBY_LEADER, "leader.rest"),
                story("a cluster becomes a standby cluster: standby leader",
                        World.leader().dynamic(d -> FactSpace.config(d, true, 300, 30, false)), "a",
                        PostgresRole.STANDBY_LEADER, "leader.rest"),
                story("a standby cluster becomes a cluster: promoted",
                        World.leader().up(Replications.followingRemote(
                                new Upstream.Remote("remote", "5433", Optional.empty())))
                                .role(PostgresRole.STANDBY_LEADER),
                        "a", PostgresRole.PRIMARY, "leader.rest"),
                story("replica in a standby cluster: follows the standby leader",
                        World.replica().members(World.member("b", "standby_leader"))
                                .dynamic(d -> FactSpace.config(d, true, 300, 30, false)),
                        "b", PostgresRole.REPLICA, "follower.rest"),
                story("move in vain: leader again", World.leader().failover(FactSpace.move("a", "c", 0))
                        .peersAsked(NOW - SECOND, World.peer("c", 1000)), "a", PostgresRole.PRIMARY, "leader.rest"),
                story("failover to a candidate that does not take over: leader again",
                        World.leader().failover(FactSpace.move("", "c", 0)).peersAsked(NOW - SECOND,
                                World.peer("c", 1000)),
                        "a", PostgresRole.PRIMARY, "leader.rest"),
                story("store was away: leader again", World.leader().storeDown(), "a", PostgresRole.PRIMARY,
                        "leader.rest"),
                story("store was away for longer than the lease: leader again", World.leader().storeDown().noLease(),
                        "a", PostgresRole.PRIMARY, "leader.rest"),
                story("paused: nothing is started", World.leader().stopped("in production", false).paused()
                        .role(PostgresRole.PRIMARY), "", PostgresRole.PRIMARY, "recovery.paused"));
    }

    private static Arguments story(String name, World world, String leader, PostgresRole role, String ruleId) {
        return Arguments.of(name, world, leader, role, ruleId);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("stories")
    void storyEndsWell(String name, World world, String leader, PostgresRole role, String ruleId) {
        PerfectNode node = new PerfectNode(world);
        List<String> transcript = run(node);
        assertThat(transcript.getLast()).as(String.join("\n", transcript)).endsWith(ruleId);
        assertThat(node.leader().orElse("")).as("leader after\n" + String.join("\n", transcript)).isEqualTo(leader);
        assertThat(node.world.facts().role()).isEqualTo(role);
    }

    @Test
    void aCrashedPrimaryThatGivesUpReportsItsRoleAndThenReleases() {
        PerfectNode node = new PerfectNode(
                World.leader().stopped("in production", false).memory(m -> m.withStartFailures(1)));
        List<Case> steps = node.cycle();
        assertThat(steps.get(0).verdict().ruleId()).isEqualTo("recovery.give-up");
        assertThat(steps.get(0).verdict().decision()).isEqualTo(new Decision.AnnounceRole(PostgresRole.DEMOTED));
        assertThat(steps.get(1).verdict().ruleId()).isEqualTo("recovery.give-up");
        assertThat(steps.get(1).decides(Decision.ReleaseLease.class)).isTrue();
    }

    @Test
    void aDivergedFormerPrimaryIsRewoundAndFollows() {
        PerfectNode node = new PerfectNode(World.replica().stopped("in production", false));
        node.diverged = true;
        List<String> transcript = run(node);
        assertThat(String.join("\n", transcript)).contains("follower.heal");
        assertThat(transcript.getLast()).endsWith("follower.rest");
        assertThat(node.diverged).isFalse();
    }

    @Test
    void aDivergedMemberThatCannotBeRewoundIsClonedWhereThatIsAllowed() {
        PerfectNode node = new PerfectNode(World.replica().stopped("in production", false).cannotRewind()
                .dynamic(d -> FactSpace.config(d, false, 300, 30, true)));
        node.diverged = true;
        List<String> transcript = run(node);
        assertThat(String.join("\n", transcript)).contains("bootstrap.clone");
        assertThat(transcript.getLast()).endsWith("follower.rest");
    }

    @Test
    void aDivergedMemberThatMayNotBeClonedStaysAsItIs() {
        PerfectNode node = new PerfectNode(World.replica().stopped("in production", false).cannotRewind());
        node.diverged = true;
        List<String> transcript = run(node);
        assertThat(transcript.getLast()).endsWith("follower.heal");
        assertThat(node.diverged).isTrue();
    }

    @Test
    void aMoveEndsWithTheCandidateAsLeaderAlsoWhilePaused() {
        for (boolean paused : new boolean[]{false, true}) {
            World world = World.leader().failover(FactSpace.move("a", "c", 0)).peersAsked(NOW - SECOND,
                    World.peer("c", 1000));
            PerfectNode node = new PerfectNode(paused ? world.paused() : world);
            node.candidateTakesOver = true;
            List<String> transcript = run(node);
            assertThat(node.leader()).as(String.join("\n", transcript)).contains("c");
            assertThat(transcript.getLast()).endsWith("follower.rest");
        }
    }

    @Test
    void aPromotionThatAlwaysFailsIsLeftToOthers() {
        PerfectNode node = new PerfectNode(World.replica().noLeader().standbyAt(1000, "b", ""));
        node.failing = action -> action instanceof Action.Promote;
        assertThat(String.join("\n", cycles(node, 60))).contains("leader.promote-failed").doesNotContain("show-role");
    }

    @Test
    void aPrimaryThatCannotStartIsLeftToOthers() {
        PerfectNode node = new PerfectNode(World.leader().stopped("in production", false));
        node.failing = action -> action instanceof Action.Start;
        assertThat(String.join("\n", cycles(node, 60))).contains("recovery.give-up");
    }

    @Test
    void aPrimaryThatStartsForEverIsLeftToOthers() {
        PerfectNode node = new PerfectNode(World.leader().stopped("in production", false)
                .dynamic(d -> FactSpace.config(d, false, 20, 30, false)));
        node.startHangs = true;
        assertThat(String.join("\n", cycles(node, 60))).contains("action.start-timeout", "recovery.start-too-long",
                "recovery.give-up");
    }

    @Test
    void anAgentThatFindsItsPrimaryStartingWaitsOnlyAsLongAsAllowed() {
        PerfectNode node = new PerfectNode(World.leader().postmaster(new Postmaster.Starting(10))
                .dynamic(d -> FactSpace.config(d, false, 20, 30, false)));
        node.startHangs = true;
        assertThat(String.join("\n", cycles(node, 60))).contains("recovery.start-too-long", "recovery.give-up");
    }

    @Test
    void aRewindThatAlwaysFailsEndsInAClone() {
        PerfectNode node = new PerfectNode(World.replica().stopped("in production", false)
                .dynamic(d -> FactSpace.config(d, false, 300, 30, true)));
        node.diverged = true;
        node.failing = action -> action instanceof Action.Rewind;
        List<String> transcript = run(node);
        assertThat(String.join("\n", transcript)).contains("bootstrap.clone");
        assertThat(transcript.getLast()).endsWith("follower.rest");
    }

    @Test
    void everyStartComesToRest() {
        assertThat(problems(ConvergenceTest::run)).isEmpty();
    }

    @Test
    void aStoreThatRefusesEveryWriteKeepsNobodyBusy() {
        assertThat(problems(node -> {
            node.storeRefuses = true;
            cycles(node, 60);
        })).isEmpty();
    }

    @Test
    void whatFailsIsNotRepeatedWithoutPause() {
        assertThat(problems(node -> {
            node.failing = action -> !action.stopsPrimary();
            List<String> transcript = cycles(node, 60);
            long attempts = transcript.stream().filter(cycle -> cycle.contains("action.")).count();
            if (attempts > 130) {
                throw new AssertionError(attempts + " attempts in a minute:\n" + String.join("\n", transcript));
            }
        })).isEmpty();
    }

    private static String problems(Consumer<PerfectNode> story) {
        ConcurrentLinkedQueue<String> problems = new ConcurrentLinkedQueue<>();
        LongStream.range(0, SAMPLES).parallel().forEach(number -> {
            FactSpace.Point point = FactSpace.sample(number);
            try {
                story.accept(new PerfectNode(point.world()));
            } catch (AssertionError | RuntimeException problem) {
                if (problems.size() < 4) {
                    problems.add(point.description() + "\n" + problem.getMessage() + "\n");
                }
            }
        });
        return String.join("\n", problems);
    }

    /** So many simulated seconds; one line for each cycle. */
    private static List<String> cycles(PerfectNode node, long seconds) {
        List<String> transcript = new ArrayList<>();
        while (node.seconds() < seconds && !node.halted) {
            List<Case> steps = node.cycle();
            transcript.add(line(steps));
            checkCycle(node, steps, transcript);
        }
        return transcript;
    }

    private static String line(List<Case> steps) {
        return String.join(" ", steps.stream().map(step -> step.verdict().ruleId()).toList());
    }

    /** One line for each cycle: its rules, in order. */
    private static List<String> run(PerfectNode node) {
        List<String> transcript = new ArrayList<>();
        long busyUntil = 0;
        while (node.seconds() < LIMIT_SECONDS && node.seconds() < busyUntil + QUIET_SECONDS && !node.halted) {
            List<Case> steps = node.cycle();
            transcript.add(line(steps));
            checkCycle(node, steps, transcript);
            busyUntil = steps.stream().allMatch(ConvergenceTest::isSteady) ? busyUntil : node.seconds();
        }
        if (!node.halted && node.seconds() >= LIMIT_SECONDS) {
            throw new AssertionError("no fixed point after " + LIMIT_SECONDS + " s:\n" + String.join("\n", transcript));
        }
        return transcript;
    }

    private static void checkCycle(PerfectNode node, List<Case> steps, List<String> transcript) {
        Decision last = steps.getLast().verdict().decision();
        if (!(last instanceof Decision.Rest) && !node.halted) {
            throw new AssertionError("no rest in a cycle:\n" + String.join("\n", transcript));
        }
        Set<Decision> seen = new LinkedHashSet<>();
        for (Case step : steps) {
            if (!seen.add(step.verdict().decision())) {
                throw new AssertionError("twice in a cycle: " + step.verdict().decision() + "\n"
                        + String.join("\n", transcript));
            }
            for (Check check : SafetyChecks.CHECKS) {
                if (!check.holds().test(step)) {
                    throw new AssertionError(
                            check.name() + ": " + step.verdict() + "\n" + String.join("\n", transcript));
                }
            }
        }
    }

    /** What a healthy member does again and again. */
    private static boolean isSteady(Case step) {
        return switch (step.verdict().decision()) {
            case Decision.Rest d -> true;
            case Decision.RenewLease d -> true;
            case Decision.PublishMember d -> true;
            case Decision.AskPeers d -> true;
            case Decision.Begin d -> d.action() instanceof Action.CheckDivergence;
            default -> false;
        };
    }
}
