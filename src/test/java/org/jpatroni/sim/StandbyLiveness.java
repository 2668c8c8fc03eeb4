package org.jpatroni.sim;

import java.util.Optional;

/** Invariant 12 in a standby cluster: the holder of the lease streams from the remote primary, all others from inside the cluster. */
final class StandbyLiveness {

    private StandbyLiveness() {
    }

    static Optional<String> whatIsMissing(SimCluster cluster) {
        String leader = cluster.store().leader().orElse("nobody");
        Optional<SimNode> holder = cluster.nodes().stream().filter(node -> node.name().equals(leader)).findFirst();
        if (holder.isEmpty()) {
            return Optional.of("the lease is held by " + leader);
        }
        SimPostgres remote = cluster.remote().orElseThrow();
        SimPostgres server = holder.get().server();
        if (!server.isUp() || !server.inRecovery()) {
            return Optional.of(leader + " leads and is " + server.phase()
                    + (server.inRecovery() ? "" : ", no standby"));
        }
        if (!server.receiver().source().equals(Optional.of(remote))) {
            return Optional.of(leader + " leads and does not stream from the remote");
        }
        String request = cluster.store().memory().valueOf(SimStore.KEYS.failover()).orElse("{}");
        if (!request.equals("{}")) {
            return Optional.of("the key failover still says " + request);
        }
        for (SimNode node : cluster.nodes()) {
            Optional<String> missing = node == holder.get()
                    ? Optional.empty()
                    : Liveness.missingAt(node, holder.get(), cluster);
            if (missing.isPresent()) {
                return missing;
            }
        }
        return Optional.empty();
    }
}
