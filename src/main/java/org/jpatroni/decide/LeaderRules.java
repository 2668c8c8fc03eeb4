package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.PostgresRole;

/** This node holds the lease. */
final class LeaderRules {

    private static final List<Rule> PROMOTION = List.of(
            new Rule("leader.promote-failed",
                    "The promotion of the lease holder failed repeatedly, or pre_promote refused it.",
                    "Somebody else may succeed. Patroni: after a refusal this node stays out of the race for a ttl.",
                    LeaderRules::promoteFailed),
            new Rule("leader.paused-standby",
                    "This node holds the lease in a paused cluster, its PostgreSQL is in recovery, and nobody asked it to take over.",
                    "Patroni: nothing is promoted in maintenance mode; the key is given up.",
                    LeaderRules::pausedStandby));

    private static final List<Rule> LEADING = List.of(
            new Rule("leader.promote", "This node holds the lease and its PostgreSQL is in recovery.",
                    "Only a confirmed lease permits promotion.", LeaderRules::promote),
            new Rule("leader.promote-later",
                    "This node holds the lease, its PostgreSQL is in recovery, and it must not be promoted now.",
                    "The last attempt failed a moment ago, or the lease is about to end. It is no leader yet.",
                    LeaderRules::promoteLater),
            new Rule("leader.show-role", "This node leads and shows another role.",
                    "The role on the wire follows the facts.", LeaderRules::showRole),
            new Rule("leader.publish-change", "State or role changed.",
                    "Replicas look at the leader's member key before they connect: tell them first.",
                    LeaderRules::publishChange));

    private static final List<Rule> HOUSEKEEPING = List.of(
            new Rule("leader.initialize", "The cluster's system identifier is not stored.",
                    "Patroni: a wiped store is filled again by the leader.", LeaderRules::writeInitialize),
            new Rule("leader.config", "There is no stored configuration.",
                    "Patroni: a wiped store is filled again, from patroni.dynamic.json or bootstrap.dcs.",
                    LeaderRules::writeConfig),
            new Rule("leader.history", "The timeline is later than the history stored.",
                    "Patroni: /history; the race refuses members on an older timeline.", LeaderRules::updateHistory),
            new Rule("leader.failsafe",
                    "The key failsafe does not name the members as they are, or is there although failsafe_mode is off.",
                    "Patroni: the leader keeps the failsafe topology; only whom it names may lead while the mode is on.",
                    LeaderRules::publishFailsafe),
            new Rule("leader.clear-failover", "The stored request to move the leader is done, or not for this leader.",
                    "A request that cannot hold must not wait for a later leader.", LeaderRules::clearFailover),
            new Rule("leader.slots", "Slots were not looked after in this cycle.",
                    "A replica streams only once its slot exists.", LeaderRules::syncSlots),
            new Rule("leader.publish", "The member key was not written in this cycle.",
                    "Position and timeline for load balancers and tools.", LeaderRules::publish),
            new Rule("leader.rest", "Nothing to do for the leader.", "", LeaderRules::rest));

    static final List<Rule> RULES = Stream
            .of(PROMOTION, SyncRules.BEFORE_PROMOTION, LEADING, SyncRules.RULES, HOUSEKEEPING).flatMap(List::stream)
            .toList();

    private static final int PROMOTE_ATTEMPTS = 3;

    private LeaderRules() {
    }

    private static boolean applies(Situation s) {
        return s.holdsLease() && s.running().isEmpty() && s.replication().isPresent();
    }

    private static Optional<Rule.Outcome> promoteFailed(Situation s) {
        if (!applies(s) || !s.inRecovery() || s.memory().startFailures() < PROMOTE_ATTEMPTS) {
            return pass();
        }
        boolean refused = s.memory().startFailures() >= ActionFold.REFUSED;
        int seconds = refused ? s.facts().dynamic().ttlSeconds() : s.facts().dynamic().loopWaitSeconds();
        Memory memory = s.memory().withStartFailures(0).withGaveUpLeadership(Optional.of(s.inSeconds(seconds)));
        return s.decide(new Decision.ReleaseLease(Optional.empty()), memory,
                Reason.of(refused ? Sentence.PROMOTE_REFUSED : Sentence.PROMOTE_FAILED));
    }

    private static Optional<Rule.Outcome> pausedStandby(Situation s) {
        return applies(s) && s.paused() && s.inRecovery() && !s.standbyCluster() && !s.isNamedCandidate()
                ? s.decide(new Decision.ReleaseLease(Optional.empty()), Reason.of(Sentence.PAUSE_NOT_RUNNING))
                : pass();
    }

    private static Optional<Rule.Outcome> promote(Situation s) {
        if (!applies(s) || !s.leaseLasts() || !s.inRecovery() || s.standbyCluster()
                || !s.isPast(s.memory().actionNotBeforeNanos())) {
            return pass();
        }
        return s.decide(new Decision.Begin(new Action.Promote()),
                s.memory().withDeferringSince(Optional.empty()),
                Reason.of(Sentence.PROMOTE));
    }

