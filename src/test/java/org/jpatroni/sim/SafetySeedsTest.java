package org.jpatroni.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Whole clusters in trouble, one per seed: safe at every event, and healed within the budget afterwards. As many as wanted with
 * {@code -Dsim.seeds=20000 -Dsim.from=1}.
 */
class SafetySeedsTest {

    /** Rules that no run reaches, with the reason. Any other must fire; with {@code -Dsim.marks=true} one that does not fails the test. */
    private static final List<String> NOT_REACHED = List.of(
            "bootstrap.clone-without-leader", // no replica method without a leader
            "bootstrap.failed", // bootstrap happens in peace
            "bootstrap.system-id-mismatch", // one cluster, one directory each
            "bootstrap.unusable", // directories are whole
            "standby-leader.follow-remote", "standby-leader.demote-cluster", "standby-leader.heal", // no standby clusters
            "standby-leader.check-divergence", "recovery.hand-over-standby-leader",
            "action.lease-lost", "action.start-timeout", "bootstrap.foreign-data-paused",
            "bootstrap.leader-without-data",
            "follower.show-role", "follower.copy-slots", // no logical slots in the model
            "leader.promote-failed",
            "leader.promote-later", "leader.show-role",
            "primary.other-primary", "primary.timeline-behind", "race.lagging",
            "watchdog.no-bootstrap", // nobody knows that a device is broken before it was to be opened
            "rest.nothing-applies");

    private static SimLogs logs;

    @BeforeAll
    static void captureLogs() {
        logs = SimLogs.capture();
    }

    @AfterAll
    static void releaseLogs() {
        logs.close();
    }

    @Test
    void everySeedIsSafeAndHeals() {
        long from = Long.getLong("sim.from", 1);
        int count = Integer.getInteger("sim.seeds", 1000);
        Coverage coverage = new Coverage();
        long begun = System.nanoTime();
        List<SeedRun> runs = SeedRun.all(LongStream.range(from, from + count), SimSetup::of, coverage);
        System.out.printf("simulation: %d seeds, %d simulated hours, %d events in %d s%n", count,
                runs.stream().mapToLong(SeedRun::simulatedSeconds).sum() / 3600,
                runs.stream().mapToLong(SeedRun::events).sum(), (System.nanoTime() - begun) / 1_000_000_000L);
        List<SeedRun> failures = runs.stream().filter(run -> run.failure() != null).toList();
        assertThat(failures).withFailMessage(() -> failures.size() + " of " + count + " seeds failed; the first:\n"
                + failures.stream().limit(3).map(run -> run.report(60)).collect(Collectors.joining("\n\n"))
                + "\n\nall: "
                + failures.stream().map(run -> String.valueOf(run.setup().seed())).collect(Collectors.joining(" ")))
                .isEmpty();
        // A standby cluster takes no writes, and a strict one may be without a synchronous standby all the time.
        assertThat(runs).as("clients got answers").allMatch(run -> run.acknowledged() > 0
                || run.setup().settings().standbyCluster() || run.setup().settings().strict());
        Map<String, Long> silent = new TreeMap<>(coverage.counts());
        silent.values().removeIf(times -> times > 0);
        NOT_REACHED.forEach(silent::remove);
        System.out.println("simulation: rules that no seed has reached: " + silent.keySet());
        assertThat(Boolean.getBoolean("sim.marks") ? silent.keySet() : List.of()).as("rules that no seed has reached")
                .isEmpty();
    }
}
