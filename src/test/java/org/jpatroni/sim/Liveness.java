package org.jpatroni.sim;

import java.util.Optional;

/** Invariant 12: one primary that holds the lease, every member that can streams its timeline, no request to move the leader is left. */
final class Liveness {

    /** Records that a standby may be behind while clients write. */
    private static final int LAG_RECORDS = 30;

    private Liveness() {
    }

    /**
     * How long healing may take: the lease runs out, a crash recovery or a slow start that had begun in bad times ends, somebody races,
     * the others are rewound or copied anew.
     */
    static int budgetSeconds(SimSetup setup) {
        return 240 + 2 * setup.ttlSeconds() + 3 * setup.loopWaitSeconds()
                + setup.settings().backoffSeconds();
    }

    static Optional<String> whatIsMissing(SimCluster cluster) {
        Optional<SimNode> primary = cluster.writable();
        if (primary.isEmpty()) {
            return Optional
                    .of("nobody accepts writes; the lease is held by " + cluster.store().leader().orElse("nobody"));
        }
        String name = primary.get().name();
        if (!cluster.store().leader().equals(Optional.of(name))) {
            return Optional
                    .of(name + " accepts writes, the lease is held by " + cluster.store().leader().orElse("nobody"));
        }
        if (!primary.get().answersPrimary()) {
            return Optional.of(name + " does not answer /primary with 200: " + primary.get().shown());
        }
        String request = cluster.store().memory().valueOf(SimStore.KEYS.failover()).orElse("{}");
        if (!request.equals("{}")) {
            return Optional.of("the key failover still says " + request);
        }
        for (SimNode node : cluster.nodes()) {
            Optional<String> missing = node == primary.get()
                    ? Optional.empty()
                    : missingAt(node, primary.get(), cluster);
            if (missing.isPresent()) {
                return missing;
            }
        }
        return Optional.empty();
    }

    /**
     * Two promotions gave two timelines of one number. pg_rewind sees nothing to do: where no setting permits a new copy, only an operator
     * can throw one of them away.
     */
    private static boolean isForked(SimPostgres server, SimPostgres primary, SimSetup setup) {
        return !setup.settings().discards() && primary.wal().hasForkOf(server.wal());
    }

    static Optional<String> missingAt(SimNode node, SimNode primary, SimCluster cluster) {
        SimPostgres server = node.server();
        boolean cascadesFromForked = node.tags().replicatefrom().isPresent()
                && cluster.servers().stream().anyMatch(other -> isForked(other, primary.server(), cluster.setup())
                        && node.tags().replicatefrom().get().equals(other.name()));
        if (isForked(server, primary.server(), cluster.setup()) || cascadesFromForked) {
            return Optional.empty();
        }
        String who = node.name() + " ";
        if (!node.isAgentResponsive()) {
            return Optional.of(who + "has no agent");
        }
        if (!server.isUp()) {
            return Optional.of(who + "is " + server.phase() + ", data " + server.data());
        }
        if (server.wal().timeline() != primary.server().wal().timeline()) {
            return Optional.of(who + "is on timeline " + server.wal().timeline() + " instead of "
                    + primary.server().wal().timeline());
        }
        if (server.receiver().source().isEmpty()) {
            return Optional.of(who + "does not stream");
        }
        int behind = primary.server().wal().size() - server.wal().size();
        if (behind > LAG_RECORDS || !primary.server().wal().hasPrefix(server.wal())) {
            return Optional.of(who + "is " + behind + " records behind");
        }
        return Optional.empty();
    }
}