    private static Optional<Rule.Outcome> promoteLater(Situation s) {
        if (!applies(s) || !s.inRecovery() || s.standbyCluster()) {
            return pass();
        }
        return MemberRules.publishIfDue(s).or(() -> s.restShortly(Reason.of(Sentence.RETRY_LATER)));
    }

    private static Optional<Rule.Outcome> showRole(Situation s) {
        PostgresRole wanted = s.inRecovery() ? PostgresRole.STANDBY_LEADER : PostgresRole.PRIMARY;
        return applies(s) && s.facts().role() != wanted
                ? s.decide(new Decision.ShowRole(wanted), Reason.of(Sentence.SHOW_ROLE, wanted.wireText()))
                : pass();
    }

    private static Optional<Rule.Outcome> publishChange(Situation s) {
        return applies(s) && !MemberRules.shown(s).equals(s.memory().published())
                ? MemberRules.publishIfDue(s)
                : pass();
    }

    private static Optional<Rule.Outcome> writeInitialize(Situation s) {
        if (!applies(s) || !s.storeSeen() || s.snapshot().isInitialized() || s.postgres().control().isEmpty()) {
            return pass();
        }
        return s.decideOnce(new Decision.WriteInitialize(s.postgres().control().get().systemIdentifier(),
                s.snapshot().initialize().isEmpty()), Reason.of(Sentence.WRITE_INITIALIZE));
    }

    private static Optional<Rule.Outcome> writeConfig(Situation s) {
        return applies(s) && s.storeSeen() && s.snapshot().config().isEmpty()
                ? s.decideOnce(new Decision.WriteConfig(), Reason.of(Sentence.WRITE_CONFIG))
                : pass();
    }

    private static Optional<Rule.Outcome> updateHistory(Situation s) {
        if (!applies(s) || s.inRecovery() || s.timeline() <= 1
                || s.snapshot().history().latestTimeline() == s.timeline()) {
            return pass();
        }
        return s.decideOnce(new Decision.UpdateHistory(s.timeline()), Reason.of(Sentence.HISTORY));
    }

    private static Optional<Rule.Outcome> publishFailsafe(Situation s) {
        return applies(s) ? FailsafeRules.publishMembers(s) : pass();
    }

    private static Optional<Rule.Outcome> clearFailover(Situation s) {
        Optional<FailoverRequest> request = s.snapshot().failover();
        if (!applies(s) || !s.storeSeen() || request.isEmpty()) {
            return pass();
        }
        if (!request.get().isDueBy(s.facts().wallNow())) {
            // Patroni: whom it names is looked at when it is due; whoever leads then may be the one it means.
            return pass();
        }
        boolean done = request.get().candidate().filter(s.self()::equals).isPresent();
        boolean notForMe = request.get().leader().isPresent() && !request.get().leader().get().equals(s.self());
        // Stepped down for it, and nobody took over.
        boolean inVain = s.memory().gaveUpLeadership().isPresent();
        return done || notForMe || inVain
                ? s.decideOnce(new Decision.ClearFailover(request.get().version()), Reason.of(Sentence.CLEAR_FAILOVER))
                : pass();
    }

    private static Optional<Rule.Outcome> syncSlots(Situation s) {
        return applies(s) ? SlotRules.syncIfDue(s) : pass();
    }

    private static Optional<Rule.Outcome> publish(Situation s) {
        return applies(s) ? MemberRules.publishIfDue(s) : pass();
    }

    private static Optional<Rule.Outcome> rest(Situation s) {
        if (!applies(s)) {
            return pass();
        }
        Memory settled = SyncRules.remember(s, SlotRules.remember(s)).withCrashedAt(Optional.empty())
                .withStartFailures(0)
                .withGaveUpLeadership(Optional.empty());
        boolean seeksRemote = StandbyLeaderRules.seeksRemote(s);
        if (!seeksRemote) {
            settled = settled.withDivergence(Memory.Divergence.NOTHING).withRewindFailures(0);
        }
        settled = FailsafeRules.settled(s, settled);
        Sentence sentence = s.inRecovery() ? Sentence.STANDBY_LEADER_NO_ACTION : Sentence.LEADER_NO_ACTION;
        Reason reason = Reason.of(s.paused() ? Sentence.PAUSED_NO_ACTION : sentence, s.self());
        Duration rest = LeaseRules.renewalIsDue(s)
                ? s.shortRest()
                : seeksRemote ? StandbyLeaderRules.restUntilCheck(s) : s.restOfCycle();
        Duration soonest = Stream.of(SwitchoverRules.untilDue(s), SyncRules.lookAgain(s)).flatMap(Optional::stream)
                .filter(earlier -> earlier.compareTo(rest) < 0).min(Duration::compareTo).orElse(rest);
        return s.decide(new Decision.Rest(soonest), settled, reason);
    }
}
