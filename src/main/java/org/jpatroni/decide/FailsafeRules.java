package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jpatroni.decide.Facts.LeaseView;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.model.FailsafeAnswer;
import org.jpatroni.model.FailsafePing;
import org.jpatroni.model.Member;
import org.jpatroni.model.StoredStatus;

/**
 * Failsafe mode: a primary goes on without the store while all members agree, and those who agreed stand back (Patroni: "DCS Failsafe Mode").
 * What was agreed extends the lease, counted from sending; so everything that stops a primary in time needs to know nothing of it.
 */
final class FailsafeRules {

    /** Less than this before the stop there is no time for an answer. */
    private static final Duration ASK_MIN = Duration.ofMillis(100);
    /** For all answers of a round; Patroni's members use the same. */
    private static final Duration ASK_MAX = Duration.ofSeconds(2);

    static final List<Rule> RULES = List.of(
            new Rule("failsafe.ask",
                    "The store does not confirm the lease of this primary, failsafe_mode is on, and the members were not asked in this cycle.",
                    "Patroni: the primary may go on while every member of the key failsafe agrees.",
                    FailsafeRules::ask),
            new Rule("failsafe.demote",
                    "A primary that goes on by agreement got no agreement for the shorter of loop_wait and retry_timeout.",
                    "Patroni: if one member does not answer, the primary is demoted; here after a second attempt.",
                    FailsafeRules::demote),
            new Rule("failsafe.slots", "Somebody leads by agreement, and slots were not looked after in this cycle.",
                    "Patroni: positions travel with the question, so that WAL is not kept for ever.",
                    FailsafeRules::syncSlots),
            new Rule("failsafe.hold", "This primary goes on by agreement of all members.",
                    "What they promised holds for a ttl from when they were asked.", FailsafeRules::hold),
            new Rule("failsafe.stand-back",
                    "No leader in the store, and this standby has promised a primary to stand back.",
                    "Patroni: a primary that lost only its store is alive; the promise holds for a ttl, also when the mode was turned off since.",
                    FailsafeRules::standBack),
            new Rule("failsafe.not-a-member",
                    "No leader, failsafe_mode is on, and the key failsafe does not name this standby.",
                    "Patroni: whom the primary does not ask must not lead, also by hand: turn the mode off first.",
                    FailsafeRules::notAMember));

    private FailsafeRules() {
    }

    /** Nobody proves the lease: the store cannot be read, or refuses to extend it. */
    private static boolean isUnconfirmed(Situation s) {
        return !s.storeSeen() || s.leaseAttemptedThisCycle() && LeaseRules.renewalIsDue(s);
    }

    private static boolean mayGoOn(Situation s) {
        boolean primary = s.mayBePrimary() || ActionRules.startsPrimary(s);
        boolean stops = s.running().filter(Action::stopsPrimary).isPresent();
        return s.facts().dynamic().failsafeMode() && !s.paused() && primary && !stops && s.leaseNotExpired()
                && isUnconfirmed(s);
    }

    /** What was last read of the store was written while this node led, so nobody else has changed the key since. */
    private static boolean knowsMembers(Situation s) {
        return (s.snapshot().isLeader(s.self()) || s.snapshot().isUnlocked() && isAgreed(s))
                && s.snapshot().failsafe().containsKey(s.self());
    }

    private static boolean isAgreed(Situation s) {
        return s.facts().failsafe().agreedUntilNanos().filter(until -> !s.isPast(until)).isPresent();
    }

    private static Optional<Failsafe.Round> lastRound(Situation s) {
        return s.facts().failsafe().round();
    }

    private static Optional<Rule.Outcome> ask(Situation s) {
        Duration time = s.leaseLeft().minus(s.stopBudget());
        if (!mayGoOn(s) || !knowsMembers(s) || time.compareTo(ASK_MIN) < 0 || !isDue(s)) {
            return pass();
        }
        SortedMap<String, String> members = new TreeMap<>(s.snapshot().failsafe());
        members.putAll(s.memory().failsafe().attempted());
        members.remove(s.self());
        Facts.Node node = s.facts().node();
        FailsafePing ping = new FailsafePing(node.name(), node.connUrl(), node.apiUrl(),
                LeaseRules.statusToStore(s).map(StoredStatus::slots), s.facts().dynamic().ttlSeconds());
        return s.decide(new Decision.AskFailsafe(members, ping, time.compareTo(ASK_MAX) < 0 ? time : ASK_MAX),
                Reason.of(Sentence.FAILSAFE_ASK, String.join(", ", members.keySet())));
    }

    /** Once in a cycle; whatever wakes the loop, an agreement of a moment ago need not be had again. */
    private static boolean isDue(Situation s) {
        Duration halfCycle = Duration.ofSeconds(s.facts().dynamic().loopWaitSeconds()).dividedBy(2);
        return lastRound(s).filter(round -> s.isThisCycle(round.sentAtNanos())
                || isAgreed(s) && round.isAccepted() && s.since(round.sentAtNanos()).compareTo(halfCycle) < 0)
                .isEmpty();
    }

