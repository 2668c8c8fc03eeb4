package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jpatroni.decide.Facts.LeaseView;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresView.Replication;
import org.jpatroni.model.StoredStatus;

/** Keeping the lease: before anything else, so that a fault in a rule further down cannot cost a healthy primary its lock. */
final class LeaseRules {

    static final List<Rule> RULES = List.of(
            new Rule("lease.hand-over", "A planned stop has reached its shutdown checkpoint.",
                    "Nobody can write any more and everything is in the WAL: the key is released now, not when the process is gone.",
                    LeaseRules::handOver),
            new Rule("lease.renew",
                    "This node holds the lease, the store was read, and the lease has not been extended in this cycle.",
                    "The lease must be proven, not assumed; the deadline counts from sending (design: safety rules). A primary that has just crashed is started first while more than half of the lease is left.",
                    LeaseRules::renew),
            new Rule("lease.adopt", "The leader key carries this node's name, but this agent has not confirmed it.",
                    "An agent that was restarted takes its own lease over, as Patroni does; an acquisition whose answer was lost is confirmed the same way.",
                    LeaseRules::adopt),
            new Rule("lease.reacquire", "The lease has not run out, but somebody deleted the leader key.",
                    "Patroni: an operator who deletes the key does not demote a healthy primary.",
                    LeaseRules::reacquire),
            new Rule("lease.ends",
                    "The lease of a primary ends within the stop budget, and the store did not extend it in this cycle.",
                    "A store that answers questions and refuses writes is no better than none: stop while the lease still holds.",
                    LeaseRules::ends));

    private LeaseRules() {
    }

    private static Optional<Rule.Outcome> handOver(Situation s) {
        return handsOver(s) && s.facts().handover().isPresent() && s.leaseNotExpired() && s.storeSeen()
                ? s.decide(new Decision.ReleaseLease(s.facts().handover()), Reason.of(Sentence.HAND_OVER))
                : pass();
    }

    /** A planned stop is under way or done. The position of an earlier one means nothing once the server runs again. */
    private static boolean handsOver(Situation s) {
        return s.running().filter(Action::stopsPrimary).isPresent()
                || s.facts().handover().isPresent() && s.replication().isEmpty();
    }

    private static Optional<Rule.Outcome> renew(Situation s) {
        if (!s.storeSeen() || !s.holdsLease() || s.leaseAttemptedThisCycle()
                || RecoveryRules.startsBeforeRenewal(s)) {
            return pass();
        }
        return renewalIsDue(s)
                ? s.decideOnce(new Decision.RenewLease(statusToStore(s)), Reason.of(Sentence.LEASE_RENEW))
                : pass();
    }

    /** Whether the last confirmation is older than half a cycle. After a renewal was tried it says that the store did not confirm it. */
    static boolean renewalIsDue(Situation s) {
        return s.facts().lease() instanceof LeaseView.Held held && s.since(held.confirmedAtNanos())
                .compareTo(Duration.ofSeconds(s.facts().dynamic().loopWaitSeconds()).dividedBy(2)) >= 0;
    }

    private static Optional<Rule.Outcome> adopt(Situation s) {
        boolean named = s.storeSeen() && s.snapshot().isLeader(s.self());
        boolean givenUp = s.memory().gaveUpLeadership().filter(until -> !s.isPast(until)).isPresent();
        boolean alreadyTried = switch (s.facts().lease()) {
            case LeaseView.NotHeld notHeld -> s.isThisCycle(notHeld.renewedAtNanos());
            case LeaseView.Held held -> s.leaseAttemptedThisCycle();
        };
        if (!named || s.holdsLease() || alreadyTried || givenUp || !s.dataPresent() || s.hasForeignData()
                || handsOver(s) || s.facts().request() == Facts.Request.SHUTDOWN) {
            return pass();
        }
        return s.decide(new Decision.RenewLease(Optional.empty()), Reason.of(Sentence.LEASE_ADOPT, s.self()));
    }

    private static Optional<Rule.Outcome> reacquire(Situation s) {
        if (!s.storeSeen() || !s.leaseNotExpired() || s.snapshot().leader().isPresent()
                || s.leaseAttemptedThisCycle() || !s.writable() || s.hasForeignData() || handsOver(s)
                || s.facts().request() == Facts.Request.SHUTDOWN) {
            return pass();
        }
        return s.decide(new Decision.AcquireLease(), Reason.of(Sentence.ACQUIRE));
    }

    private static Optional<Rule.Outcome> ends(Situation s) {
        if (!s.mayBePrimary() || !s.leaseNotExpired() || s.paused() || s.running().isPresent()
                || s.facts().request() == Facts.Request.SHUTDOWN || !s.leaseAttemptedThisCycle()
                || s.leaseLeft().compareTo(s.stopBudget()) > 0) {
            return pass();
        }
        return ActionRules.beginStop(s, new Action.Demote(Action.Demote.Mode.OFFLINE),
                Reason.of(Sentence.DEMOTE_UNCONFIRMED));
    }

    /** The position and slots of a primary, or of a standby leader; nothing while it is not known to be one. */
    static Optional<StoredStatus> statusToStore(Situation s) {
        Optional<Lsn> written = s.writable()
                ? s.replication().flatMap(Replication::writtenLsn)
                : s.replication().filter(replication -> replication.inRecovery() && s.standbyCluster())
                        .map(Replication::walPosition);
        return written.map(position -> SlotRules.status(s, position));
    }
}
