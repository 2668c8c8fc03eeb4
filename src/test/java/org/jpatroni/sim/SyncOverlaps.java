package org.jpatroni.sim;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jpatroni.sim.SimSync.Stored;

/**
 * 5: whoever can win a race by the key {@code sync} has met somebody who had to confirm every commit. Looked at whenever the key or the
 * setting in effect changes, while the leader takes writes. Voters are the members of the key but for the primary itself; a race needs
 * the candidate and {@code quorum} others of them. Without a key synchronous replication is off, or was not yet turned on; while the
 * mode is off, and until the leader has seen that it is on again, the key means nothing.
 */
final class SyncOverlaps implements Invariants.Checker {

    private final SimCluster cluster;
    private String seen = "";

    SyncOverlaps(SimCluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public void check() {
        Stored sync = cluster.sync().stored();
        String leader = cluster.store().leader().orElse("");
        if (sync.isAbsent() || leader.isEmpty() || cluster.maintenance().mayHaveTurnedSyncOff()) {
            return;
        }
        for (SimNode node : cluster.nodes()) {
            if (node.name().equals(leader) && node.server().acceptsWrites()
                    && !cluster.invariants().isExcused(node)) {
                look(node, sync);
            }
        }
    }

    private void look(SimNode primary, Stored sync) {
        SimCommits commits = primary.server().commits();
        String now = primary.name() + commits.shown() + commits.sessionsWait() + sync;
        if (now.equals(seen)) {
            return;
        }
        seen = now;
        TreeSet<String> voters = new TreeSet<>(sync.standbys());
        voters.add(sync.leader().toLowerCase(Locale.ROOT));
        voters.remove(primary.name().toLowerCase(Locale.ROOT));
        List<String> named = commits.sessionsWait() ? commits.names().names() : List.of();
        TreeSet<String> confirming = new TreeSet<>(named);
        int needed = commits.sessionsWait() ? commits.names().count() : 0;
        if (canMissEachOther(voters, sync.quorum() + 1, confirming, needed)) {
            cluster.kernel().fail("invariant 5: " + primary.name() + " acknowledges by '" + commits.shown()
                    + (commits.sessionsWait() ? "'" : "' (sessions do not wait)") + " and /sync says " + sync);
        }
    }

    /** Whether so many voters can be chosen that so many of those who confirm are left without any of them. */
    static boolean canMissEachOther(Set<String> voters, int votes, Set<String> confirming, int needed) {
        if (votes > voters.size()) {
            return false; // such a race needs the primary's own vote, which has everything
        }
        TreeSet<String> others = new TreeSet<>(voters);
        others.removeAll(confirming);
        int met = Math.max(0, votes - others.size());
        return confirming.size() - met >= needed;
    }
}
