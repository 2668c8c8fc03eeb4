package org.jpatroni.sim;

/** Clients that write to whoever takes writes; some lose patience. {@link SimLedger} remembers what they were told. */
final class Workload {

    private static final double IMPATIENT = 0.03;

    private final SimCluster cluster;
    private final SimKernel kernel;
    private long transactions;

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
            if (node.server().commit(transactions) && node.server().commits().waiting() > 1
                    && kernel.random().chance(IMPATIENT)) {
                node.server().commits().cancelOldest();
            }
        }
    }
}
