package org.jpatroni.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** How long an agent takes to end while the store does not answer: a service manager waits for it. */
class ShutdownTimeTest {

    private static final long SECOND = 1_000_000_000L;
    private static final int SEEDS = 30;
    /** A call under way when the signal comes, one read before PostgreSQL is stopped, its stop, and one last call. */
    private static final double LIMIT_SECONDS = 13;

    @Test
    void anAgentEndsInTimeWithoutTheStore() {
        List<Double> seconds = new ArrayList<>();
        try (SimLogs logs = SimLogs.capture()) {
            Objects.requireNonNull(logs);
            for (long seed = 1; seed <= SEEDS; seed++) {
                seconds.add(secondsToEnd(seed, seed % 2 == 0));
            }
        }
        System.out.println(
                "seconds to end without the store: " + seconds.stream().mapToDouble(d -> d).summaryStatistics());
        assertThat(seconds).allSatisfy(took -> assertThat(took).isLessThan(LIMIT_SECONDS));
    }

    private static double secondsToEnd(long seed, boolean leader) {
        SimKernel kernel = new SimKernel(seed);
        SimSetup setup = SimSetup.calm(seed);
        SimCluster cluster = new SimCluster(setup, kernel, new Coverage());
        cluster.nodes().forEach(SimNode::startAgent);
        cluster.servers().forEach(server -> server.pace().calm());
        kernel.runUntil(60 * SECOND);
        SimNode primary = cluster.writable().orElseThrow();
        SimNode node = leader ? primary : cluster.nodes().stream().filter(n -> n != primary).findFirst().orElseThrow();
        cluster.store().setDown(true);
        kernel.runUntil(kernel.nowNanos() + kernel.random().between(0, 3 * SECOND));
        long toldAt = kernel.nowNanos();
        node.stopAgent();
        while (node.isAgentRunning() && kernel.nowNanos() - toldAt < 120 * SECOND) {
            kernel.runUntil(kernel.nowNanos() + SECOND / 10);
        }
        assertThat(kernel.failure()).isNull();
        return (kernel.nowNanos() - toldAt) / (double) SECOND;
    }
}
