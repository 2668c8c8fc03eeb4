package org.jpatroni.decide;

import java.util.Optional;
import org.jpatroni.model.Lsn;

/**
 * What a member remembers of synchronous replication.
 *
 * @param standbyNames the value of {@code synchronous_standby_names} that the position is about
 * @param seenAtNanos when it was first seen in effect
 * @param safeLsn every commit past this position has waited for the standbys of that value; empty while that is not known. A standby that
 *        has reached it lacks nothing that was acknowledged before.
 * @param primarySinceNanos since when this server accepts writes, as far as this agent has seen; empty on a standby
 * @param strictTold the operator was told that commits wait for a standby that is not there
 * @param storeInDoubt a write of {@code /sync} got no answer: it may still happen
 * @param asideSinceNanos since when this standby asks not to be a synchronous one, because its agent ends
 */
public record SyncMemory(String standbyNames, long seenAtNanos, Optional<Lsn> safeLsn,
        Optional<Long> primarySinceNanos, boolean strictTold, boolean storeInDoubt, Optional<Long> asideSinceNanos) {

    public static final SyncMemory NOTHING = new SyncMemory("", 0, Optional.empty(), Optional.empty(), false, false,
            Optional.empty());

    SyncMemory withNames(String names, long seenAt) {
        return new SyncMemory(names, seenAt, Optional.empty(), primarySinceNanos, strictTold, storeInDoubt,
                asideSinceNanos);
    }

    SyncMemory withSafeLsn(Lsn position) {
        return new SyncMemory(standbyNames, seenAtNanos, Optional.of(position), primarySinceNanos, strictTold,
                storeInDoubt, asideSinceNanos);
    }

    SyncMemory withPrimarySince(Optional<Long> nanos) {
        return new SyncMemory(standbyNames, seenAtNanos, safeLsn, nanos, strictTold, storeInDoubt, asideSinceNanos);
    }

    SyncMemory withStrictTold(boolean told) {
        return new SyncMemory(standbyNames, seenAtNanos, safeLsn, primarySinceNanos, told, storeInDoubt,
                asideSinceNanos);
    }

    /** The same after a write of {@code /sync}. */
    public SyncMemory withStoreInDoubt(boolean doubt) {
        return new SyncMemory(standbyNames, seenAtNanos, safeLsn, primarySinceNanos, strictTold, doubt,
                asideSinceNanos);
    }

    SyncMemory withAsideSince(Optional<Long> nanos) {
        return new SyncMemory(standbyNames, seenAtNanos, safeLsn, primarySinceNanos, strictTold, storeInDoubt, nanos);
    }
}
