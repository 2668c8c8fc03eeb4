package org.jpatroni.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A quiet simulator proves nothing: deliberately wrong agents must be caught, each within a bounded number of seeds. */
class MutantsTest {

    private static final int SEEDS_MAX = 500;
    private static final int BATCH = 25;

    /** The trouble in which an agent that lives has to see to its primary by itself. */
    private static final List<Fault> AGENTS_LIVE = Arrays.stream(Fault.values())
            .filter(fault -> fault != Fault.AGENT_KILL && fault != Fault.AGENT_FREEZE).toList();

    private static final List<Fault> FAILOVERS = List.of(Fault.MACHINE_CRASH, Fault.AGENT_KILL, Fault.PEER_CUT,
            Fault.ISOLATION, Fault.POSTMASTER_KILL);
    private static final List<Fault> WITHOUT_STORE = List.of(Fault.STORE_CUT, Fault.ISOLATION, Fault.STORE_OUTAGE,
            Fault.AGENT_FREEZE);

    private static SimLogs logs;

    @BeforeAll
    static void captureLogs() {
        logs = SimLogs.capture();
    }

    @AfterAll
    static void releaseLogs() {
        logs.close();
    }

    static Stream<Mutant> mutants() {
        return Arrays.stream(Mutant.values()).filter(mutant -> mutant != Mutant.NONE);
    }

    static SimSetup setup(long seed, Mutant mutant) {
        SimSetup setup = SimSetup.of(seed).withMutant(mutant);
        return switch (mutant) {
            case DEADLINE_FROM_REPLY -> setup.withFaults(List.of(Fault.SLOW_REPLIES, Fault.SLOW_REPLIES,
                    Fault.AGENT_FREEZE, Fault.STORE_CUT));
            // Race after race between members that are well, and one of them behind.
            case STALE_PEER_ANSWERS -> setup.withFaults(List.of(Fault.MACHINE_CRASH, Fault.AGENT_KILL));
            case PROMOTES_WHILE_PAUSED, STARTS_WHILE_PAUSED -> setup.withFaults(List.of(Fault.MAINTENANCE));
            case DEMOTES_WHILE_PAUSED -> setup.withFaults(List.of(Fault.MAINTENANCE, Fault.STORE_OUTAGE));
            case DEMOTION_SKIPPED -> setup.withFaults(AGENTS_LIVE);
            case NAMES_BEFORE_SYNC_ON_REMOVAL, SYNC_BEFORE_NAMES_ON_ADDITION, RACE_WITHOUT_MEMBERSHIP -> setup
                    .withFaults(FAILOVERS).withSettings(setup.settings().withSync(SimSettings.ON, false, 1));
            case RACE_WITHOUT_VOTES -> setup.withFaults(FAILOVERS)
                    .withSettings(setup.settings().withSync(SimSettings.QUORUM, false, 1));
            case FAILSAFE_WITHOUT_ALL, FAILSAFE_REFUSAL_IGNORED, FAILSAFE_PROMISE_BROKEN, FAILSAFE_NOT_EXTENDED -> setup
                    .withFaults(WITHOUT_STORE).withSettings(setup.settings().withFailsafe(true));
            case STANDBY_CLUSTER_FORGOTTEN -> setup.withSettings(setup.settings().withStandbyCluster(true));
            default -> setup;
        };
    }

    @ParameterizedTest
    @MethodSource("mutants")
    void aWrongAgentIsCaught(Mutant mutant) {
        for (long from = 1; from < SEEDS_MAX; from += BATCH) {
            for (SeedRun run : SeedRun.all(LongStream.range(from, from + BATCH), seed -> setup(seed, mutant),
                    new Coverage())) {
                String failure = run.failure();
                if (failure != null) {
                    System.out.println("mutant " + mutant + " caught by seed " + run.setup().seed() + ": "
                            + failure.lines().findFirst().orElse(""));
                    return;
                }
            }
        }
        assertThat(mutant).withFailMessage("mutant %s survived %d seeds", mutant, SEEDS_MAX).isNull();
    }

    /** The trouble that catches a mutant must not be what breaks an honest agent. */
    @Test
    void theSameTroubleDoesNotBreakAnHonestAgent() {
        List<SeedRun> honest = SeedRun.all(LongStream.range(1, 101),
                seed -> setup(seed, Mutant.DEADLINE_FROM_REPLY).withMutant(Mutant.NONE), new Coverage());
        assertThat(honest.stream().map(SeedRun::failure).filter(failure -> failure != null)).isEmpty();
    }

    /** While the agent lives, its own demotion is in time: the guard is for agents that do not. */
    @Test
    void anAgentThatLivesNeedsNoGuard() {
        List<SeedRun> unguarded = SeedRun.all(LongStream.range(1, 201),
                seed -> SimSetup.of(seed).withFaults(AGENTS_LIVE).withMutant(Mutant.GUARD_OFF), new Coverage());
        assertThat(unguarded.stream().map(SeedRun::failure).filter(failure -> failure != null)).isEmpty();
    }
}
