package org.jpatroni.sim;

/**
 * A leader race has the right winner: nobody is promoted while another member that could have led is ahead. Holds only after some seconds
 * without trouble between these two and the store; a requested candidate may be behind, who is no synchronous standby does not count,
 * and who races after the store was wiped does not know how far the old primary was.
 */
final class MostAdvancedLeads implements Invariants.Checker {

    private static final long QUIET_NANOS = 12_000_000_000L;

    private final SimCluster cluster;
    private final long[] troubleAtNanos;
    private long netTroubleAtNanos;

    MostAdvancedLeads(SimCluster cluster) {
        this.cluster = cluster;
        this.troubleAtNanos = new long[cluster.setup().nodes()];
    }

    @Override
    public void check() {
        long now = cluster.kernel().nowNanos();
        boolean asked = !cluster.store().memory().valueOf(SimStore.KEYS.failover()).orElse("{}").equals("{}");
        boolean wiped = cluster.store().memory().valueOf(SimStore.KEYS.status()).isEmpty();
        if (wiped || asked || cluster.maintenance().isPaused() || !cluster.network().isQuiet()
                || !cluster.store().isHealthy()) {
            netTroubleAtNanos = now;
        }
        for (SimNode node : cluster.nodes()) {
            SimPostgres server = node.server();
            if (!node.isAgentResponsive() || !server.isUp() || !server.inRecovery() || server.isStalled()) {
                troubleAtNanos[node.index()] = now;
            }
        }
    }

    @Override
    public void before(String act, SimNode node) {
        if (!act.equals("promote") || !isQuiet(netTroubleAtNanos)) {
            return;
        }
        for (SimNode other : cluster.nodes()) {
            boolean couldLead = other != node && !other.mayNotLead() && isQuiet(troubleAtNanos[other.index()])
                    && other.tags().failoverPriority() >= Math.max(1, node.tags().failoverPriority());
            SimWal mine = node.server().wal();
            SimWal theirs = other.server().wal();
            if (couldLead && theirs.timeline() == mine.timeline() && theirs.size() > mine.size()
                    && theirs.hasPrefix(mine) && !cluster.sync().excluded(other.name(), node.name())) {
                cluster.kernel().fail("leader race: " + node.name() + " is promoted at " + mine.end() + " while "
                        + other.name() + " is at " + theirs.end());
            }
        }
    }

    private boolean isQuiet(long troubleNanos) {
        return cluster.kernel().nowNanos() - troubleNanos > QUIET_NANOS;
    }
}
