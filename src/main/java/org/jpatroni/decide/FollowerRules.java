package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jpatroni.decide.Memory.Divergence;
import org.jpatroni.decide.Memory.Phase;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.Upstream;

/** Another member leads, and this node's PostgreSQL is in recovery. */
final class FollowerRules {

    static final int REWIND_ATTEMPTS = 3;
    /** Where nothing may be done about a divergence. */
    private static final Duration LOOK_AGAIN = Duration.ofMinutes(1);
    private static final Duration ASK_AGAIN = Duration.ofSeconds(10);
    /** After no answer: doubled each time, up to the maximum. A leader that is gone with its agent keeps its key until the lease ends. */
    private static final Duration UNANSWERED_FIRST = Duration.ofMillis(300);
    private static final Duration UNANSWERED_MAX = Duration.ofSeconds(5);

    static final List<Rule> RULES = List.of(
            new Rule("follower.follow", "Another member leads and this standby streams from somebody else.",
                    "Patroni: replicas follow the leader, or the member of the tag replicatefrom.",
                    FollowerRules::follow),
            new Rule("follower.heal", "This standby's history has left the leader's.",
                    "Patroni: pg_rewind, else a new copy where that is allowed; at once where both have different timelines of the same number.",
                    FollowerRules::heal),
            new Rule("follower.check-divergence", "This standby does not stream from a leader that can serve.",
                    "Either the leader is not ready yet, or the histories have parted.",
                    FollowerRules::checkDivergence),
            new Rule("follower.show-role", "Another member leads and this node shows another role than replica.",
                    "The role on the wire follows the facts.", FollowerRules::showRole),
            new Rule("follower.slots", "Slots were not looked after in this cycle.",
                    "Patroni: every member keeps the slots of all, so that a failover loses none.",
                    FollowerRules::syncSlots),
            new Rule("follower.copy-slots",
                    "A permanent logical slot of the leader is missing here, or its WAL is gone here.",
                    "Patroni: slots. A standby cannot create one at the leader's position, so its state is copied, which takes a restart.",
                    FollowerRules::copySlots),
            new Rule("follower.publish", "The member key was not written in this cycle.",
                    "Position and state for tools and for the race.", FollowerRules::publish),
            new Rule("follower.rest", "Nothing to do for a standby.", "", FollowerRules::rest));

    private FollowerRules() {
    }

    private static boolean applies(Situation s) {
        return s.inRecovery() && s.otherLeads() && s.running().isEmpty();
    }

    private static Optional<Rule.Outcome> follow(Situation s) {
        if (!applies(s) || s.leaderMember().filter(member -> member.connUrl().isPresent()).isEmpty()
                || !s.isPast(s.memory().actionNotBeforeNanos())) {
            return pass();
        }
        Upstream wanted = UpstreamRules.wanted(s);
        if (UpstreamRules.isFollowing(s.replication().orElseThrow(), wanted)) {
            return pass();
        }
        return s.decide(new Decision.Begin(new Action.Follow(PostgresRole.REPLICA, wanted)),
                s.memory().withDivergence(Divergence.NOTHING).withDeferringSince(Optional.empty()),
                RaceRules.lost(s).orElseGet(() -> Reason.of(Sentence.FOLLOW, UpstreamRules.name(wanted))));
    }

    private static Optional<Rule.Outcome> heal(Situation s) {
        return applies(s) ? healDivergence(s) : pass();
    }

    /**
     * What to do about a history that has left the one that counts; also used when the standby cannot even start, and by the leader of a
     * standby cluster.
     */
    static Optional<Rule.Outcome> healDivergence(Situation s) {
        Phase phase = s.memory().divergence().phase();
        boolean forked = phase == Phase.FORKED;
        boolean diverged = (forked || phase == Phase.DIVERGED) && isAnswerOfAuthority(s);
        Optional<Upstream> authority = UpstreamRules.authority(s);
        if (!diverged || authority.isEmpty()) {
            return pass();
        }
        boolean mayDiscard = mayDiscard(s, forked);
        // Most failures pass: the leader was not reachable or went away. Giving up for good is for those who may copy anew instead.
        boolean rewindMayHelp = s.facts().canRewind() && !forked
                && (s.memory().rewindFailures() < REWIND_ATTEMPTS || !mayDiscard);
        if (rewindMayHelp && awaitsCheckpoint(authority.get()) || !s.isPast(s.memory().actionNotBeforeNanos())) {
            return MemberRules.publishIfDue(s).or(() -> s.restShortly(Reason.of(Sentence.RETRY_LATER)));
        }
        String name = UpstreamRules.name(authority.get());
        if (rewindMayHelp) {
            return s.decide(new Decision.Begin(new Action.Rewind(authority.get())), Reason.of(Sentence.REWIND, name));
        }
        if (mayDiscard) {
            return s.decide(new Decision.Begin(new Action.DiscardData()),
                    Reason.of(forked ? Sentence.DISCARD_FORKED : Sentence.DISCARD, name));
        }
        if (s.since(s.memory().divergence().askedAtNanos()).compareTo(LOOK_AGAIN) > 0) {
            // The leader of that name may have another history by now, which ours is part of.
            return s.decide(new Decision.Begin(new Action.CheckDivergence(authority.get())),
                    Reason.of(Sentence.CHECK_DIVERGENCE_AGAIN, name));
        }
        return s.holdsLease()
                ? pass()
                : MemberRules.publishIfDue(s)
                        .or(() -> s.rest(Reason.of(forked ? Sentence.FORKED : Sentence.DIVERGED, name)));
    }

