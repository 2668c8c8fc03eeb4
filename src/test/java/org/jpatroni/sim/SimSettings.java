package org.jpatroni.sim;

import java.util.List;
import java.util.Locale;

/**
 * The key {@code config} as an operator writes it.
 *
 * @param timeouts {@code ttl}, {@code loop_wait} and {@code retry_timeout} in seconds
 * @param sync {@code synchronous_mode}: {@code false}, {@code true} or {@code "quorum"}, as in JSON
 * @param strict {@code synchronous_mode_strict}
 * @param nodeCount {@code synchronous_node_count}
 * @param syncLagBytes {@code maximum_lag_on_syncnode}; -1 is no limit
 * @param failsafe {@code failsafe_mode}
 * @param standbyCluster whether there is a section {@code standby_cluster}, which names {@link SimRemote}
 * @param checkTimeline {@code check_timeline}
 * @param discards whether diverged data may be thrown away when pg_rewind does not help
 * @param lagBytes {@code maximum_lag_on_failover}
 * @param startTimeoutSeconds {@code primary_start_timeout}
 * @param backoffSeconds {@code primary_race_backoff}
 */
record SimSettings(List<Integer> timeouts, String sync, boolean strict, int nodeCount, long syncLagBytes,
        boolean failsafe, boolean standbyCluster, boolean checkTimeline, boolean discards, long lagBytes,
        int startTimeoutSeconds, int backoffSeconds) {

    static final String OFF = "false";
    static final String ON = "true";
    static final String QUORUM = "\"quorum\"";

    private static final List<List<Integer>> TIMEOUTS = List.of(List.of(30, 10, 10), List.of(30, 10, 10),
            List.of(20, 5, 5), List.of(15, 3, 5), List.of(60, 10, 20));
    private static final List<List<Integer>> OTHER_TIMEOUTS = List.of(List.of(30, 10, 10), List.of(20, 5, 5),
            List.of(60, 20, 20), List.of(15, 3, 5));

    static SimSettings drawn(SimRandom random) {
        return new SimSettings(random.pick(TIMEOUTS), random.pick(List.of(OFF, OFF, ON, QUORUM)), random.chance(0.25),
                random.pick(List.of(1, 1, 1, 2, 2, 3)), random.pick(List.of(-1L, -1L, 1_048_576L, 3000L)),
                random.chance(0.3), false, random.chance(0.4), random.chance(0.6),
                random.pick(List.of(1_048_576L, 1_048_576L, 1_048_576L, 5000L)),
                random.pick(List.of(300, 300, 300, 30, 5, 0)), random.pick(List.of(0, 0, 0, 0, 6, 30)));
    }

    boolean isSynchronous() {
        return !sync.equals(OFF);
    }

    int ttlSeconds() {
        return timeouts.get(0);
    }

    int loopWaitSeconds() {
        return timeouts.get(1);
    }

    int retryTimeoutSeconds() {
        return timeouts.get(2);
    }

    SimSettings withOtherTimeouts(SimRandom random) {
        return new SimSettings(random.pick(OTHER_TIMEOUTS), sync, strict, nodeCount, syncLagBytes, failsafe,
                standbyCluster, checkTimeline, discards, lagBytes, startTimeoutSeconds, backoffSeconds);
    }

    SimSettings withSync(String mode, boolean isStrict, int nodes) {
        return new SimSettings(timeouts, mode, isStrict, nodes, syncLagBytes, failsafe, standbyCluster, checkTimeline,
                discards, lagBytes, startTimeoutSeconds, backoffSeconds);
    }

    SimSettings withFailsafe(boolean on) {
        return new SimSettings(timeouts, sync, strict, nodeCount, syncLagBytes, on, standbyCluster, checkTimeline,
                discards, lagBytes, startTimeoutSeconds, backoffSeconds);
    }

    SimSettings withStandbyCluster(boolean on) {
        return new SimSettings(timeouts, sync, strict, nodeCount, syncLagBytes, failsafe, on, checkTimeline,
                discards, lagBytes, startTimeoutSeconds, backoffSeconds);
    }

    /** One of the modes is changed. */
    SimSettings withOtherModes(SimRandom random) {
        return switch (random.below(5)) {
            case 0 -> withSync(random.pick(List.of(OFF, ON, QUORUM)), strict, nodeCount);
            case 1 -> withSync(sync, !strict, nodeCount);
            case 2, 3 -> withSync(sync, strict, (int) random.between(1, 3));
            default -> withFailsafe(!failsafe);
        };
    }

    String json(boolean paused) {
        String remote = standbyCluster
                ? "\"standby_cluster\": {\"host\": \"%s\", \"port\": 5432}, ".formatted(SimRemote.HOST)
                : "";
        String pause = paused ? SimMaintenance.PAUSE : "";
        return String.format(Locale.ROOT, "{%s\"ttl\": %d, \"loop_wait\": %d, \"retry_timeout\": %d, "
                + "\"maximum_lag_on_failover\": %d, \"check_timeline\": %b, \"synchronous_mode\": %s, "
                + "\"synchronous_mode_strict\": %b, \"synchronous_node_count\": %d, \"maximum_lag_on_syncnode\": %d, "
                + "\"failsafe_mode\": %b, \"primary_start_timeout\": %d, \"primary_race_backoff\": %d, %s"
                + "\"postgresql\": {\"use_pg_rewind\": true, \"use_slots\": true, "
                + "\"remove_data_directory_on_rewind_failure\": %b, "
                + "\"remove_data_directory_on_diverged_timelines\": %b}}", pause, ttlSeconds(), loopWaitSeconds(),
                retryTimeoutSeconds(), lagBytes, checkTimeline, sync, strict, nodeCount, syncLagBytes, failsafe,
                startTimeoutSeconds, backoffSeconds, remote, discards, discards);
    }
}
