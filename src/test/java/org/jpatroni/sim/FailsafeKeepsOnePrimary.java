package org.jpatroni.sim;

/**
 * DCS failsafe mode: while a primary goes on by the agreement of all members, none of them is promoted or started as a primary. Holds for
 * agents that have not been started again since: they have forgotten what they promised, and see the primary when they ask who is there.
 */
final class FailsafeKeepsOnePrimary implements Invariants.Checker {

    private final SimCluster cluster;

    FailsafeKeepsOnePrimary(SimCluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public void check() {
        // only what is about to happen matters
    }

    @Override
    public void before(String act, SimNode node) {
        if (!act.equals("promote") && !act.equals("start as primary")) {
            return;
        }
        for (SimNode other : cluster.nodes()) {
            if (other != node && other.server().acceptsWrites() && cluster.failsafe().isAgreed(other)
                    && !cluster.invariants().isExcused(other)) {
                cluster.kernel().fail("failsafe: " + act + " of " + node.name() + " while all stand back for "
                        + other.name());
            }
        }
    }
}
