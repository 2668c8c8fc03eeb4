package org.jpatroni.sim;

import java.util.List;

/** A small seeded generator (SplitMix64). Streams forked by purpose do not disturb one another when one of them draws more. */
final class SimRandom {

    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    private long state;

    SimRandom(long seed) {
        this.state = mix(seed * GOLDEN + 0x1234567L);
    }

    SimRandom fork(String purpose) {
        return new SimRandom(state ^ ((long) purpose.hashCode() << 20));
    }

    long nextLong() {
        state += GOLDEN;
        return mix(state);
    }

    /** From 0 up to, without, the bound. */
    long below(long bound) {
        return Math.floorMod(nextLong() >>> 1, Math.max(1, bound));
    }

    int below(int bound) {
        return (int) below((long) bound);
    }

    /** Both ends included. */
    long between(long low, long high) {
        return low + below(high - low + 1);
    }

    double fraction() {
        return (nextLong() >>> 11) * 0x1.0p-53;
    }

    boolean chance(double probability) {
        return fraction() < probability;
    }

    <T> T pick(List<T> choices) {
        return choices.get(below(choices.size()));
    }

    static long mix(long value) {
        long mixed = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
        return mixed ^ (mixed >>> 31);
    }
}
