package org.jpatroni.api;

import java.util.ArrayDeque;
import java.util.OptionalDouble;

/**
 * Lag in seconds from positions seen over time: how long ago was the leader where this node is now? Needs neither clocks that agree nor
 * transactions that commit, so an idle cluster does not seem to fall behind. As fine as the looks at it are frequent. Safe for all event loops.
 */
final class LagClock {

    private static final int LOOKS_MAX = 64;

    /** Where the leader was, and when that was first known. */
    private record Look(long atNanos, long position) {
    }

    private final ArrayDeque<Look> looks = new ArrayDeque<>();
    private long stepNanos;
    private long lastPosition;

    /**
     * Takes note of the positions of now and answers how long this node is behind.
     *
     * @param leaderPosition in bytes
     * @param ownPosition in bytes
     * @return empty when the leader was further than this node as far back as is known
     */
    synchronized OptionalDouble seconds(long nowNanos, long leaderPosition, long ownPosition) {
        boolean leaderFellBack = !looks.isEmpty() && leaderPosition < looks.getLast().position();
        if (ownPosition < lastPosition || leaderFellBack) {
            looks.clear(); // Rewound, made anew, or another leader: another history.
        }
        lastPosition = ownPosition;
        if (ownPosition >= leaderPosition) {
            looks.clear();
            stepNanos = 0;
            looks.addLast(new Look(nowNanos, leaderPosition));
            return OptionalDouble.of(0);
        }
        if (looks.isEmpty() || nowNanos - looks.getLast().atNanos() >= stepNanos) {
            looks.addLast(new Look(nowNanos, leaderPosition));
        }
        Look caughtUp = null;
        while (!looks.isEmpty() && looks.getFirst().position() <= ownPosition) {
            caughtUp = looks.removeFirst();
        }
        if (caughtUp == null) {
            thin();
            return OptionalDouble.empty();
        }
        looks.addFirst(caughtUp);
        thin();
        return OptionalDouble.of((nowNanos - caughtUp.atNanos()) / 1e9);
    }

    /** A node that is behind for long needs no fine record: every second look goes, and from now on they come half as often. */
    private void thin() {
        if (looks.size() > LOOKS_MAX) {
            ArrayDeque<Look> kept = new ArrayDeque<>();
            boolean keep = true;
            for (Look look : looks) {
                if (keep) {
                    kept.addLast(look);
                }
                keep = !keep;
            }
            stepNanos = (looks.getLast().atNanos() - looks.getFirst().atNanos()) / (LOOKS_MAX / 2);
            looks.clear();
            looks.addAll(kept);
        }
    }
}
