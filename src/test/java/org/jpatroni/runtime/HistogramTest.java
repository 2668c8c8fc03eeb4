package org.jpatroni.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HistogramTest {

    private final Histogram histogram = Histogram.ofSeconds(0.001, 0.25, 1.0);

    @Test
    void aBoundIsInclusiveAndWhatIsAboveAllIsTheRest() {
        for (long nanos : new long[]{0, 1_000_000, 1_000_001, 250_000_000, 1_000_000_000, 1_000_000_001,
                60_000_000_000L}) {
            histogram.record(nanos);
        }
        Histogram.Snapshot snapshot = histogram.snapshot();
        assertThat(snapshot.boundsSeconds()).containsExactly(0.001, 0.25, 1.0);
        assertThat(snapshot.counts()).containsExactly(2L, 2L, 1L, 2L);
        assertThat(snapshot.count()).isEqualTo(7);
        assertThat(snapshot.sumSeconds()).isEqualTo(62.252000002);
    }

    @Test
    void aClockThatGoesBackTakesNothingAway() {
        histogram.record(-5);
        assertThat(histogram.snapshot().counts()).containsExactly(1L, 0L, 0L, 0L);
        assertThat(histogram.snapshot().sumSeconds()).isZero();
    }

    @Test
    void manyThreadsLoseNothing() throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            threads.add(Thread.ofPlatform().start(() -> {
                for (int n = 0; n < 10_000; n++) {
                    histogram.record(n % 4 * 400_000_000L);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(histogram.snapshot().counts()).containsExactly(20_000L, 0L, 40_000L, 20_000L);
        assertThat(histogram.snapshot().sumSeconds()).isEqualTo(48_000.0);
    }
}
