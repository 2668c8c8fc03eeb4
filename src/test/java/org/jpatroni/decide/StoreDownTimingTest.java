package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.decide.World.NOW;
import static org.jpatroni.decide.World.SECOND;

import java.time.Duration;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.PostgresView.Postmaster;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How long a primary goes on without the store: until a sixth of the ttl is left, and not a moment longer. */
class StoreDownTimingTest {

    private static final long MILLISECOND = 1_000_000L;

    @ParameterizedTest
    @CsvSource({"20, 3333", "30, 5000", "60, 10000", "1, 166"})
    void stopBudgetIsASixthOfTheTtl(int ttlSeconds, long millis) {
        assertThat(Situation.stopBudget(ttlSeconds)).isEqualTo(Duration.ofMillis(millis));
    }

    /** With Patroni's own timings a renewal, a whole failed attempt and half another fit before the stop. */
    @ParameterizedTest
    @CsvSource({"30, 10, 10", "20, 5, 5", "20, 2, 3", "60, 20, 20", "60, 10, 10"})
    void theUsualTimingsLeaveRoomForASecondAttempt(int ttl, int loopWait, int retryTimeout) {
        Duration needed = Duration.ofSeconds(loopWait + retryTimeout).plusMillis(retryTimeout * 500L);
        assertThat(needed).isLessThanOrEqualTo(Duration.ofSeconds(ttl).minus(Situation.stopBudget(ttl)));
    }

    @ParameterizedTest
    @ValueSource(ints = {20, 30, 60})
    void holdsUntilTheBudgetBeginsAndThenStops(int ttlSeconds) {
        long budget = Situation.stopBudget(ttlSeconds).toNanos();
        for (long left = ttlSeconds * SECOND; left > -2 * SECOND; left -= 37 * MILLISECOND) {
            Verdict verdict = withLeft(left, ttlSeconds).decide();
            assertThat(verdict.ruleId()).as("%d ns left", left)
                    .isEqualTo(left > budget ? "store-down.hold" : "store-down.demote");
            if (verdict.decision() instanceof Decision.Rest rest) {
                assertThat(rest.limit().toNanos()).as("rest with %d ns left", left)
                        .isBetween(1L, Math.min(SECOND, Math.max(10 * MILLISECOND, left - budget)));
            }
        }
    }

    /** Rests add up to the moment of the stop: the loop is there in time, not a rest later. */
    @ParameterizedTest
    @ValueSource(ints = {20, 30, 60})
    void theStopBeginsWithinAHundredthOfASecond(int ttlSeconds) {
        long budget = Situation.stopBudget(ttlSeconds).toNanos();
        long left = ttlSeconds * SECOND;
        Verdict verdict = withLeft(left, ttlSeconds).decide();
        while (verdict.decision() instanceof Decision.Rest rest) {
            left -= rest.limit().toNanos();
            verdict = withLeft(left, ttlSeconds).decide();
        }
        assertThat(verdict.ruleId()).isEqualTo("store-down.demote");
        assertThat(budget - left).isBetween(0L, 10 * MILLISECOND);
    }

    @ParameterizedTest
    @ValueSource(ints = {20, 30, 60})
    void aPrimaryThatDoesNotAnswerIsStoppedAtTheSameMoment(int ttlSeconds) {
        long budget = Situation.stopBudget(ttlSeconds).toNanos();
        Postmaster silent = new Postmaster.Unresponsive(10, "late");
        assertThat(withLeft(budget, ttlSeconds).postmaster(silent).decide().ruleId()).isEqualTo("store-down.demote");
        assertThat(withLeft(budget + 1, ttlSeconds).postmaster(silent).decide().ruleId()).isEqualTo("store-down.hold");
    }

    private static World withLeft(long leftNanos, int ttlSeconds) {
        // World's present is two nanoseconds after NOW.
        long deadline = NOW + 2 + leftNanos;
        return World.leader().storeDown().lease(deadline - ttlSeconds * SECOND, deadline)
                .dynamic(d -> ttl(d, ttlSeconds));
    }

    private static DynamicConfig ttl(DynamicConfig d, int seconds) {
        return FactSpace.config(new DynamicConfig(seconds, 5, 5, d.maximumLagOnFailoverBytes(),
                d.maximumLagOnSyncnodeBytes(), 300, 0, 0, false, false, false, d.sync(), 0, 1800, d.standbyCluster(),
                java.util.Map.of(), java.util.List.of(), true, false, false, false, java.util.Map.of(),
                java.util.Map.of()), false, 300, seconds, false);
    }
}
