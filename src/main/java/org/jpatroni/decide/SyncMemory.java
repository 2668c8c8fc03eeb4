package org.jpatroni.decide;

import java.util.Optional;
import org.jpatroni.model.Lsn;

/**
 * What a primary remembers of synchronous replication.
 *
 * @param standbyNames the value of {@code synchronous_standby_names} that the rest is about
 * @param seenAtNanos when it was first seen in effect
 * @param safeLsn every commit past this position has waited for the standbys of that value; empty while that is not known. A standby that
 *        has reached it lacks nothing that was acknowledged before.
 * @param aloneSinceNanos since when no standby is there that could be synchronous; empty while there is one
 * @param strictTold the operator was told that commits wait for a standby that is not there
 */
public record SyncMemory(String standbyNames, long seenAtNanos, Optional<Lsn> safeLsn, Optional<Long> aloneSinceNanos,
        boolean strictTold) {

    public static final SyncMemory NOTHING = new SyncMemory("", 0, Optional.empty(), Optional.empty(), false);
}
