package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.model.PostgresRole;

/** A long action is under way: what may interrupt it. */
final class ActionRules {

    static final List<Rule> RULES = List.of(
            new Rule("action.lease-lost", "PostgreSQL is being started as a primary and the lease was lost.",
                    "A node may write only while it knows that it holds the lease.", ActionRules::leaseLost),
            new Rule("action.start-timeout",
                    "A crashed primary takes longer than primary_start_timeout to start, and another member could lead.",
                    "Patroni: primary_start_timeout.", ActionRules::startTimeout),
            new Rule("action.clear-failover",
                    "This node has won the race, its promotion takes longer than two seconds, and a request to move the leader is stored.",
                    "Patroni: whoever acquires the lock clears the request. A request that had no effect would be carried out again and again. A promotion that goes well is over before.",
                    ActionRules::clearFailover),
            new Rule("action.publish", "State or role changed while an action runs.",
                    "Others must see what this member is doing. Not in the first two seconds of what clients wait for: a planned stop, a promotion, a start of the primary.",
                    ActionRules::publish),
            new Rule("action.wait", "A long action runs.", "One action at a time; its end wakes the loop.",
                    ActionRules::await));

    private static final Duration QUIET = Duration.ofSeconds(2);

    private ActionRules() {
    }

    /** Begins an action that stops a primary, cancelling first what may be cancelled. */
    static Optional<Rule.Outcome> beginStop(Situation s, Action stop, Reason reason) {
        Optional<Facts.Running> running = s.facts().running();
        if (running.isEmpty()) {
            return s.decide(new Decision.Begin(stop), reason);
        }
        if (running.get().action().isCancellable() && !running.get().cancelled()) {
            return s.decide(new Decision.CancelAction(), reason);
        }
        return s.decide(new Decision.Rest(Duration.ofMillis(100)), reason);
    }

    static String name(Action action) {
        return action.getClass().getSimpleName().toLowerCase(Locale.ROOT);
    }

    static boolean startsPrimary(Situation s) {
        return s.running().filter(action -> action instanceof Action.Start start && start.role() == PostgresRole.PRIMARY
                || restartsPrimary(action)).isPresent();
    }

    /** It has a time limit of its own, and takes no longer. */
    private static boolean restartsPrimary(Action action) {
        return action instanceof Action.Restart restart && restart.role() == PostgresRole.PRIMARY;
    }

    private static Optional<Rule.Outcome> leaseLost(Situation s) {
        if (!startsPrimary(s) || s.holdsLease() || s.paused() || s.facts().running().orElseThrow().cancelled()) {
            return pass();
        }
        return s.decide(new Decision.CancelAction(), Reason.of(Sentence.LEASE_LOST_START));
    }

    private static Optional<Rule.Outcome> startTimeout(Situation s) {
        if (!startsPrimary(s) || s.running().filter(ActionRules::restartsPrimary).isPresent() || s.paused()
                || !RecoveryRules.startTimeoutIsOver(s) || !s.someoneCouldTakeOver()
                || s.facts().running().orElseThrow().cancelled()) {
            return pass();
        }
        return s.decide(new Decision.CancelAction(), s.memory().withStartFailures(s.memory().startFailures() + 1),
                Reason.of(Sentence.GIVE_UP_LEADERSHIP));
    }

    private static Optional<Rule.Outcome> clearFailover(Situation s) {
        boolean promoting = s.running().filter(action -> action instanceof Action.Promote).isPresent();
        return promoting && !isQuiet(s) && s.storeSeen() && s.holdsLease() && !s.paused()
                ? s.snapshot().failover().flatMap(request -> s.decideOnce(new Decision.ClearFailover(request.version()),
                        Reason.of(Sentence.CLEAR_FAILOVER)))
                : pass();
    }

    private static Optional<Rule.Outcome> publish(Situation s) {
        return s.running().isPresent() && !isQuiet(s) ? MemberRules.publishIfDue(s) : pass();
    }

    /** These take some 50 ms, and clients wait for them: who writes meanwhile takes time and disk from what everybody waits for. */
    private static boolean isQuiet(Situation s) {
        return s.facts().running().filter(run -> clientsWaitFor(run.action())
                && s.since(run.sinceNanos()).compareTo(QUIET) < 0).isPresent();
    }

    private static boolean clientsWaitFor(Action action) {
        return action instanceof Action.Shutdown || action instanceof Action.Promote || restartsPrimary(action)
                || action instanceof Action.Demote demote && demote.mode() == Action.Demote.Mode.GRACEFUL
                || action instanceof Action.Start start && start.role() == PostgresRole.PRIMARY;
    }

    private static Optional<Rule.Outcome> await(Situation s) {
        if (s.running().isEmpty()) {
            return pass();
        }
        Reason reason = Reason.of(Sentence.BUSY, name(s.running().get()));
        return s.mayBePrimary() && !s.holdsLease() ? s.restShortly(reason) : s.rest(reason);
    }
}
