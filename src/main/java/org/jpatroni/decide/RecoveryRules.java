package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresView.Postmaster;
import org.jpatroni.model.Upstream;

/** There is data, and PostgreSQL is not running, or does not answer yet. */
final class RecoveryRules {

    static final List<Rule> RULES = List.of(
            new Rule("recovery.paused", "PostgreSQL is not running and the cluster is paused.",
                    "Patroni: in maintenance mode nothing is started, except what the agent itself has stopped or copied; a leader without PostgreSQL gives the key up.",
                    RecoveryRules::paused),
            new Rule("recovery.give-up",
                    "The leader's PostgreSQL is not running, primary_start_timeout is over or a start failed, and another member could lead.",
                    "Patroni: primary_start_timeout; 0 means fail over at once. The change of role is reported before the key is deleted.",
                    RecoveryRules::giveUp),
            new Rule("recovery.retry-later", "The last attempt failed a moment ago.",
                    "A start that fails at once must not be repeated without pause.", RecoveryRules::retryLater),
            new Rule("recovery.restart-primary",
                    "PostgreSQL is not running, its data is a primary's, and this node holds the lease.",
                    "A crashed primary is back sooner in place than anybody else can take over, and loses nothing.",
                    RecoveryRules::restartPrimary),
            new Rule("recovery.rewind", "A start as a standby failed and this node's history has left the leader's.",
                    "Patroni: pg_rewind of a former leader, else a new copy where that is allowed.",
                    RecoveryRules::rewind),
            new Rule("recovery.check-divergence", "A start as a standby failed, and there is a leader.",
                    "PostgreSQL refuses to start when the leader's timeline is not a child of its own history.",
                    RecoveryRules::checkDivergence),
            new Rule("recovery.hand-over-standby-leader",
                    "This node has stopped its PostgreSQL, the leader of a standby cluster, for a requested move.",
                    "Patroni: the key is released when PostgreSQL is stopped.", RecoveryRules::handOverStandbyLeader),
            new Rule("recovery.await-successor",
                    "This node has stopped its primary for a requested move, and the candidate has not taken the key yet or is being promoted.",
                    "A standby that starts now follows nobody and takes time and disk from who is about to lead. At most two seconds.",
                    RecoveryRules::awaitSuccessor),
            new Rule("recovery.start-standby", "PostgreSQL is not running and this node does not lead.",
                    "A standby start is also the safe crash recovery of a former primary: it replays its own WAL and can be rewound from there.",
                    RecoveryRules::startStandby),
            new Rule("recovery.starting-without-lease",
                    "PostgreSQL is starting as a primary and this node does not hold the lease.",
                    "A primary that nobody allowed must not come up.", RecoveryRules::startingWithoutLease),
            new Rule("recovery.start-too-long",
                    "The leader's PostgreSQL is starting for longer than primary_start_timeout or the time of an ordered restart, and another member could lead.",
                    "Patroni: primary_start_timeout. It is stopped first, because it may come up at any moment; then the key is given up.",
                    RecoveryRules::startTooLong),
            new Rule("recovery.unresponsive", "PostgreSQL runs and does not answer.",
                    "A busy server is not a dead one: the leader keeps its lease.", RecoveryRules::unresponsive),
            new Rule("recovery.starting", "PostgreSQL is starting or stopping.", "Wait for the event.",
                    RecoveryRules::starting));

    /** Whoever works on a stopped server is not disturbed by one that starts it again and again. */
    private static final int PAUSED_START_ATTEMPTS = 3;
    private static final long SUCCESSOR_NANOS = 2_000_000_000L;

    private RecoveryRules() {
    }

    private static boolean applies(Situation s) {
        return s.dataPresent() && s.notRunning() && s.running().isEmpty()
                && s.memory().bootstrap() == Memory.Bootstrap.NONE;
    }

    static boolean startTimeoutIsOver(Situation s) {
        int limitSeconds = s.facts().dynamic().primaryStartTimeoutSeconds();
        return limitSeconds == 0 || s.memory().crashedAtNanos().isPresent()
                && s.since(s.memory().crashedAtNanos().get()).compareTo(Duration.ofSeconds(limitSeconds)) > 0;
    }

