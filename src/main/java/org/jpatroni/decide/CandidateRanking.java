package org.jpatroni.decide;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PeerAnswer;

/** Who should lead: the most advanced member, and among members whose lag is tolerable the one with the highest priority. */
final class CandidateRanking {

    private CandidateRanking() {
    }

    /**
     * A candidate.
     *
     * @param priority {@code failover_priority}; 0 never leads
     */
    record Standing(String name, Lsn position, int timeline, int priority) {
    }

    /**
     * The peer that should lead rather than this node, if any. A later timeline counts before a position. A peer with a higher priority
     * is preferred when it is not further behind than {@code maximumLagBytes} (Patroni: failover_priority); a peer with a lower priority
     * that is ahead by no more than that does not count as ahead.
     */
    static Optional<Standing> better(Standing me, List<PeerAnswer> peers, long maximumLagBytes) {
        return peers.stream()
                .filter(peer -> peer.reachable() && peer.inRecovery() && peer.walPosition().isPresent()
                        && !peer.watchdogFailed() && peer.tags().failoverPriority() > 0)
                .map(peer -> new Standing(peer.name(), peer.walPosition().orElseThrow(), peer.timeline().orElse(0),
                        peer.tags().failoverPriority()))
                .filter(peer -> isBetter(peer, me, maximumLagBytes))
                .max(Comparator.comparingInt(Standing::priority).thenComparing(Standing::position)
                        .thenComparing(Standing::name, Comparator.reverseOrder()));
    }

    private static boolean isBetter(Standing peer, Standing me, long maximumLagBytes) {
        if (peer.timeline() != me.timeline() && peer.timeline() > 0 && me.timeline() > 0) {
            return peer.timeline() > me.timeline();
        }
        long aheadBytes = peer.position().minus(me.position());
        if (peer.priority() != me.priority()) {
            return peer.priority() > me.priority() ? aheadBytes >= -maximumLagBytes : aheadBytes > maximumLagBytes;
        }
        return aheadBytes > 0;
    }
}
