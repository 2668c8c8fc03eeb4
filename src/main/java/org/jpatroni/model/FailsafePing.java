package org.jpatroni.model;

import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a primary that cannot reach the store tells the other members ({@code POST /failsafe}): it is there, and asks them not to take the lead.
 *
 * @param name its member name
 * @param connUrl where its PostgreSQL listens
 * @param apiUrl where its REST API listens
 * @param slots confirmed positions by slot name; empty when it sent none
 * @param ttlSeconds for how long it counts on the answer; 0 when it did not say, as Patroni's members do: then the receiver's own ttl counts
 */
public record FailsafePing(String name, String connUrl, String apiUrl, Optional<SortedMap<String, Lsn>> slots,
        int ttlSeconds) {

    public FailsafePing {
        slots = slots.map(given -> Collections.unmodifiableSortedMap(new TreeMap<>(given)));
    }
}