    private static Optional<Rule.Outcome> paused(Situation s) {
        boolean owesStart = s.memory().owesStart() && !s.holdsLease()
                && s.memory().startFailures() < PAUSED_START_ATTEMPTS;
        if (!s.dataPresent() || !s.notRunning() || s.running().isPresent() || !s.paused() || owesStart
                || s.memory().rebuild() == Memory.Rebuild.COPIED) {
            return pass();
        }
        if (s.holdsLease()) {
            return s.decide(new Decision.ReleaseLease(Optional.empty()), Reason.of(Sentence.PAUSE_NOT_RUNNING));
        }
        return MemberRules.publishIfDue(s).or(() -> s.rest(Reason.of(Sentence.PAUSED_NO_ACTION, s.self())));
    }

    private static Optional<Rule.Outcome> giveUp(Situation s) {
        boolean startFailed = s.memory().startFailures() > 0;
        if (!applies(s) || !s.holdsLease() || !s.someoneCouldTakeOver() || !startFailed && !startTimeoutIsOver(s)) {
            return pass();
        }
        PostgresRole shown = s.facts().role();
        if (shown == PostgresRole.PRIMARY || shown == PostgresRole.STANDBY_LEADER) {
            return s.decide(new Decision.AnnounceRole(PostgresRole.DEMOTED),
                    Reason.of(Sentence.SHOW_ROLE, PostgresRole.DEMOTED.wireText()));
        }
        Memory memory = s.memory().withGaveUpLeadership(Optional.of(s.inSeconds(s.facts().dynamic().loopWaitSeconds())))
                .withCrashedAt(Optional.empty());
        return s.decide(new Decision.ReleaseLease(Optional.empty()), memory, Reason.of(Sentence.GIVE_UP_LEADERSHIP));
    }

    private static Optional<Rule.Outcome> retryLater(Situation s) {
        if (!applies(s) || s.isPast(s.memory().actionNotBeforeNanos())) {
            return pass();
        }
        return MemberRules.publishIfDue(s).or(() -> s.restShortly(Reason.of(Sentence.RETRY_LATER)));
    }

    /** A primary that has just crashed is started at once: the lease still holds for long, and the next step extends it. */
    static boolean startsBeforeRenewal(Situation s) {
        Duration half = Duration.ofMillis(s.facts().dynamic().ttlSeconds() * 500L);
        return applies(s) && s.facts().role() == PostgresRole.PRIMARY && s.facts().request() == Facts.Request.NONE
                && s.leaseLeft().compareTo(half) > 0 && s.memory().startFailures() == 0
                && s.isPast(s.memory().actionNotBeforeNanos()) && !s.hasStandbySignal() && !s.standbyCluster()
                && !s.paused() && !startTimeoutIsOver(s);
    }

    private static Optional<Rule.Outcome> restartPrimary(Situation s) {
        if (!applies(s) || !s.leaseLasts() || s.hasStandbySignal() || s.standbyCluster()) {
            return pass();
        }
        boolean crashed = s.facts().role() == PostgresRole.PRIMARY;
        Memory memory = s.memory().crashedAtNanos().isPresent()
                ? s.memory()
                : s.memory().withCrashedAt(Optional.of(s.facts().nowNanos()));
        Action start = new Action.Start(PostgresRole.PRIMARY, Optional.empty(),
                Math.max(1, s.facts().dynamic().primaryStartTimeoutSeconds()));
        return s.decide(new Decision.Begin(start), memory,
                Reason.of(crashed ? Sentence.RESTART_PRIMARY : Sentence.START_PRIMARY));
    }

    private static Optional<Rule.Outcome> rewind(Situation s) {
        return applies(s) ? FollowerRules.healDivergence(s) : pass();
    }

    private static Optional<Rule.Outcome> checkDivergence(Situation s) {
        return applies(s) && s.memory().startFailures() > 0 && UpstreamRules.authority(s).isPresent()
                && FollowerRules.isUnasked(s) ? FollowerRules.ask(s) : pass();
    }

    /** It stops no writer, so there is no shutdown checkpoint that would tell when the lease can go. */
    private static Optional<Rule.Outcome> handOverStandbyLeader(Situation s) {
        return applies(s) && s.storeSeen() && s.holdsLease() && s.standbyCluster()
                && s.memory().gaveUpLeadership().isPresent() && s.facts().role() == PostgresRole.DEMOTED
                        ? s.decide(new Decision.ReleaseLease(Optional.empty()), Reason.of(Sentence.HAND_OVER))
                        : pass();
    }

