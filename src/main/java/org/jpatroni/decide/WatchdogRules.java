package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.util.List;
import java.util.Optional;
import org.jpatroni.decide.Facts.LeaseView;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.model.PostgresView.Data;
import org.jpatroni.model.WatchdogStatus;

/** A watchdog device is configured: it is open before anything can write here, and where it is required nothing leads without it. */
final class WatchdogRules {

    static final List<Rule> RULES = List.of(
            new Rule("watchdog.renew-first",
                    "The watchdog device is to be opened, and the lease was confirmed before this cycle.",
                    "The timer must not run longer than the lease, so it starts with a fresh one. Also one just acquired may rest on an older session.",
                    WatchdogRules::renewFirst),
            new Rule("watchdog.activate", "This node leads and the watchdog device is not open.",
                    "Patroni: the watchdog is active before PostgreSQL is promoted.", WatchdogRules::activate),
            new Rule("watchdog.demote",
                    "A watchdog is required, could not be activated, and PostgreSQL here is or may be a primary.",
                    "Patroni: watchdog.mode required. Nobody would stop this machine when its agent fails.",
                    WatchdogRules::demote),
            new Rule("watchdog.not-promoting",
                    "A watchdog is required, could not be activated, and PostgreSQL here is no primary.",
                    "Patroni: watchdog.mode required. Another member may have one that works.",
                    WatchdogRules::notPromoting),
            new Rule("watchdog.wait",
                    "A watchdog is required and not open, the lease could not be confirmed for it, and PostgreSQL here is no primary.",
                    "Nothing is promoted or started as a primary before it is open.", WatchdogRules::waitForIt),
            new Rule("watchdog.no-bootstrap", "No data, no cluster, and the watchdog that is required cannot be used.",
                    "A cluster that could not have a leader here is not begun here.", WatchdogRules::noBootstrap));

    private WatchdogRules() {
    }

    /** The device is to be open, and is not. */
    private static boolean isMissing(Situation s) {
        WatchdogStatus watchdog = s.facts().watchdog();
        boolean stops = s.running().filter(Action::stopsPrimary).isPresent()
                || s.memory().bootstrap() != Memory.Bootstrap.NONE && s.notRunning();
        return watchdog.wanted() && !watchdog.isActive() && s.storeSeen() && s.holdsLease() && !s.paused() && !stops
                && s.facts().request() != Facts.Request.SHUTDOWN && (!s.standbyCluster() || s.writable());
    }

    private static boolean isConfirmed(Situation s) {
        return s.facts().lease() instanceof LeaseView.Held held && s.isThisCycle(held.confirmedAtNanos());
    }

    private static boolean wasTried(Situation s) {
        Long triedAt = s.memory().tried().get(Decision.ActivateWatchdog.class.getSimpleName());
        return triedAt != null && s.isThisCycle(triedAt);
    }

    private static Optional<Rule.Outcome> renewFirst(Situation s) {
        return isMissing(s) && !isConfirmed(s)
                ? s.decideOnce(new Decision.RenewLease(LeaseRules.statusToStore(s)), Reason.of(Sentence.LEASE_RENEW))
                : pass();
    }

    private static Optional<Rule.Outcome> activate(Situation s) {
        return isMissing(s) && isConfirmed(s)
                ? s.decideOnce(new Decision.ActivateWatchdog(), Reason.of(Sentence.WATCHDOG_ACTIVATE))
                : pass();
    }

    private static boolean cannotLead(Situation s) {
        return isMissing(s) && s.facts().watchdog().required() && wasTried(s);
    }

    private static Optional<Rule.Outcome> demote(Situation s) {
        return cannotLead(s) && (s.mayBePrimary() || ActionRules.startsPrimary(s))
                ? ActionRules.beginStop(s, new Action.Demote(Action.Demote.Mode.NOT_LEADER),
                        Reason.of(Sentence.WATCHDOG_DEMOTE))
                : pass();
    }

    private static Optional<Rule.Outcome> notPromoting(Situation s) {
        if (!cannotLead(s) || s.running().isPresent()) {
            return pass();
        }
        Memory memory = s.memory()
                .withGaveUpLeadership(Optional.of(s.inSeconds(s.facts().dynamic().loopWaitSeconds())));
        return s.decide(new Decision.ReleaseLease(Optional.empty()), memory,
                Reason.of(Sentence.WATCHDOG_NOT_PROMOTING));
    }

    private static Optional<Rule.Outcome> waitForIt(Situation s) {
        return isMissing(s) && s.facts().watchdog().required() && s.running().isEmpty() && !s.mayBePrimary()
                ? s.restShortly(Reason.of(Sentence.RETRY_LATER))
                : pass();
    }

    private static Optional<Rule.Outcome> noBootstrap(Situation s) {
        boolean nothing = s.postgres().data() instanceof Data.Empty && s.notRunning() && s.running().isEmpty()
                && s.storeSeen() && s.snapshot().initialize().isEmpty() && s.snapshot().leader().isEmpty()
                && !s.standbyCluster();
        return nothing && s.facts().watchdog().isInTheWay()
                ? s.restShortly(Reason.of(Sentence.WATCHDOG_UNUSABLE))
                : pass();
    }
}
