package org.jpatroni.sim;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jpatroni.sim.SimSync.Stored;

/**
 * What clients were told. A commit is promised to survive when it was acknowledged by the server that the key {@code sync} names as its
 * leader: from then on only members of that key may lead, and they have it. The promise ends when an operator gives it up: he turns
 * {@code synchronous_mode} off, deletes the key, or makes a member lead by hand that is not listed.
 */
final class SimLedger {

    private final SimCluster cluster;
    private final List<SimWal.Entry> promised = new ArrayList<>();
    private long acknowledged;
    private long promisedInAll;

    SimLedger(SimCluster cluster) {
        this.cluster = cluster;
        cluster.servers().forEach(server -> server.commits().onAcknowledged(this::acknowledged));
    }

    private void acknowledged(SimPostgres primary, SimWal.Entry commit) {
        acknowledged++;
        Stored stored = cluster.sync().stored();
        if (stored.leader().equalsIgnoreCase(primary.name())) {
            promised.add(commit);
            promisedInAll++;
        }
    }

    /** All commits that a client knows to be done. */
    long acknowledged() {
        return acknowledged;
    }

    /** All that were ever promised, over the whole run. */
    long promisedInAll() {
        return promisedInAll;
    }

    /** Promised commits that this history has not. */
    List<SimWal.Entry> missingIn(SimWal wal) {
        Set<SimWal.Entry> there = Collections.newSetFromMap(new IdentityHashMap<>());
        there.addAll(wal.entries());
        return promised.stream().filter(commit -> !there.contains(commit)).toList();
    }

    /** Promised commits that this history has. */
    List<SimWal.Entry> heldBy(SimWal wal) {
        Set<SimWal.Entry> there = Collections.newSetFromMap(new IdentityHashMap<>());
        there.addAll(wal.entries());
        return promised.stream().filter(there::contains).toList();
    }

    /** An operator has given these up. */
    void giveUp(String why, List<SimWal.Entry> commits) {
        if (!commits.isEmpty()) {
            cluster.kernel().trace("ledger", why + ": " + commits.size() + " commits are given up");
            Set<SimWal.Entry> gone = Collections.newSetFromMap(new IdentityHashMap<>());
            gone.addAll(commits);
            promised.removeIf(gone::contains);
        }
    }

    void giveUpAll(String why) {
        giveUp(why, List.copyOf(promised));
    }
}
