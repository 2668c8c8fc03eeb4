package org.jpatroni.api;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * How long standbys have stood still while they were behind. PostgreSQL's {@code replay_lag} is its last measurement: it does not grow when a
 * standby replays nothing any more, which is when it matters. Safe for all event loops.
 */
final class SenderClock {

    /** Where a standby was when it was first seen there, and behind. */
    private record Stand(long position, long sinceNanos) {
    }

    private final Map<String, Stand> stands = new HashMap<>();

    /** How long this standby has been at this position, as far as was seen; 0 when it was elsewhere, or not behind, at the look before. */
    synchronized double stoodStillSeconds(String member, long replayed, boolean behind, long nowNanos) {
        Stand before = stands.get(member);
        if (!behind) {
            stands.remove(member);
        } else if (before == null || before.position() != replayed) {
            stands.put(member, new Stand(replayed, nowNanos));
        } else {
            return Math.max(0, (nowNanos - before.sinceNanos()) / 1e9);
        }
        return 0;
    }

    /** Forgets all others. */
    synchronized void keepOnly(Set<String> members) {
        stands.keySet().retainAll(members);
    }
}
