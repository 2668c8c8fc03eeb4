package org.jpatroni.postgres;

import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/** What the agent knows of logical slots that PostgreSQL does not tell. From any thread; void with the end of the server. */
final class SlotNotes {

    private final Set<String> broken = ConcurrentHashMap.newKeySet();
    private final Set<String> confirmed = ConcurrentHashMap.newKeySet();
    private volatile SortedSet<String> onStandby = new TreeSet<>();
    private volatile boolean feedbackForced;

    /** Advancing it failed because its WAL is gone. */
    boolean isBroken(String name) {
        return broken.contains(name);
    }

    void broken(String name) {
        broken.add(name);
    }

    /** A slot of a standby is safe to use after a promotion; true when that is new. */
    boolean confirmed(String name) {
        return confirmed.add(name);
    }

    /** Logical slots of this standby that were there when last looked and are not confirmed; empty: none. */
    Optional<SortedSet<String>> unconfirmed() {
        SortedSet<String> names = new TreeSet<>(onStandby);
        names.removeAll(confirmed);
        return names.isEmpty() ? Optional.empty() : Optional.of(names);
    }

    void onStandby(SortedSet<String> logicalSlots) {
        onStandby = logicalSlots;
    }

    /** Whether this agent has set {@code hot_standby_feedback}. */
    boolean isFeedbackForced() {
        return feedbackForced;
    }

    void feedbackForced(boolean forced) {
        feedbackForced = forced;
    }

    /** Nothing is known any more of one slot. */
    void forget(String name) {
        broken.remove(name);
        confirmed.remove(name);
    }

    /** Nothing is known any more of any slot. */
    void forgetAll() {
        broken.clear();
        confirmed.clear();
        onStandby = new TreeSet<>();
    }
}
