package org.jpatroni.sim;

/** How long things take here, in milliseconds; faults make it worse for a while. */
final class SimPace {
    double slowStartChance;
    double slowStopChance;
    double slowPromoteChance;
    /** How much later than the network would have it WAL arrives here. */
    long streamDelayMillis;

    /** As on any day. */
    void normal() {
        set(0.02);
    }

    /** As on a disk in trouble. */
    void slow() {
        set(0.5);
    }

    void calm() {
        set(0);
    }

    private void set(double chance) {
        slowStartChance = chance;
        slowStopChance = chance;
        slowPromoteChance = chance;
    }
}
