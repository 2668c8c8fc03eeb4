package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalDouble;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LagClockTest {

    private final LagClock clock = new LagClock();

    private OptionalDouble at(double seconds, long leader, long own) {
        return clock.seconds(Math.round(seconds * 1e9), leader, own);
    }

    @Test
    void countsFromTheLastLookAtWhichTheLeaderWasNoFurther() {
        assertThat(at(0, 100, 100)).hasValue(0);
        assertThat(at(10, 200, 100)).as("since the first look").hasValue(10);
        assertThat(at(20, 300, 200)).as("where the leader was at 10").hasValue(10);
        assertThat(at(30, 300, 250)).as("between: since 10").hasValue(20);
        assertThat(at(40, 300, 300)).hasValue(0);
        assertThat(at(50_000, 300, 300)).as("idle for long").hasValue(0);
        assertThat(at(50_010, 301, 300)).as("and then one record").hasValue(10);
    }

    @Test
    void aheadOfWhatIsKnownOfTheLeaderIsNotBehind() {
        assertThat(at(0, 100, 140)).hasValue(0);
        assertThat(at(10, 120, 150)).hasValue(0);
        assertThat(at(20, 160, 150)).hasValue(10);
    }

    @Test
    void behindFromTheStartIsNotKnown() {
        assertThat(at(0, 100, 50)).isEmpty();
        assertThat(at(10, 110, 60)).isEmpty();
        assertThat(at(20, 120, 105)).hasValue(20);
    }

    @Test
    void anotherHistoryBeginsAnew() {
        assertThat(at(0, 100, 100)).hasValue(0);
        assertThat(at(10, 90, 80)).as("another leader, and this node rewound").isEmpty();
        assertThat(at(20, 95, 92)).hasValue(10);
    }

    @Test
    void aNodeThatStaysBehindIsStillMeasured() {
        assertThat(at(0, 100, 100)).hasValue(0);
        for (int i = 1; i < 10_000; i++) {
            assertThat(at(i, 100 + i, 100)).hasValue(i);
        }
        double left = at(10_000, 20_000, 5_100).orElseThrow();
        assertThat(left).as("the record is coarse by then, and errs on the high side").isBetween(5_000.0, 5_500.0);
    }

    @Test
    void aStandbyThatReplaysNothingFallsBehindByTheSecond() {
        SenderClock senders = new SenderClock();
        long second = 1_000_000_000L;
        assertThat(senders.stoodStillSeconds("a", 100, true, 10 * second)).isZero();
        assertThat(senders.stoodStillSeconds("a", 100, true, 25 * second)).isEqualTo(15);
        assertThat(senders.stoodStillSeconds("b", 100, true, 25 * second)).as("another").isZero();
        assertThat(senders.stoodStillSeconds("a", 101, true, 40 * second)).as("it moves").isZero();
        assertThat(senders.stoodStillSeconds("a", 101, false, 45 * second)).as("it is all there").isZero();
        assertThat(senders.stoodStillSeconds("a", 101, true, 55 * second)).as("idle is not stuck").isZero();
        assertThat(senders.stoodStillSeconds("a", 101, true, 60 * second)).isEqualTo(5);
        senders.keepOnly(Set.of("b"));
        assertThat(senders.stoodStillSeconds("a", 101, true, 70 * second)).as("it was gone").isZero();
        assertThat(senders.stoodStillSeconds("b", 100, true, 70 * second)).isEqualTo(45);
    }
}
