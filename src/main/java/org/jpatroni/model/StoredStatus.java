package org.jpatroni.model;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The key {@code status} (or the older {@code optime/leader}): what the leader last told.
 *
 * @param leaderLsn position written by the leader ({@code optime}); zero when unknown
 * @param slots positions of the leader's slots by slot name
 * @param retainSlots slots of members that were away, kept for {@code member_slots_ttl}
 */
public record StoredStatus(Lsn leaderLsn, SortedMap<String, Lsn> slots, List<String> retainSlots) {

    public static final StoredStatus EMPTY = new StoredStatus(Lsn.ZERO, new TreeMap<>(), Collections.emptyList());

    public StoredStatus(Lsn leaderLsn, Map<String, Lsn> slots, List<String> retainSlots) {
        this(leaderLsn, (SortedMap<String, Lsn>) new TreeMap<>(slots), retainSlots);
    }

    public StoredStatus {
        slots = Collections.unmodifiableSortedMap(new TreeMap<>(slots));
        retainSlots = Collections.unmodifiableList(new java.util.ArrayList<>(retainSlots));
    }
}