    private static Optional<Rule.Outcome> awaitSuccessor(Situation s) {
        Optional<Long> until = s.memory().gaveUpLeadership().filter(end -> !s.isPast(end));
        boolean recently = until
                .filter(end -> s.inSeconds(s.facts().dynamic().loopWaitSeconds()) - end < SUCCESSOR_NANOS)
                .isPresent();
        return applies(s) && recently && s.storeSeen() && (s.snapshot().isUnlocked() || leaderIsBeingPromoted(s))
                && s.facts().role() == PostgresRole.DEMOTED && s.snapshot().failover().isPresent()
                        ? s.decide(new Decision.Rest(Duration.ofMillis(200)), Reason.of(Sentence.AWAIT_SUCCESSOR))
                        : pass();
    }

    /** It holds the key, and its member key, which it writes as soon as it takes writes, still says what it was before. */
    private static boolean leaderIsBeingPromoted(Situation s) {
        return s.otherLeads()
                && s.leaderMember().flatMap(leader -> leader.role()).filter("replica"::equals).isPresent();
    }

    private static Optional<Rule.Outcome> startStandby(Situation s) {
        if (!applies(s)) {
            return pass();
        }
        boolean standbyLeader = s.holdsLease() && s.standbyCluster();
        Upstream upstream = s.otherLeads()
                ? UpstreamRules.wanted(s)
                : s.standbyCluster() ? UpstreamRules.remote(s) : new Upstream.Nobody();
        Action start = new Action.Start(standbyLeader ? PostgresRole.STANDBY_LEADER : PostgresRole.REPLICA,
                Optional.of(upstream), 300);
        return s.decide(new Decision.Begin(start), Reason.of(Sentence.START_STANDBY));
    }

    private static boolean notReady(Situation s) {
        return s.running().isEmpty() && (s.postgres().postmaster() instanceof Postmaster.Starting
                || s.postgres().postmaster() instanceof Postmaster.Stopping
                || s.postgres().postmaster() instanceof Postmaster.Unresponsive);
    }

    private static Optional<Rule.Outcome> startingWithoutLease(Situation s) {
        if (!notReady(s) || s.paused() || s.holdsLease() || !s.mayBePrimary() || s.standbyCluster()
                || s.memory().bootstrap() != Memory.Bootstrap.NONE) {
            return pass();
        }
        return ActionRules.beginStop(s, new Action.Demote(Action.Demote.Mode.NOT_LEADER),
                Reason.of(Sentence.DEMOTE_NOT_LEADER));
    }

    private static Optional<Rule.Outcome> startTooLong(Situation s) {
        boolean restartTookTooLong = s.memory().startFailures() > 0;
        if (!startsAsLeader(s) || s.paused() || !s.someoneCouldTakeOver()
                || !startTimeoutIsOver(s) && !restartTookTooLong) {
            return pass();
        }
        Memory memory = s.memory().withStartFailures(Math.max(1, s.memory().startFailures()));
        return s.decide(new Decision.Begin(new Action.Demote(Action.Demote.Mode.OFFLINE)), memory,
                Reason.of(Sentence.START_TOO_LONG));
    }

    private static boolean startsAsLeader(Situation s) {
        return notReady(s) && s.postgres().postmaster() instanceof Postmaster.Starting && s.holdsLease()
                && s.mayBePrimary();
    }

    private static Optional<Rule.Outcome> unresponsive(Situation s) {
        if (!notReady(s) || !(s.postgres().postmaster() instanceof Postmaster.Unresponsive unresponsive)) {
            return pass();
        }
        return MemberRules.publishIfDue(s)
                .or(() -> s.restShortly(Reason.of(Sentence.UNRESPONSIVE, unresponsive.cause())));
    }

    private static Optional<Rule.Outcome> starting(Situation s) {
        if (!notReady(s)) {
            return pass();
        }
        Optional<Rule.Outcome> publish = MemberRules.publishIfDue(s);
        Memory memory = startsAsLeader(s) && s.memory().crashedAtNanos().isEmpty()
                ? s.memory().withCrashedAt(Optional.of(s.facts().nowNanos()))
                : s.memory();
        return publish.isPresent()
                ? publish
                : s.decide(new Decision.Rest(s.shortRest()), memory, Reason.of(Sentence.STARTING));
    }
}
