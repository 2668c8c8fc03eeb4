package org.jpatroni.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jpatroni.sim.SimSync.Stored;

/**
 * 2: no promised commit (see {@link SimLedger}) is missing in the history of a later primary. Looked at whenever a server begins to take
 * writes and when its node gets the lease. An operator may give promises up: by a failover (not a switchover) to a member that is not
 * listed, by promoting or starting a server by hand, by leaving two primaries alone in maintenance mode, and by deleting the key {@code sync}, until the leader has written it again.
 *
 * <p>9: nobody throws away, rewinds or copies over data that is the only one to hold a promised commit.
 */
final class SyncCommitsSurvive implements Invariants.Checker {

    /** An agent acts on a request that it saw a moment ago. */
    private static final long NAMED_NANOS = 30_000_000_000L;

    private final SimCluster cluster;
    private final boolean[] wrote;
    private final boolean[] led;
    private boolean keyWasThere;
    private final long[] forcedAtNanos;

    SyncCommitsSurvive(SimCluster cluster) {
        this.cluster = cluster;
        int nodes = cluster.setup().nodes();
        this.wrote = new boolean[nodes];
        this.led = new boolean[nodes];
        this.forcedAtNanos = new long[nodes];
        java.util.Arrays.fill(forcedAtNanos, Long.MIN_VALUE / 2);
    }

    @Override
    public void check() {
        boolean keyIsThere = !cluster.sync().stored().isAbsent();
        if (keyWasThere && !keyIsThere && cluster.maintenance().mayHaveTurnedSyncOff()) {
            cluster.ledger().giveUpAll("synchronous_mode is off");
        }
        keyWasThere = keyIsThere;
        cluster.ledger().check();
        String leader = cluster.store().leader().orElse("");
        String request = cluster.store().memory().valueOf(SimStore.KEYS.failover()).orElse("{}");
        for (SimNode node : cluster.nodes()) {
            int i = node.index();
            if (request.contains("\"member\":\"" + node.name() + "\"") && !request.contains("\"leader\"")) {
                forcedAtNanos[i] = cluster.kernel().nowNanos();
            }
            boolean writes = node.server().acceptsWrites();
            boolean leads = node.name().equals(leader);
            if (writes && leads && !(wrote[i] && led[i])) {
                becomesPrimary(node);
            }
            wrote[i] = writes;
            led[i] = leads;
        }
    }

    private void becomesPrimary(SimNode node) {
        List<SimWal.Entry> missing = cluster.ledger().missingIn(node.server().wal());
        if (missing.isEmpty()) {
            return;
        }
        boolean forced = cluster.kernel().nowNanos() - forcedAtNanos[node.index()] < NAMED_NANOS;
        Stored sync = cluster.sync().stored();
        if (forced) {
            cluster.ledger().giveUp("failover by hand to " + node.name(), missing);
        } else if (node.believesInPause() && wrote[node.index()]) {
            cluster.ledger().giveUp("in maintenance mode a second primary takes the free lease, " + node.name(),
                    missing);
        } else if (cluster.maintenance().hasMadePrimary(node)) {
            cluster.ledger().giveUp("made a primary by hand, " + node.name(), missing);
        } else {
            cluster.kernel().fail("invariant 2: " + node.name() + " leads and lacks " + missing.size()
                    + " acknowledged commits from " + missing.getFirst().endLsn() + " on; /sync says " + sync);
        }
    }

    @Override
    public void before(String act, SimNode node) {
        if (!act.equals("remove data") && !act.equals("rewind") && !act.equals("clone")) {
            return;
        }
        List<SimWal.Entry> only = new ArrayList<>(cluster.ledger().heldBy(node.server().wal()));
        for (SimNode other : cluster.nodes()) {
            if (other != node && !only.isEmpty() && other.server().data() == SimPostgres.Data.PRESENT) {
                only.retainAll(cluster.ledger().missingIn(other.server().wal()));
            }
        }
        if (!only.isEmpty()) {
            cluster.kernel().fail(String.format(Locale.ROOT,
                    "invariant 9: %s of %s, the only one to hold %d acknowledged commits", act, node.name(),
                    only.size()));
        }
    }
}
