package org.jpatroni.decide;

import java.util.List;
import java.util.Optional;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.model.PostgresView.Replication;
import org.jpatroni.model.SyncState;

/**
 * Who may take part in a leader race under synchronous replication. What {@code /sync} says counts, not only the mode that is set: it may
 * have been changed a moment ago.
 *
 * @param forced an operator wants this member to lead whatever is lost by that
 * @param moves a switchover is requested
 */
record SyncRace(Situation s, SyncState stored, boolean forced, boolean moves) {

    static SyncRace of(Situation s, Optional<FailoverRequest> request) {
        boolean namesMe = request.flatMap(FailoverRequest::candidate).filter(s.self()::equals).isPresent();
        boolean moves = request.flatMap(FailoverRequest::leader).isPresent();
        return new SyncRace(s, s.snapshot().sync(), namesMe && !moves, moves);
    }

    /** Synchronous mode is on, and a leader has taken it up. */
    boolean isActive() {
        return s.facts().dynamic().isSynchronous() && stored.leader().isPresent();
    }

    /** A voter, or the primary that wrote the key. */
    private boolean isListed(String name) {
        return stored.matches(name) || stored.leader().filter(name::equalsIgnoreCase).isPresent();
    }

    /** Whether /sync promises that the data of this member hold every acknowledged commit. */
    boolean isPromised() {
        return isActive() && isListed(s.self());
    }

    private boolean wasLeader() {
        return stored.leader().filter(s.self()::equalsIgnoreCase).isPresent();
    }

    /** Not listed, and votes cannot make up for that. */
    boolean isExcluded() {
        return isActive() && !forced && !isListed(s.self()) && (moves || !s.facts().dynamic().isQuorum());
    }

    /** Whether somebody else must not be waited for, because it is excluded. */
    boolean excludes(String name) {
        return isActive() && moves && !isListed(name);
    }

    /** Whether others must be asked before this member may lead. */
    boolean needsVotes() {
        return isActive() && !forced && !wasLeader() && (stored.quorum() > 0 || !isListed(s.self()));
    }

    /** How many votes are missing: each is of a listed member that is not ahead of this one. */
    int missingVotes() {
        if (!needsVotes()) {
            return 0;
        }
        Lsn mine = s.replication().map(Replication::walPosition).orElse(Lsn.ZERO);
        long votes = s.peers().orElse(List.of()).stream()
                .filter(peer -> isListed(peer.name()) && peer.reachable() && peer.inRecovery()
                        && peer.walPosition().filter(theirs -> theirs.isAfter(Lsn.ZERO) && theirs.minus(mine) <= 0)
                                .isPresent())
                .count();
        long own = isListed(s.self()) ? 0 : -1;
        return (int) Math.max(0, stored.quorum() - (votes + own));
    }

    /**
     * Those that this member defers to when they are ahead: not the old primary, which may be ahead by what nobody was told. Nobody can be ahead
     * of the old primary itself, so if somebody is, its data are not those that it had.
     */
    List<PeerAnswer> rivals(List<PeerAnswer> peers) {
        return isActive() && !wasLeader()
                ? peers.stream().filter(peer -> stored.matches(peer.name())).toList()
                : peers;
    }
}
