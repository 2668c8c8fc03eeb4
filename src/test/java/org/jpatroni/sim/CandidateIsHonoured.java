package org.jpatroni.sim;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whom an operator has named takes over, or nobody does for that request: no other member is promoted while the named one could be. Holds
 * for requests made while somebody else led, and after some seconds without trouble at the candidate and the store.
 */
final class CandidateIsHonoured implements Invariants.Checker {

    private static final long QUIET_NANOS = 12_000_000_000L;
    private static final Pattern MEMBER = Pattern.compile("\"member\":\"([^\"]+)\"");

    private final SimCluster cluster;
    private final long[] troubleAtNanos;
    private long netTroubleAtNanos;
    private String request = "{}";
    private Optional<String> leaderThen = Optional.empty();

    CandidateIsHonoured(SimCluster cluster) {
        this.cluster = cluster;
        this.troubleAtNanos = new long[cluster.setup().nodes()];
    }

    @Override
    public void check() {
        long now = cluster.kernel().nowNanos();
        String stored = cluster.store().memory().valueOf(SimStore.KEYS.failover()).orElse("{}");
        if (!stored.equals(request)) {
            request = stored;
            leaderThen = cluster.store().leader();
        }
        if (cluster.maintenance().isPaused() || !cluster.network().isQuiet() || !cluster.store().isHealthy()) {
            netTroubleAtNanos = now;
        }
        for (SimNode node : cluster.nodes()) {
            SimPostgres server = node.server();
            if (!node.isAgentResponsive() || !server.isUp() || server.isStalled()
                    || node.tags().failoverPriority() <= 0) {
                troubleAtNanos[node.index()] = now;
            }
        }
    }

    @Override
    public void before(String act, SimNode node) {
        Matcher member = MEMBER.matcher(request);
        boolean others = leaderThen.isPresent() && !leaderThen.get().equals(node.name());
        if (!act.equals("promote") || !others || request.contains("scheduled_at") || !member.find()
                || !isQuiet(netTroubleAtNanos)) {
            return;
        }
        for (SimNode candidate : cluster.nodes()) {
            SimWal mine = node.server().wal();
            SimWal theirs = candidate.server().wal();
            if (candidate != node && !candidate.mayNotLead() && candidate.name().equals(member.group(1))
                    && candidate.server().inRecovery()
                    && isQuiet(troubleAtNanos[candidate.index()]) && theirs.timeline() == mine.timeline()
                    && theirs.size() >= mine.size() && theirs.hasPrefix(mine)
                    && !cluster.sync().excluded(candidate.name(), node.name())) {
                cluster.kernel()
                        .fail("a named candidate: " + node.name() + " is promoted, and " + request + " is stored");
            }
        }
    }

    private boolean isQuiet(long troubleNanos) {
        return cluster.kernel().nowNanos() - troubleNanos > QUIET_NANOS;
    }
}
