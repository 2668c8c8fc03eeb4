package org.jpatroni.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * One-way message legs between machines and the store: each leg takes its time, may be slow, lost, or cut. Cuts are by direction, so a
 * partition may be asymmetric.
 */
final class SimNetwork {

    /** The store's place in the network; machines are 0 and up. */
    static final int STORE = -1;

    /** No traffic from one place to another; {@link #ANYWHERE} stands for all places. */
    record Cut(int from, int to) {
    }

    static final int ANYWHERE = -2;

    private final SimKernel kernel;
    private final List<Cut> cuts = new ArrayList<>();
    private double lossChance;
    private double slowChance;
    private long slowMillis;
    private int slowRepliesTo;
    private long slowRepliesMillis;

    SimNetwork(SimKernel kernel) {
        this.kernel = kernel;
    }

    /** Answers of the store to that machine take so long; zero for an end of it. */
    void slowReplies(int machine, long millis) {
        slowRepliesTo = machine;
        slowRepliesMillis = millis;
    }

    boolean isQuiet() {
        return cuts.isEmpty() && lossChance == 0 && slowChance == 0 && slowRepliesMillis == 0;
    }

    void setWeather(double loss, double slow, long slowUpToMillis) {
        this.lossChance = loss;
        this.slowChance = slow;
        this.slowMillis = slowUpToMillis;
    }

    void cut(Cut cut) {
        cuts.add(cut);
    }

    void heal(Cut cut) {
        cuts.remove(cut);
    }

    void healAll() {
        cuts.clear();
        setWeather(0, 0, 0);
        slowReplies(0, 0);
    }

    boolean isCut(int from, int to) {
        if (from == to) {
            return false;
        }
        for (Cut cut : cuts) {
            if ((cut.from() == from || cut.from() == ANYWHERE) && (cut.to() == to || cut.to() == ANYWHERE)) {
                return true;
            }
        }
        return false;
    }

    /** Both directions work. */
    boolean isConnected(int one, int other) {
        return !isCut(one, other) && !isCut(other, one);
    }

    /** How long a message sent now takes; empty when it never arrives. */
    OptionalLong legNanos(int from, int to) {
        SimRandom random = kernel.random();
        if (isCut(from, to) || random.chance(lossChance)) {
            return OptionalLong.empty();
        }
        if (from == to) {
            return OptionalLong.of(random.between(20_000, 200_000));
        }
        if (from == STORE && to == slowRepliesTo && slowRepliesMillis > 0) {
            return OptionalLong.of(random.between(slowRepliesMillis / 2, slowRepliesMillis) * 1_000_000L);
        }
        if (random.chance(slowChance)) {
            return OptionalLong.of(random.between(1_000_000, slowMillis * 1_000_000L + 1_000_000));
        }
        return OptionalLong.of(random.between(200_000, 4_000_000));
    }
}
