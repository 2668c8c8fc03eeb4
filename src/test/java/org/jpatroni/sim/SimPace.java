package org.jpatroni.sim;

/** How long things take here, in milliseconds; faults make it worse for a while. */
final class SimPace {
    double slowStartChance;
    double slowStopChance;
    double slowPromoteChance;
    /** What fails for no reason that an agent could know. */
    double promoteFailChance;
    double startFailChance;
    double bootstrapFailChance;
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
        promoteFailChance = 0;
        startFailChance = 0;
        bootstrapFailChance = 0;
    }

    private void set(double chance) {
        slowStartChance = chance;
        slowStopChance = chance;
        slowPromoteChance = chance;
    }
}
