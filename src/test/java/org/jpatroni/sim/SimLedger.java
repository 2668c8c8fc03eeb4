package org.jpatroni.sim;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jpatroni.sim.SimSync.Stored;

/**
 * What clients were told. A commit is promised to survive when it was acknowledged by the server that the key {@code sync} names as its
 * leader: from then on only members of that key may lead, and they have it. The promise ends when an operator gives it up: he turns
 * {@code synchronous_mode} off, deletes the key, makes a member lead by hand that is not listed, or makes the cluster follow another one; and
 * when a disk is lost, because synchronous replication is no help against that.
 */
final class SimLedger {

    private final SimCluster cluster;
    private final List<SimWal.Entry> promised = new ArrayList<>();
    private final Set<String> untrusted = new TreeSet<>();
    private long acknowledged;
    private long promisedInAll;

    SimLedger(SimCluster cluster) {
        this.cluster = cluster;
        cluster.servers().forEach(server -> server.commits().onAcknowledged(this::acknowledged));
    }

    private void acknowledged(SimPostgres primary, SimWal.Entry commit) {
        acknowledged++;
        Stored stored = cluster.sync().stored();
        boolean trusted = untrusted.stream()
                .noneMatch(name -> stored.lists(name) || stored.leader().equalsIgnoreCase(name));
        if (trusted && stored.leader().equalsIgnoreCase(primary.name())
                && !cluster.maintenance().settings().standbyCluster()) {
            promised.add(commit);
            promisedInAll++;
        }
    }

    /** The disk of a member is lost, with what it has confirmed: promises count again once the key does not name it any more. */
    void distrust(SimNode node) {
        giveUpAll("the disk of " + node.name() + " is lost");
        untrusted.add(node.name());
    }

    void check() {
        if (!untrusted.isEmpty()) {
            Stored stored = cluster.sync().stored();
            untrusted.removeIf(name -> !stored.lists(name) && !stored.leader().equalsIgnoreCase(name));
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
