package org.jpatroni.decide;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PeerAnswer;

/** Who should lead: the most advanced member, and among equally advanced ones the one with the highest priority. */
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
     * The peer that should lead rather than this node, if any: the best of those that are on a later timeline, or ahead, or equal with a
     * higher priority (Patroni: whoever has more WAL is preferred regardless of failover_priority).
     */
    static Optional<Standing> better(Standing me, List<PeerAnswer> peers) {
        return peers.stream()
                .filter(peer -> peer.reachable() && peer.inRecovery() && peer.walPosition().isPresent()
                        && !peer.watchdogFailed() && peer.tags().failoverPriority() > 0)
                .map(peer -> new Standing(peer.name(), peer.walPosition().orElseThrow(), peer.timeline().orElse(0),
                        peer.tags().failoverPriority()))
                .filter(peer -> isBetter(peer, me))
                .max(Comparator.comparingInt(Standing::timeline).thenComparing(Standing::position)
                        .thenComparingInt(Standing::priority).thenComparing(Standing::name, Comparator.reverseOrder()));
    }

    private static boolean isBetter(Standing peer, Standing me) {
        if (peer.timeline() != me.timeline() && peer.timeline() > 0 && me.timeline() > 0) {
            return peer.timeline() > me.timeline();
        }
        int ahead = peer.position().compareTo(me.position());
        return ahead > 0 || ahead == 0 && peer.priority() > me.priority();
    }
}