    private static Optional<Rule.Outcome> demote(Situation s) {
        DemoteLimit limit = new DemoteLimit(s);
        if (!mayGoOn(s) || !isAgreed(s) || !limit.isOver()) {
            return pass();
        }
        return ActionRules.beginStop(s, new Action.Demote(Action.Demote.Mode.OFFLINE),
                Reason.of(Sentence.FAILSAFE_DEMOTE, refusals(s)));
    }

    /** How long rounds may fail in a row; failures from before the last confirmation by the store do not count. */
    private record DemoteLimit(Situation s) {

        boolean isOver() {
            Duration limit = Duration.ofSeconds(Math.min(s.facts().dynamic().loopWaitSeconds(),
                    s.facts().dynamic().retryTimeoutSeconds()));
            return lastRound(s).filter(round -> s.isThisCycle(round.sentAtNanos()))
                    .flatMap(Failsafe.Round::failingSinceNanos)
                    .filter(since -> s.facts().lease() instanceof LeaseView.Held held
                            && since - held.confirmedAtNanos() > 0 && s.since(since).compareTo(limit) >= 0)
                    .isPresent();
        }
    }

    private static String refusals(Situation s) {
        return lastRound(s).map(Failsafe.Round::answers).orElse(List.of()).stream()
                .filter(answer -> !answer.isAccepted()).map(FailsafeAnswer::member).collect(Collectors.joining(", "));
    }

    private static Optional<Rule.Outcome> syncSlots(Situation s) {
        return s.leadsByAgreement() && s.running().isEmpty() && s.replication().isPresent()
                ? SlotRules.syncIfDue(s)
                : pass();
    }

    private static Optional<Rule.Outcome> hold(Situation s) {
        Duration untilStop = s.leaseLeft().minus(s.stopBudget());
        if (!mayGoOn(s) || !isAgreed(s) || s.storeSeen() && !s.snapshot().isUnlocked() || s.running().isPresent()
                || !untilStop.isPositive()) {
            return pass();
        }
        boolean all = lastRound(s).filter(Failsafe.Round::isAccepted).isPresent();
        Duration rest = all ? s.restOfCycle() : s.shortRest();
        return s.decide(new Decision.Rest(untilStop.compareTo(rest) < 0 ? untilStop : rest), all
                ? Reason.of(Sentence.FAILSAFE_HOLD)
                : Reason.of(Sentence.FAILSAFE_FAILING, s.leaseLeft().toMillis(), refusals(s)));
    }

    private static Optional<Rule.Outcome> standBack(Situation s) {
        if (!isRace(s) || s.facts().failsafe().primary().isEmpty()) {
            return pass();
        }
        String primary = s.facts().failsafe().primary().get().ping().name();
        return MemberRules.publishIfDue(s)
                .or(() -> s.rest(Reason.of(Sentence.SECONDARY_NO_ACTION, s.self(), primary)));
    }

    private static Optional<Rule.Outcome> notAMember(Situation s) {
        SortedMap<String, String> members = s.snapshot().failsafe();
        if (!isRace(s) || !s.facts().dynamic().failsafeMode() || members.isEmpty() || members.containsKey(s.self())) {
            return pass();
        }
        return MemberRules.publishIfDue(s).or(() -> s.restShortly(Reason.of(Sentence.FAILSAFE_NOT_A_MEMBER)));
    }

    private static boolean isRace(Situation s) {
        return s.storeSeen() && s.snapshot().isUnlocked() && s.inRecovery() && s.running().isEmpty();
    }

    /** Keeps the key {@code failsafe} as the members are; deletes it when the mode is off. For the holder of the lease. */
    static Optional<Rule.Outcome> publishMembers(Situation s) {
        SortedMap<String, String> wanted = wantedMembers(s);
        if (!s.storeSeen() || wanted.equals(s.snapshot().failsafe())) {
            return pass();
        }
        SortedMap<String, String> attempted = new TreeMap<>(s.memory().failsafe().attempted());
        attempted.putAll(wanted);
        return new Situation(s.facts(), s.memory().withFailsafe(new Failsafe.Remembered(attempted)))
                .decideOnce(new Decision.WriteFailsafe(wanted), Reason.of(Sentence.FAILSAFE_MEMBERS));
    }

    private static SortedMap<String, String> wantedMembers(Situation s) {
        SortedMap<String, String> wanted = new TreeMap<>();
        if (s.facts().dynamic().failsafeMode()) {
            for (Member member : s.snapshot().members()) {
                member.apiUrl().ifPresent(url -> wanted.put(member.name(), url));
            }
            wanted.put(s.self(), s.facts().node().apiUrl());
        }
        return wanted;
    }

    /** The memory of a leader at rest: what the store shows is all that there is. */
    static Memory settled(Situation s, Memory memory) {
        boolean stored = s.storeSeen() && wantedMembers(s).equals(s.snapshot().failsafe());
        return stored && !memory.failsafe().attempted().isEmpty()
                ? memory.withFailsafe(Failsafe.Remembered.NOTHING)
                : memory;
    }
}