    private static boolean awaitsCheckpoint(Upstream authority) {
        return authority instanceof Upstream.OfMember leader && leader.member().checkpointAfterPromotePending();
    }

    /** Whether what is known of the divergence was said by whom it is asked of now. */
    private static boolean isAnswerOfAuthority(Situation s) {
        return s.memory().divergence().leader().equals(authorityName(s));
    }

    private static String authorityName(Situation s) {
        return s.standbyCluster() ? UpstreamRules.name(UpstreamRules.remote(s)) : s.leaderName();
    }

    /**
     * In a paused cluster nothing is thrown away unless an operator says so. A fork is both a divergence of timelines and, where a rewind was to be, one that fails: either setting
     * permits a new copy. In a standby cluster the copy would be one of the standby leader, which may have diverged as well: only a rewind that
     * was tried and failed permits it.
     */
    private static boolean mayDiscard(Situation s, boolean forked) {
        boolean onRewindFailure = s.facts().canRewind() && s.facts().dynamic().removeDataDirectoryOnRewindFailure();
        boolean onDivergence = (forked || !s.facts().canRewind()) && !s.standbyCluster()
                && s.facts().dynamic().removeDataDirectoryOnDivergedTimelines();
        boolean hasSource = s.otherLeads() && s.leaderMember().filter(Member::mayServeReplication).isPresent();
        return !s.paused() && hasSource && (onRewindFailure || onDivergence);
    }

    private static Optional<Rule.Outcome> checkDivergence(Situation s) {
        boolean leaderReady = s.standbyCluster() || s.leaderMember()
                .filter(leader -> leader.role().filter(role -> !role.equals("replica")).isPresent()).isPresent();
        return applies(s) && !s.streaming() && leaderReady && !s.facts().tags().nostream() && mayCheckNow(s)
                ? ask(s)
                : pass();
    }

    /** Whether there is somebody to ask, and it is time to. */
    static boolean mayCheckNow(Situation s) {
        return UpstreamRules.authority(s).isPresent() && untilNextCheck(s).isZero();
    }

    /** Asks the one whose history counts. */
    static Optional<Rule.Outcome> ask(Situation s) {
        return s.decide(new Decision.Begin(new Action.CheckDivergence(UpstreamRules.authority(s).orElseThrow())),
                Reason.of(isUnanswered(s) ? Sentence.CHECK_DIVERGENCE_AGAIN : Sentence.CHECK_DIVERGENCE,
                        authorityName(s)));
    }

    /** Whether the one who is to be asked was not asked yet. */
    static boolean isUnasked(Situation s) {
        return s.memory().divergence().phase() == Phase.UNASKED || !isAnswerOfAuthority(s);
    }

    private static boolean isUnanswered(Situation s) {
        return s.memory().divergence().phase() == Phase.UNKNOWN && isAnswerOfAuthority(s);
    }

    /** Zero when the leader may be asked now: another one than before at once, the same one after a pause. */
    static Duration untilNextCheck(Situation s) {
        Divergence known = s.memory().divergence();
        if (isUnasked(s)) {
            return Duration.ZERO;
        }
        Duration left = (known.phase() == Phase.UNKNOWN ? pauseAfter(known.unanswered()) : ASK_AGAIN)
                .minus(s.since(known.askedAtNanos()));
        return left.isNegative() ? Duration.ZERO : left;
    }

    private static Duration pauseAfter(int unanswered) {
        Duration pause = UNANSWERED_FIRST.multipliedBy(1L << Math.clamp(unanswered - 1L, 0, 5));
        return pause.compareTo(UNANSWERED_MAX) < 0 ? pause : UNANSWERED_MAX;
    }

    private static Optional<Rule.Outcome> showRole(Situation s) {
        return applies(s) && s.facts().role() != PostgresRole.REPLICA
                ? s.decide(new Decision.ShowRole(PostgresRole.REPLICA),
                        Reason.of(Sentence.SHOW_ROLE, PostgresRole.REPLICA.wireText()))
                : pass();
    }

    private static Optional<Rule.Outcome> syncSlots(Situation s) {
        return applies(s) ? SlotRules.syncIfDue(s) : pass();
    }

    private static Optional<Rule.Outcome> copySlots(Situation s) {
        return applies(s) && s.isPast(s.memory().actionNotBeforeNanos()) ? SlotRules.copyIfNeeded(s) : pass();
    }

    private static Optional<Rule.Outcome> publish(Situation s) {
        return applies(s) ? MemberRules.publishIfDue(s) : pass();
    }

    private static Optional<Rule.Outcome> rest(Situation s) {
        if (!applies(s)) {
            return pass();
        }
        Memory settled = SlotRules.remember(s).withDeferringSince(Optional.empty()).withCrashedAt(Optional.empty())
                .withGaveUpLeadership(Optional.empty());
        if (s.streaming()) {
            settled = settled.withDivergence(Divergence.NOTHING).withRewindFailures(0).withStartFailures(0);
        }
        Reason reason = s.paused()
                ? Reason.of(Sentence.PAUSED_NO_ACTION, s.self())
                : Reason.of(Sentence.SECONDARY_NO_ACTION, s.self(), s.leaderName());
        return s.decide(new Decision.Rest(s.streaming() ? s.restOfCycle() : restUntilCheck(s)), settled, reason);
    }

    private static Duration restUntilCheck(Situation s) {
        Duration next = untilNextCheck(s);
        if (!isUnanswered(s) || next.isZero()) {
            return s.shortRest();
        }
        return next.compareTo(s.restOfCycle()) < 0 ? next : s.restOfCycle();
    }
}
