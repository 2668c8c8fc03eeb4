package org.jpatroni.sim;

/** Clients that write to whoever takes writes, and remember what was acknowledged. */
final class Workload {

    private final SimCluster cluster;
    private final SimKernel kernel;
    private long transactions;
    private long acknowledged;

    Workload(SimCluster cluster) {
        this.cluster = cluster;
        this.kernel = cluster.kernel();
    }

    void begin() {
        kernel.afterMillis(kernel.random().between(150, 900), () -> {
            writeSomewhere();
            begin();
        });
    }

    private void writeSomewhere() {
        transactions++;
        for (SimNode node : cluster.nodes()) {
            if (node.server().commit(transactions)) {
                acknowledged++;
            }
        }
    }

    long acknowledged() {
        return acknowledged;
    }
}
