package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jpatroni.decide.Facts.ClusterView.Unreachable;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.Upstream;

/** The store cannot be read. Nothing here writes to it. */
final class StoreDownRules {

    static final List<Rule> RULES = List.of(
            new Rule("store-down.paused", "The store is unreachable and the cluster was paused when last seen.",
                    "Patroni: in maintenance mode nothing is demoted.", StoreDownRules::paused),
            new Rule("store-down.demote",
                    "The store is unreachable, this node may be a primary or is starting one, and the lease is gone or ends within the stop budget.",
                    "Two primaries must never overlap: stop before the lease can be given to somebody else.",
                    StoreDownRules::demote),
            new Rule("store-down.busy", "The store is unreachable and a long action runs.",
                    "Clones and starts as a standby need no store.", StoreDownRules::busy),
            new Rule("store-down.hold", "The store is unreachable and the lease still holds.",
                    "Use the time that the lease gives to try again, instead of demoting at the first failure.",
                    StoreDownRules::hold),
            new Rule("store-down.start-standby", "The store is unreachable and PostgreSQL is not running.",
                    "Reads are better than nothing; a standby cannot split the brain.", StoreDownRules::startStandby),
            new Rule("store-down.wait", "The store is unreachable and there is nothing to protect.",
                    "Replicas go on following whom they follow.", StoreDownRules::waitForStore));

    private StoreDownRules() {
    }

    private static Optional<Unreachable> unreachable(Situation s) {
        return s.facts().cluster() instanceof Unreachable unreachable ? Optional.of(unreachable) : Optional.empty();
    }

    private static Optional<Rule.Outcome> paused(Situation s) {
        return unreachable(s).isPresent() && s.paused()
                ? s.restShortly(Reason.of(Sentence.STORE_DOWN, unreachable(s).get().cause()))
                : pass();
    }

    private static Optional<Rule.Outcome> demote(Situation s) {
        boolean primary = s.mayBePrimary() || ActionRules.startsPrimary(s);
        if (unreachable(s).isEmpty() || !primary || s.memory().bootstrap() == Memory.Bootstrap.CLAIMED
                || s.leaseLeft().compareTo(s.stopBudget()) > 0) {
            return pass();
        }
        return ActionRules.beginStop(s, new Action.Demote(Action.Demote.Mode.OFFLINE),
                Reason.of(Sentence.STORE_DOWN_DEMOTE));
    }

    private static Optional<Rule.Outcome> busy(Situation s) {
        return unreachable(s).isPresent() && s.running().isPresent()
                ? s.restShortly(Reason.of(Sentence.BUSY, ActionRules.name(s.running().get())))
                : pass();
    }

    private static Optional<Rule.Outcome> hold(Situation s) {
        // A primary that was stopped for want of agreement comes back as a standby at once, whatever is left of its lease.
        boolean steppedDown = s.notRunning() && s.facts().role() == PostgresRole.DEMOTED;
        if (unreachable(s).isEmpty() || s.leaseLeft().isZero() || steppedDown) {
            return pass();
        }
        Duration untilStop = s.leaseLeft().minus(s.stopBudget());
        Duration rest = untilStop.compareTo(Situation.SHORT_REST) < 0 ? untilStop : Situation.SHORT_REST;
        return s.decide(new Decision.Rest(rest.isPositive() ? rest : Duration.ofMillis(10)),
                Reason.of(Sentence.STORE_DOWN_HOLD, s.leaseLeft().toMillis(), unreachable(s).get().cause()));
    }

    private static Optional<Rule.Outcome> startStandby(Situation s) {
        if (unreachable(s).isEmpty() || !s.notRunning() || !s.dataPresent()
                || !s.isPast(s.memory().actionNotBeforeNanos()) || s.memory().bootstrap() != Memory.Bootstrap.NONE) {
            return pass();
        }
        Action start = new Action.Start(PostgresRole.REPLICA, Optional.of(new Upstream.Nobody()),
                s.facts().dynamic().primaryStartTimeoutSeconds());
        return s.decide(new Decision.Begin(start), Reason.of(Sentence.STORE_DOWN_START));
    }

    private static Optional<Rule.Outcome> waitForStore(Situation s) {
        return unreachable(s)
                .flatMap(unreachable -> s.restShortly(Reason.of(Sentence.STORE_DOWN, unreachable.cause())));
    }
}
