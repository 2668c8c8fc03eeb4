package org.jpatroni.model;

import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * The key {@code sync}: who may take over without losing a transaction acknowledged under synchronous replication.
 *
 * @param leader the primary that wrote it
 * @param syncStandbys sorted names
 * @param quorum how many of the standbys may lag in quorum mode; 0 in priority mode
 * @param version for compare-and-set; 0 when the key does not exist
 */
public record SyncState(Optional<String> leader, List<String> syncStandbys, int quorum, long version) {

    public static final SyncState ABSENT = new SyncState(Optional.empty(), Collections.emptyList(), 0, 0);

    public SyncState {
        syncStandbys = syncStandbys.stream().sorted().toList();
    }

    /** Whether the name is a listed standby; PostgreSQL compares application names without case. */
    public boolean matches(String name) {
        return leader.isPresent() && syncStandbys.stream().anyMatch(standby -> standby.equalsIgnoreCase(name));
    }
}
