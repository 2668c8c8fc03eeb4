package org.jpatroni.decide;

import java.time.Instant;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What is remembered of replication slots.
 *
 * @param seen when each member's slot was last wanted, for {@code member_slots_ttl}
 * @param syncedAtNanos when slots were last looked after
 * @param ours names of the slots that this agent looks after: wanted before, or there when it first looked at this server
 * @param look the server that was looked at; empty: none yet, or the cluster was paused
 * @param copiedAtNanos when copying logical slots was last begun
 * @param copies how often in a row it was
 */
public record SlotMemory(SortedMap<String, Long> seen, long syncedAtNanos, SortedSet<String> ours, Optional<Look> look,
        long copiedAtNanos, int copies) {

    /** A running server: what it has when it is first seen may be left over from before. */
    public record Look(Optional<Instant> postmasterStart) {
    }

    static SlotMemory fresh(long longAgoNanos) {
        return new SlotMemory(Collections.emptySortedMap(), longAgoNanos, Collections.emptySortedSet(),
                Optional.empty(), longAgoNanos, 0);
    }

    public SlotMemory {
        seen = Collections.unmodifiableSortedMap(new TreeMap<>(seen));
        ours = Collections.unmodifiableSortedSet(new TreeSet<>(ours));
    }

    SlotMemory withSeen(SortedMap<String, Long> changed) {
        return new SlotMemory(changed, syncedAtNanos, ours, look, copiedAtNanos, copies);
    }

    SlotMemory withSyncedAt(long nanos) {
        return new SlotMemory(seen, nanos, ours, look, copiedAtNanos, copies);
    }

    SlotMemory withOurs(SortedSet<String> names, Optional<Look> lookedAt) {
        return new SlotMemory(seen, syncedAtNanos, names, lookedAt, copiedAtNanos, copies);
    }

    SlotMemory withCopies(long begunAtNanos, int count) {
        return new SlotMemory(seen, syncedAtNanos, ours, look, begunAtNanos, count);
    }
}
