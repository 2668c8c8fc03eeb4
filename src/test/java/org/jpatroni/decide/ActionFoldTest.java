package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.decide.World.NOW;
import static org.jpatroni.decide.World.SECOND;

import java.util.List;
import java.util.Optional;
import org.jpatroni.decide.Action.Result;
import org.jpatroni.decide.Memory.Bootstrap;
import org.jpatroni.decide.Memory.Divergence;
import org.jpatroni.decide.Memory.Phase;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.Upstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is remembered of an action that has ended. */
class ActionFoldTest {

    private static final Upstream B = new Upstream.OfMember(World.member("b", "primary"), Optional.empty());
    private static final Action START = new Action.Start(PostgresRole.PRIMARY, Optional.empty(), 300);
    private static final Result DONE = new Result.Done();
    private static final Result FAILED = new Result.Failed("no");
    private static final Result CANCELLED = new Result.Cancelled();
    private static final Result TIMED_OUT = new Result.TimedOut();
    private static final Memory FRESH = Memory.fresh(NOW);

    private static Memory after(Memory memory, Action action, Result result) {
        return ActionFold.after(memory, action, result, NOW);
    }

    private static long pauseSeconds(Memory memory) {
        return Math.max(0, (memory.actionNotBeforeNanos() - NOW) / SECOND);
    }

    static List<Action> repeatable() {
        return List.of(new Action.CloneFrom(Optional.of(B)), new Action.Promote(),
                new Action.Follow(PostgresRole.REPLICA, B), new Action.Rewind(B));
    }

    @ParameterizedTest
    @MethodSource("repeatable")
    void whatFailedIsNotRepeatedAtOnce(Action action) {
        assertThat(pauseSeconds(after(FRESH, action, FAILED))).isPositive();
        assertThat(pauseSeconds(after(FRESH, action, TIMED_OUT))).isPositive();
        assertThat(pauseSeconds(after(FRESH, action, DONE))).isZero();
    }

    @Test
    void failedStartsAreCountedUpToTenAndPauseForLonger() {
        Memory memory = FRESH;
        long lastPause = 0;
        for (int i = 1; i <= 12; i++) {
            memory = after(memory, START, FAILED);
            assertThat(memory.startFailures()).isEqualTo(Math.min(10, i));
            assertThat(pauseSeconds(memory)).isBetween(lastPause, 10L);
            lastPause = pauseSeconds(memory);
        }
        assertThat(after(memory, START, DONE).startFailures()).isZero();
    }

    @Test
    void aStartThatIsNotWaitedForAnyLongerHasNotFailed() {
        assertThat(after(FRESH, START, TIMED_OUT)).isEqualTo(FRESH);
        assertThat(after(FRESH, START, CANCELLED)).isEqualTo(FRESH);
    }

    @Test
    void aFailedStartAsksForDivergenceAnew() {
        Memory asked = FRESH.withDivergence(new Divergence(Phase.FOLLOWS, "b", NOW));
        assertThat(after(asked, START, FAILED).divergence().phase()).isEqualTo(Phase.UNASKED);
    }

    @Test
    void failedPromotionsAreCounted() {
        Memory twice = after(after(FRESH, new Action.Promote(), FAILED), new Action.Promote(), TIMED_OUT);
        assertThat(twice.startFailures()).isEqualTo(2);
        assertThat(after(twice, new Action.Promote(), DONE).startFailures()).isZero();
    }

    @Test
    void aBootstrapThatDidNotSucceedHasFailed() {
        Memory claimed = FRESH.withBootstrap(Bootstrap.CLAIMED);
        for (Result result : List.of(FAILED, CANCELLED, TIMED_OUT)) {
            assertThat(after(claimed, new Action.Bootstrap(), result).bootstrap()).isEqualTo(Bootstrap.FAILED);
        }
        assertThat(after(claimed, new Action.Bootstrap(), DONE).bootstrap()).isEqualTo(Bootstrap.CLAIMED);
    }

    @Test
    void anAnswerAboutDivergenceIsKeptWithTheNameOfTheLeader() {
        Action check = new Action.CheckDivergence(B);
        assertThat(after(FRESH, check, new Result.Divergence(Phase.DIVERGED)).divergence())
                .isEqualTo(new Divergence(Phase.DIVERGED, "b", NOW));
        assertThat(after(FRESH, check, new Result.Divergence(Phase.FOLLOWS)).divergence().phase())
                .isEqualTo(Phase.FOLLOWS);
        for (Result noAnswer : List.of(new Result.Divergence(Phase.UNKNOWN), FAILED, CANCELLED, TIMED_OUT)) {
            assertThat(after(FRESH, check, noAnswer).divergence().phase()).as(noAnswer.toString())
                    .isEqualTo(Phase.UNKNOWN);
        }
    }

    @Test
    void unansweredQuestionsAreCountedByLeader() {
        Action check = new Action.CheckDivergence(B);
        Memory twice = after(after(FRESH, check, FAILED), check, FAILED);
        assertThat(twice.divergence().unanswered()).isEqualTo(2);
        assertThat(after(twice, check, new Result.Divergence(Phase.FOLLOWS)).divergence().unanswered()).isZero();
        Action another = new Action.CheckDivergence(
                new Upstream.OfMember(World.member("c", "primary"), Optional.empty()));
        assertThat(after(twice, another, FAILED).divergence().unanswered()).isOne();
    }

    @Test
    void aRewindThatSucceededWipesTheSlate() {
        Memory bad = FRESH.withDivergence(new Divergence(Phase.DIVERGED, "b", NOW)).withRewindFailures(2)
                .withStartFailures(3);
        Memory good = after(bad, new Action.Rewind(B), DONE);
        assertThat(good.divergence().phase()).isEqualTo(Phase.UNASKED);
        assertThat(good.rewindFailures() + good.startFailures()).isZero();
        assertThat(after(bad, new Action.Rewind(B), FAILED).rewindFailures()).isEqualTo(3);
        assertThat(after(bad, new Action.Rewind(B), FAILED).divergence().phase()).isEqualTo(Phase.DIVERGED);
    }

    @Test
    void aDemotedPrimaryHasNotCrashed() {
        Memory crashed = FRESH.withCrashedAt(Optional.of(NOW));
        assertThat(after(crashed, new Action.Demote(Action.Demote.Mode.OFFLINE), DONE).crashedAtNanos()).isEmpty();
    }
}
