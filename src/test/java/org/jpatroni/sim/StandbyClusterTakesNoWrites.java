package org.jpatroni.sim;

/**
 * A standby cluster has no primary: no agent that knows of it promotes a server or starts one as a primary, and a server that was one
 * when the cluster became a standby cluster is demoted. Holds for agents that have read the configuration, and not for what is done by
 * hand in maintenance mode.
 */
final class StandbyClusterTakesNoWrites implements Invariants.Checker {

    private static final long SECOND = 1_000_000_000L;
    private static final long NEVER = Long.MIN_VALUE / 2;
    /** What was begun before the agent knew. */
    private static final long BEGUN_BEFORE_NANOS = 3 * SECOND;
    private static final long DEMOTION_NANOS = 60 * SECOND;

    private final SimCluster cluster;
    private final long[] knowsSinceNanos;
    private final long[] wellSinceNanos;

    StandbyClusterTakesNoWrites(SimCluster cluster) {
        this.cluster = cluster;
        this.knowsSinceNanos = new long[cluster.setup().nodes()];
        this.wellSinceNanos = new long[cluster.setup().nodes()];
        java.util.Arrays.fill(knowsSinceNanos, NEVER);
        java.util.Arrays.fill(wellSinceNanos, NEVER);
    }

    @Override
    public void check() {
        // A store that was wiped is filled again with what the leader knew before.
        boolean standby = cluster.maintenance().settings().standbyCluster()
                && cluster.store().memory().valueOf(SimStore.KEYS.config()).orElse("").contains("standby_cluster");
        long now = cluster.kernel().nowNanos();
        for (SimNode node : cluster.nodes()) {
            int i = node.index();
            boolean knows = standby && cluster.store().hasReadConfig(i);
            knowsSinceNanos[i] = !knows ? NEVER : knowsSinceNanos[i] == NEVER ? now : knowsSinceNanos[i];
            boolean well = knows && node.isAgentResponsive() && !node.server().isStalled()
                    && node.server().pace().slowStopChance < 0.1 && !cluster.maintenance().isPaused()
                    && !node.believesInPause();
            wellSinceNanos[i] = !well ? NEVER : wellSinceNanos[i] == NEVER ? now : wellSinceNanos[i];
            if (node.server().acceptsWrites() && wellSinceNanos[i] != NEVER
                    && now - wellSinceNanos[i] > DEMOTION_NANOS) {
                cluster.kernel()
                        .fail("standby cluster: " + node.name() + " accepts writes, and knows that it must not");
            }
        }
    }

    @Override
    public void before(String act, SimNode node) {
        boolean writes = act.equals("promote") || act.equals("start as primary") || act.equals("bootstrap");
        long since = knowsSinceNanos[node.index()];
        if (writes && since != NEVER && cluster.kernel().nowNanos() - since > BEGUN_BEFORE_NANOS) {
            cluster.kernel().fail("standby cluster: " + act + " of " + node.name());
        }
    }
}
