package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jpatroni.decide.Reason.Sentence;

/** The agent was told to end. */
final class ShutdownRules {

    static final List<Rule> RULES = List.of(
            new Rule("shutdown.cancel", "The agent ends and a long action runs that may be cancelled.",
                    "A clone must not keep the service manager waiting.", ShutdownRules::cancel),
            new Rule("shutdown.wait", "The agent ends and a long action runs.", "Past its point of no return.",
                    ShutdownRules::await),
            new Rule("shutdown.paused", "The agent ends and the cluster is paused.",
                    "Patroni: PostgreSQL goes on running and the leader key stays; it expires by ttl.",
                    ShutdownRules::paused),
            new Rule("shutdown.stand-aside", "The agent of a synchronous standby ends.",
                    "Patroni: it asks not to be one first, for two cycles at most, else the primary's commits would wait for it.",
                    ShutdownRules::standAside),
            new Rule("shutdown.stop", "The agent ends and PostgreSQL runs.",
                    "PostgreSQL is stopped in order; a leader hands over with the position of its shutdown checkpoint.",
                    ShutdownRules::stop),
            new Rule("shutdown.release", "The agent ends, PostgreSQL is stopped, and the lease is still held.",
                    "Others need not wait for the ttl.", ShutdownRules::release),
            new Rule("shutdown.publish", "The agent ends and its member key does not say stopped.",
                    "Tools show the truth until the session ends.", ShutdownRules::publish),
            new Rule("shutdown.halt", "The agent ends and everything is in order.", "", ShutdownRules::halt));

    private static final Duration STAND_ASIDE_LOOK = Duration.ofMillis(300);

    private ShutdownRules() {
    }

    private static boolean applies(Situation s) {
        return s.facts().request() == Facts.Request.SHUTDOWN;
    }

    private static Optional<Rule.Outcome> cancel(Situation s) {
        return applies(s)
                && s.facts().running().filter(run -> run.action().isCancellable() && !run.cancelled()).isPresent()
                        ? s.decide(new Decision.CancelAction(), Reason.of(Sentence.SHUTDOWN))
                        : pass();
    }

    private static Optional<Rule.Outcome> await(Situation s) {
        return applies(s) && s.running().isPresent()
                ? s.decide(new Decision.Rest(Duration.ofSeconds(1)), Reason.of(Sentence.SHUTDOWN))
                : pass();
    }

    private static Optional<Rule.Outcome> paused(Situation s) {
        return applies(s) && s.paused() && !s.notRunning()
                ? s.decide(new Decision.Halt(0), Reason.of(Sentence.SHUTDOWN_PAUSED))
                : pass();
    }

    /** Whether this member asks not to be a synchronous standby because its agent ends. */
    static boolean standsAside(Situation s) {
        boolean waited = s.memory().sync().asideSinceNanos()
                .filter(since -> s.since(since)
                        .compareTo(Duration.ofSeconds(2L * s.facts().dynamic().loopWaitSeconds())) > 0)
                .isPresent();
        return applies(s) && s.storeSeen() && s.inRecovery() && s.otherLeads()
                && s.facts().dynamic().isSynchronous() && s.snapshot().sync().matches(s.self()) && !waited;
    }

    private static Optional<Rule.Outcome> standAside(Situation s) {
        if (!standsAside(s)) {
            return pass();
        }
        Memory memory = s.memory().sync().asideSinceNanos().isPresent()
                ? s.memory()
                : s.memory().withSync(s.memory().sync().withAsideSince(Optional.of(s.facts().nowNanos())));
        return MemberRules.publishIfDue(s).or(
                () -> s.decide(new Decision.Rest(STAND_ASIDE_LOOK), memory, Reason.of(Sentence.STANDS_ASIDE)));
    }

    private static Optional<Rule.Outcome> stop(Situation s) {
        return applies(s) && !s.notRunning()
                ? s.decide(new Decision.Begin(new Action.Shutdown(s.holdsLease(),
                        s.holdsLease() ? s.primaryStopTimeoutSeconds() : 0)), Reason.of(Sentence.SHUTDOWN))
                : pass();
    }

    private static Optional<Rule.Outcome> release(Situation s) {
        return applies(s) && s.leaseNotExpired() && s.storeSeen()
                ? s.decide(new Decision.ReleaseLease(Optional.empty()), Reason.of(Sentence.SHUTDOWN))
                : pass();
    }

    private static Optional<Rule.Outcome> publish(Situation s) {
        return applies(s) && !s.memory().published().startsWith("stopped/") ? MemberRules.publishIfDue(s) : pass();
    }

    private static Optional<Rule.Outcome> halt(Situation s) {
        return applies(s) ? s.decide(new Decision.Halt(0), Reason.of(Sentence.SHUTDOWN)) : pass();
    }
}
