package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.util.List;
import java.util.Optional;
import org.jpatroni.decide.Action.Demote;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.model.PostgresRole;

/** PostgreSQL accepts writes and this node does not hold the lease. */
final class PrimaryRules {

    static final List<Rule> RULES = List.of(
            new Rule("primary.paused", "A primary without the lease in a paused cluster.",
                    "Patroni: in maintenance mode a primary stays one, also beside another; it takes the lease if it is free.",
                    PrimaryRules::paused),
            new Rule("primary.not-leader", "Another member holds the lease.",
                    "Two primaries: the one without the lease stops.", PrimaryRules::notLeader),
            new Rule("primary.timeline-behind",
                    "Nobody holds the lease, and the cluster has seen a later timeline than mine.",
                    "Somebody was promoted after me: my writes are not the cluster's.", PrimaryRules::timelineBehind),
            new Rule("primary.ask-peers", "Nobody holds the lease and the others were not asked in this cycle.",
                    "A primary that was away must look around before it takes the lease back.",
                    PrimaryRules::askPeers),
            new Rule("primary.other-primary",
                    "Nobody holds the lease, and another primary is on my timeline or a later one.",
                    "Patroni: an old primary that returns must not win against one that was promoted meanwhile.",
                    PrimaryRules::otherPrimary),
            new Rule("primary.not-in-sync",
                    "Nobody holds the lease, and under synchronous replication another member is stored as the primary.",
                    "It held the lease after this one, and may have acknowledged what is not here.",
                    PrimaryRules::notInSync),
            new Rule("primary.acquire", "Nobody holds the lease and nobody else is a primary.",
                    "The running primary is the best candidate: no client has to move.", PrimaryRules::acquire),
            new Rule("primary.unconfirmed", "The lease was asked for in this cycle and not granted.",
                    "Without a confirmed lease a primary stops; Unknown counts as no.", PrimaryRules::unconfirmed));

    private PrimaryRules() {
    }

    private static boolean applies(Situation s) {
        return s.writable() && !s.holdsLease() && s.running().isEmpty();
    }

    private static Optional<Rule.Outcome> paused(Situation s) {
        if (!applies(s) || !s.paused()) {
            return pass();
        }
        if (s.snapshot().isUnlocked() && !s.leaseAttemptedThisCycle()) {
            return s.decide(new Decision.AcquireLease(), Reason.of(Sentence.ACQUIRE));
        }
        if (s.facts().role() != PostgresRole.PRIMARY) {
            return s.decide(new Decision.ShowRole(PostgresRole.PRIMARY),
                    Reason.of(Sentence.SHOW_ROLE, PostgresRole.PRIMARY.wireText()));
        }
        Reason reason = s.otherLeads()
                ? Reason.of(Sentence.PAUSED_WITHOUT_LOCK, s.leaderName())
                : Reason.of(Sentence.PAUSED_NO_ACTION, s.self());
        return MemberRules.publishIfDue(s).or(() -> s.rest(reason));
    }

    private static Optional<Rule.Outcome> notLeader(Situation s) {
        return applies(s) && s.otherLeads() ? demote(s, Reason.of(Sentence.DEMOTE_NOT_LEADER)) : pass();
    }

    private static Optional<Rule.Outcome> timelineBehind(Situation s) {
        int known = s.snapshot().history().latestTimeline();
        return applies(s) && s.timeline() > 0 && s.timeline() < known
                ? demote(s, Reason.of(Sentence.TIMELINE_BEHIND, s.timeline(), known))
                : pass();
    }

    private static Optional<Rule.Outcome> askPeers(Situation s) {
        if (!applies(s) || !s.snapshot().isUnlocked() || s.peers().isPresent() || s.leaseAttemptedThisCycle()) {
            return pass();
        }
        return s.decide(new Decision.AskPeers(s.rivals()), Reason.of(Sentence.ASK_PEERS, RaceRules.names(s.rivals())));
    }

    private static Optional<Rule.Outcome> otherPrimary(Situation s) {
        if (!applies(s)) {
            return pass();
        }
        Optional<PeerAnswer> rival = s.peers().orElse(List.of()).stream()
                .filter(peer -> peer.reachable() && !peer.inRecovery() && peer.timeline().orElse(0) >= s.timeline())
                .findFirst();
        return rival.isPresent()
                ? demote(s,
                        Reason.of(Sentence.DEMOTE_OTHER_PRIMARY, rival.get().name(), rival.get().timeline().orElse(0)))
                : pass();
    }

    private static Optional<Rule.Outcome> notInSync(Situation s) {
        Optional<String> stored = s.snapshot().sync().leader().filter(name -> !name.equalsIgnoreCase(s.self()));
        return applies(s) && s.storeSeen() && s.facts().dynamic().isSynchronous() && stored.isPresent()
                ? demote(s, Reason.of(Sentence.DEMOTE_NOT_SYNC_LEADER, stored.get()))
                : pass();
    }

    private static Optional<Rule.Outcome> acquire(Situation s) {
        return applies(s) && s.snapshot().isUnlocked() && !s.leaseAttemptedThisCycle()
                ? s.decide(new Decision.AcquireLease(), Reason.of(Sentence.ACQUIRE))
                : pass();
    }

    private static Optional<Rule.Outcome> unconfirmed(Situation s) {
        return applies(s) ? demote(s, Reason.of(Sentence.DEMOTE_UNCONFIRMED)) : pass();
    }

    private static Optional<Rule.Outcome> demote(Situation s, Reason reason) {
        return ActionRules.beginStop(s, new Demote(Demote.Mode.NOT_LEADER), reason);
    }
}
