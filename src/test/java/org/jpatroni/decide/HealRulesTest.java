package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.jpatroni.decide.Memory.Divergence;
import org.jpatroni.decide.Memory.Phase;
import org.jpatroni.model.DynamicConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of data that cannot follow the leader, by the settings that permit its loss; replica a of leader b. */
class HealRulesTest {

    private static World world(Phase phase, boolean canRewind, boolean onRewindFailure, boolean onDivergence) {
        World world = World.replica().standbyAt(1000, "b", "")
                .memory(m -> m.withDivergence(new Divergence(phase, "b", World.NOW)))
                .dynamic(d -> permitting(d, onRewindFailure, onDivergence));
        return canRewind ? world : world.cannotRewind();
    }

    private static DynamicConfig permitting(DynamicConfig d, boolean onRewindFailure, boolean onDivergence) {
        return new DynamicConfig(d.ttlSeconds(), d.loopWaitSeconds(), d.retryTimeoutSeconds(),
                d.maximumLagOnFailoverBytes(), d.maximumLagOnSyncnodeBytes(), d.primaryStartTimeoutSeconds(),
                d.primaryStopTimeoutSeconds(), d.primaryRaceBackoffSeconds(), d.checkTimeline(), d.pause(),
                d.failsafeMode(), d.sync(), d.maxTimelinesHistory(), d.memberSlotsTtlSeconds(), d.standbyCluster(),
                Map.of(), List.of(), d.useSlots(), d.usePgRewind(), onRewindFailure, onDivergence,
                Map.of(), Map.of());
    }

    @ParameterizedTest
    @CsvSource({
            "DIVERGED, true,  false, false, REWIND",
            "DIVERGED, true,  true,  true,  REWIND",
            "DIVERGED, false, false, false, DIVERGED",
            "DIVERGED, false, true,  false, DIVERGED",
            "DIVERGED, false, false, true,  DISCARD",
            "FORKED,   true,  false, false, FORKED",
            "FORKED,   true,  true,  false, DISCARD_FORKED",
            "FORKED,   true,  false, true,  DISCARD_FORKED",
            "FORKED,   false, false, false, FORKED",
            "FORKED,   false, true,  false, FORKED",
            "FORKED,   false, false, true,  DISCARD_FORKED"})
    void remedy(Phase phase, boolean canRewind, boolean onRewindFailure, boolean onDivergence, String sentence) {
        Verdict verdict = world(phase, canRewind, onRewindFailure, onDivergence).decide();
        assertThat(verdict.ruleId()).isEqualTo("follower.heal");
        assertThat(verdict.reason().sentence().name()).isEqualTo(sentence);
    }

    @ParameterizedTest
    @CsvSource({"1, 299, follower.rest, 3", "1, 300, follower.check-divergence, 0", "2, 599, follower.rest, 3",
            "2, 600, follower.check-divergence, 0", "5, 4799, follower.rest, 3",
            "5, 4800, follower.check-divergence, 0", "9, 4900, follower.rest, 102",
            "9, 5000, follower.check-divergence, 0"})
    void aLeaderThatDoesNotAnswerIsAskedLessAndLessOften(int unanswered, long millisAgo, String rule, long restMillis) {
        Verdict verdict = unanswered(unanswered, millisAgo).decide();
        assertThat(verdict.ruleId()).isEqualTo(rule);
        if (verdict.decision() instanceof Decision.Rest rest) {
            assertThat(rest.limit().toMillis()).isBetween(restMillis - 3, restMillis);
        }
    }

    @Test
    void anotherLeaderIsAskedAtOnce() {
        World world = unanswered(9, 100).standbyAt(1000, "c", "").leaderKey("c", false)
                .members(World.member("a", "replica"), World.member("b", "replica"), World.member("c", "primary"));
        assertThat(world.decide().ruleId()).isEqualTo("follower.check-divergence");
    }

    private static World unanswered(int times, long millisAgo) {
        return World.replica().standbyAt(1000, "b", "").memory(m -> m.withDivergence(
                new Divergence(Phase.UNKNOWN, "b", World.NOW + 2 - millisAgo * 1_000_000, times)));
    }

    @Test
    void theLastCopyStays() {
        World permitted = world(Phase.FORKED, true, true, true);
        assertThat(permitted.noLeader().decide().ruleId()).isNotEqualTo("follower.heal");
        World leaderGone = world(Phase.FORKED, true, true, true).members(World.member("a", "replica"));
        assertThat(leaderGone.decide().ruleId()).isNotEqualTo("follower.heal");
        World otherLeader = world(Phase.FORKED, true, true, true).leaderKey("c", false);
        assertThat(otherLeader.decide().ruleId()).isNotEqualTo("follower.heal");
    }

    @Test
    void whatIsNotPermittedNamesTheSetting() {
        assertThat(world(Phase.FORKED, true, false, false).decide().reason().text())
                .contains("remove_data_directory_on_diverged_timelines");
    }
}
