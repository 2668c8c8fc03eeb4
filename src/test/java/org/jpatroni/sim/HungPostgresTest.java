package org.jpatroni.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.node.HaStatus;
import org.junit.jupiter.api.Test;

/** A primary that runs and does not answer: its agent waits for it once, then goes on with its cycles and keeps the lease. */
class HungPostgresTest {

    private static final long SECOND = 1_000_000_000L;
    private static final int SEEDS = 20;
    private static final int HUNG_SECONDS = 120;
    /** The loop looks at the latest after its wait, and then waits for the server once. */
    private static final int FIRST_SECONDS = 4;
    /** The pause between two looks at a silent server, and what the store takes. Waiting for the server again would be two seconds more. */
    private static final long CYCLE_MAX = SECOND * 19 / 10;

    @Test
    void theLoopGoesOnAndTheLeaseIsRenewedInTime() {
        try (SimLogs logs = SimLogs.capture()) {
            Objects.requireNonNull(logs);
            for (long seed = 1; seed <= SEEDS; seed++) {
                hang(seed);
            }
        }
    }

    private static void hang(long seed) {
        SimKernel kernel = new SimKernel(seed);
        SimSetup setup = SimSetup.calm(seed);
        SimCluster cluster = new SimCluster(setup, kernel, new Coverage());
        cluster.nodes().forEach(SimNode::startAgent);
        cluster.servers().forEach(server -> server.pace().calm());
        kernel.runUntil(60 * SECOND);
        SimNode primary = cluster.writable().orElseThrow();
        primary.server().stall(HUNG_SECONDS * SECOND);
        long begunAt = kernel.nowNanos();
        long longest = 0;
        long shortestLease = Long.MAX_VALUE;
        while (kernel.nowNanos() - begunAt < HUNG_SECONDS * SECOND) {
            kernel.runUntil(kernel.nowNanos() + SECOND / 20);
            HaStatus status = primary.published().orElseThrow();
            long now = primary.time().nanos();
            shortestLease = Math.min(shortestLease, status.leaseDeadlineNanos().orElse(now) - now);
            if (kernel.nowNanos() - begunAt > (setup.loopWaitSeconds() + FIRST_SECONDS) * SECOND) {
                longest = Math.max(longest, now - status.heartbeatAtNanos());
            }
            assertThat(status.role()).isEqualTo(PostgresRole.PRIMARY);
            assertThat(status.state()).isEqualTo(PostgresState.RUNNING);
        }
        assertThat(kernel.failure()).isNull();
        assertThat(longest).as("seed %d: between two cycles", seed).isLessThan(CYCLE_MAX);
        assertThat(shortestLease).as("seed %d: lease left", seed).isGreaterThan(setup.ttlSeconds() * SECOND / 3);

        kernel.runUntil(kernel.nowNanos() + SECOND / 5);
        assertThat(primary.answersPrimary()).isTrue();
        assertThat(primary.time().nanos() - primary.published().orElseThrow().heartbeatAtNanos())
                .as("seed %d: the loop hears that the server is back", seed).isLessThan(SECOND / 4);
    }
}
