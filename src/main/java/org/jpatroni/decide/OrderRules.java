package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jpatroni.decide.Memory.Bootstrap;
import org.jpatroni.decide.Memory.Rebuild;
import org.jpatroni.decide.Order.Conditions;
import org.jpatroni.decide.Order.Refusal;
import org.jpatroni.decide.Order.Scheduled;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresView.Data;
import org.jpatroni.model.PostgresView.Postmaster;
import org.jpatroni.model.PostgresView.Replication;
import org.jpatroni.model.Upstream;

/** What an operator has asked of this node: restart and reinitialize. Every order is begun or refused; none is forgotten. */
final class OrderRules {

    static final List<Rule> RULES = List.of(
            new Rule("order.store-down", "An order waits and the store cannot be read.",
                    "Nobody knows who leads: nothing is stopped or thrown away on a guess.", OrderRules::storeDown),
            new Rule("order.reinitialize-refused",
                    "This member shall be reinitialized, and it leads, or no other leader runs.",
                    "The last copy is never thrown away. Patroni: the leader cannot be reinitialized.",
                    OrderRules::reinitializeRefused),
            new Rule("order.interrupt",
                    "An order waits for an action that may end for it: the start of a standby, or any that may be cancelled when it is forced.",
                    "Patroni: force cancels the running action; a standby that does not get up is no reason to wait.",
                    OrderRules::interrupt),
            new Rule("order.busy", "An order waits and another action is under way.",
                    "Patroni: one action at a time, the operator is told which.", OrderRules::busy),
            new Rule("order.restart-refused",
                    "PostgreSQL shall be restarted, and the conditions do not hold, or there is nothing to restart.",
                    "Patroni: restart conditions.", OrderRules::restartRefused),
            new Rule("order.reinitialize", "This member shall be reinitialized, and another leader runs.",
                    "The data go, the bootstrap rules copy them anew.", OrderRules::reinitialize),
            new Rule("order.restart-synchronous",
                    "PostgreSQL shall be restarted and this member is listed as a synchronous standby.",
                    "Patroni: it asks not to be one first, else the primary's commits would wait for it.",
                    OrderRules::standAside),
            new Rule("order.restart", "PostgreSQL shall be restarted now.",
                    "A leader keeps its lease meanwhile: it is back sooner than anybody could take over.",
                    OrderRules::restart),
            new Rule("order.restart-overdue",
                    "The leader's restart was not done in time, PostgreSQL is still stopping, and another member could lead.",
                    "Patroni: timeout of a restart. It is stopped at once, then the key is given up.",
                    OrderRules::overdue),
            new Rule("order.restart-scheduled-void",
                    "A scheduled restart is due and its conditions do not hold, its time is long over, or PostgreSQL was restarted since it was given.",
                    "Patroni: such a restart is dropped.", OrderRules::scheduledVoid),
            new Rule("order.restart-scheduled", "A scheduled restart is due.",
                    "Patroni: scheduled restart; not in maintenance mode.", OrderRules::scheduled));

    /** For a restart where {@code primary_start_timeout} is 0, which means something for crashes only: PostgreSQL's own {@code pg_ctl} waits as long. */
    private static final int RESTART_SECONDS = 60;

    private OrderRules() {
    }

    private static Optional<Order> order(Situation s) {
        return s.facts().orders().immediate();
    }

    private static Optional<Order.Restart> restartOrder(Situation s) {
        return order(s).filter(Order.Restart.class::isInstance).map(Order.Restart.class::cast);
    }

    private static Optional<Order.Reinitialize> reinitializeOrder(Situation s) {
        return order(s).filter(Order.Reinitialize.class::isInstance).map(Order.Reinitialize.class::cast);
    }

    private static Optional<Rule.Outcome> refuse(Situation s, Order order, Refusal refusal, String detail) {
        String why = refusal.sentence() + (detail.isEmpty() ? "" : " (" + detail + ")");
        return s.decide(new Decision.RefuseOrder(order.id(), refusal, detail),
                Reason.of(Sentence.ORDER_REFUSED, order.name(), why));
    }

    private static Optional<Rule.Outcome> storeDown(Situation s) {
        boolean urgent = (s.mayBePrimary() || ActionRules.startsPrimary(s))
                && s.leaseLeft().compareTo(s.stopBudget()) <= 0;
        return order(s).isPresent() && !s.storeSeen() && !urgent
                ? refuse(s, order(s).get(), Refusal.STORE_DOWN, "")
                : pass();
    }

    private static Optional<Rule.Outcome> reinitializeRefused(Situation s) {
        Optional<Order.Reinitialize> order = reinitializeOrder(s).filter(given -> s.storeSeen());
        if (order.isEmpty()) {
            return pass();
        }
        if (s.snapshot().isUnlocked()) {
            return refuse(s, order.get(), Refusal.NO_LEADER, "");
        }
        if (!s.otherLeads() || s.leaseNotExpired()) {
            return refuse(s, order.get(), Refusal.IS_LEADER, "");
        }
        if (s.hasForeignData()) {
            return refuse(s, order.get(), Refusal.NOT_POSSIBLE, "the data are those of another cluster");
        }
        return leaderServes(s) ? pass() : refuse(s, order.get(), Refusal.LEADER_NOT_RUNNING, s.leaderName());
    }

    private static boolean leaderServes(Situation s) {
        return s.otherLeads() && s.leaderMember().filter(Member::mayServeReplication).isPresent();
    }

    private static Optional<Rule.Outcome> interrupt(Situation s) {
        boolean forced = reinitializeOrder(s).filter(Order.Reinitialize::force).isPresent();
        return order(s).isPresent()
                && s.facts().running().filter(run -> !run.cancelled() && mayEndForOrder(s, run.action(), forced))
                        .isPresent()
                                ? s.decide(new Decision.CancelAction(), Reason.of(Sentence.ORDER_INTERRUPTS,
                                        ActionRules.name(s.running().orElseThrow()), order(s).get().name()))
                                : pass();
    }

    /** The start of a standby that an order cannot do without, because the data are still a primary's, would be begun again and again. */
    private static boolean mayEndForOrder(Situation s, Action action, boolean forced) {
        boolean standbyStart = action instanceof Action.Start start && start.role() != PostgresRole.PRIMARY
                && restartOrder(s).filter(order -> restartAction(s, order).isEmpty()).isEmpty();
        return standbyStart || forced && action.isCancellable();
    }

    private static Optional<Rule.Outcome> busy(Situation s) {
        if (order(s).isEmpty()) {
            return pass();
        }
        boolean forced = reinitializeOrder(s).filter(Order.Reinitialize::force).isPresent();
        Optional<String> obstacle = s.facts().running()
                .filter(run -> !endsSoon(run.action()) && !(run.cancelled() && mayEndForOrder(s, run.action(), forced)))
                .map(run -> name(s, run.action()))
                .or(() -> Optional.of("reinitialize").filter(name -> s.memory().rebuild().isCopying() && !forced))
                .or(() -> Optional.of("bootstrap").filter(name -> s.memory().bootstrap() != Bootstrap.NONE))
                .or(() -> Optional.of("start").filter(name -> s.running().isEmpty() && s.mayBePrimary()
                        && s.postgres().postmaster() instanceof Postmaster.Starting))
                .or(() -> Optional.of("stop").filter(name -> s.running().isEmpty()
                        && s.postgres().postmaster() instanceof Postmaster.Stopping));
        return obstacle.flatMap(name -> refuse(s, order(s).get(), Refusal.BUSY, name));
    }

    /** Not worth telling anybody about: the order waits for it. */
    private static boolean endsSoon(Action action) {
        return action instanceof Action.CheckDivergence || action instanceof Action.Follow;
    }

    /** The action in Patroni's words. */
    private static String name(Situation s, Action action) {
        boolean rebuilds = s.memory().rebuild() != Rebuild.NONE;
        return switch (action) {
            case Action.CloneFrom clone -> rebuilds ? "reinitialize" : "bootstrap from leader";
            case Action.DiscardData discard -> rebuilds ? "reinitialize" : "remove data directory";
            case Action.Start start -> rebuilds
                    ? "reinitialize"
                    : start.role() == PostgresRole.PRIMARY ? "starting primary after failure" : "start";
            case Action.Rewind rewind -> "running pg_rewind";
            case Action.CopySlots copy -> "copying logical slots";
            case Action.Shutdown shutdown -> "shutdown";
            case Action.Bootstrap bootstrap -> "bootstrap";
            case Action.Restart restart -> "restart";
            case Action.Promote promote -> "promote";
            case Action.Demote demote -> "demote";
            case Action.Follow follow -> "follow";
            case Action.CheckDivergence check -> "check";
        };
    }

    private static Optional<Rule.Outcome> restartRefused(Situation s) {
        Optional<Order.Restart> order = restartOrder(s).filter(given -> s.running().isEmpty() && s.storeSeen());
        if (order.isEmpty()) {
            return pass();
        }
        Optional<String> unmet = unmet(s, order.get().conditions());
        if (unmet.isPresent()) {
            return refuse(s, order.get(), Refusal.CONDITIONS, unmet.get());
        }
        return restartAction(s, order.get()).isEmpty() && !settlesSoon(s)
                ? refuse(s, order.get(), Refusal.NOT_POSSIBLE, state(s))
                : pass();
    }

    private static String state(Situation s) {
        return "PostgreSQL is " + s.facts().state().wireText();
    }

    /** Why the restart is not wanted now; empty when it is. */
    private static Optional<String> unmet(Situation s, Conditions conditions) {
        int version = s.replication().map(Replication::serverVersion)
                .orElseGet(() -> s.postgres().data() instanceof Data.Present present
                        ? present.majorVersion() * 10_000
                        : 0);
        if (conditions.role().filter(role -> !role.equals(s.facts().role().wireText())).isPresent()) {
            return Optional.of("my role is " + s.facts().role().wireText());
        }
        if (conditions.versionBelow().isPresent() && conditions.versionBelow().getAsInt() <= version) {
            return Optional.of("my version is " + version);
        }
        return conditions.pendingRestart() && s.postgres().pendingRestart().isEmpty()
                ? Optional.of("no parameter waits for a restart")
                : Optional.empty();
    }

    /** Other rules are about to change what this server is: the order waits for that. */
    private static boolean settlesSoon(Situation s) {
        if (s.hasForeignData() || !s.dataPresent()) {
            return false;
        }
        if (s.notRunning()) {
            return !s.paused() && s.memory().startFailures() == 0;
        }
        return s.writable() && !s.leaseLasts() && (!s.paused()
                || s.snapshot().isUnlocked() && !s.leaseAttemptedThisCycle())
                || s.inRecovery() && s.holdsLease() && !s.standbyCluster();
    }

    /** The restart as it can be begun now. A primary is started only under a lease that lasts. */
    private static Optional<Action.Restart> restartAction(Situation s, Order.Restart order) {
        if (!s.dataPresent() || s.hasForeignData() || s.memory().bootstrap() != Bootstrap.NONE) {
            return Optional.empty();
        }
        int timeout = order.timeoutSeconds().orElse(s.facts().dynamic().primaryStartTimeoutSeconds());
        boolean primary = s.notRunning() ? !s.hasStandbySignal() : s.mayBePrimary();
        boolean allowed = primary
                ? s.leaseLasts() && !s.standbyCluster()
                : s.hasStandbySignal() && !(s.holdsLease() && !s.standbyCluster());
        PostgresRole role = primary
                ? PostgresRole.PRIMARY
                : s.holdsLease() ? PostgresRole.STANDBY_LEADER : PostgresRole.REPLICA;
        return allowed
                ? Optional.of(new Action.Restart(order.id(), role, primary ? Optional.empty() : upstream(s),
                        s.replication().isPresent(), timeout > 0 ? timeout : RESTART_SECONDS))
                : Optional.empty();
    }

    private static Optional<Upstream> upstream(Situation s) {
        if (s.holdsLease()) {
            return Optional.of(UpstreamRules.remote(s));
        }
        return Optional.of(s.otherLeads() ? UpstreamRules.wanted(s) : new Upstream.Nobody());
    }

    private static Optional<Rule.Outcome> reinitialize(Situation s) {
        Optional<Order.Reinitialize> order = reinitializeOrder(s);
        if (order.isEmpty() || s.running().isPresent() || !s.storeSeen() || !leaderServes(s)) {
            return pass();
        }
        Rebuild rebuild = order.get().fromLeader() ? Rebuild.FROM_LEADER : Rebuild.FROM_ANYBODY;
        Memory memory = s.memory().withRebuild(rebuild).withDivergence(Memory.Divergence.NOTHING)
                .withActionNotBefore(s.facts().nowNanos());
        return s.decide(new Decision.Begin(new Action.DiscardData(order.get().id())), memory,
                Reason.of(Sentence.REINITIALIZE, s.leaderName()));
    }

    /** Whether this member asks not to be a synchronous standby, because it is about to restart. */
    static boolean standsAside(Situation s) {
        return restartOrder(s).isPresent() && s.storeSeen() && !s.mayBePrimary()
                && s.snapshot().sync().matches(s.self()) && !waitedLongEnough(s, restartOrder(s).get());
    }

    private static boolean waitedLongEnough(Situation s, Order.Restart order) {
        return s.since(order.givenAtNanos())
                .compareTo(Duration.ofSeconds(2L * s.facts().dynamic().loopWaitSeconds())) > 0;
    }

    private static Optional<Rule.Outcome> standAside(Situation s) {
        return standsAside(s) && s.running().isEmpty()
                ? MemberRules.publishIfDue(s).or(() -> s.restShortly(Reason.of(Sentence.STANDS_ASIDE)))
                : pass();
    }

    private static Optional<Rule.Outcome> restart(Situation s) {
        Optional<Action.Restart> action = restartOrder(s).filter(order -> s.running().isEmpty() && s.storeSeen())
                .flatMap(order -> restartAction(s, order));
        return action.isPresent()
                ? s.decide(new Decision.Begin(action.get()), Reason.of(Sentence.RESTART))
                : pass();
    }

    private static Optional<Rule.Outcome> overdue(Situation s) {
        boolean stopping = s.postgres().postmaster() instanceof Postmaster.Stopping;
        return stopping && s.running().isEmpty() && s.storeSeen() && s.holdsLease() && !s.paused()
                && s.facts().role() == PostgresRole.PRIMARY && s.memory().startFailures() > 0
                && s.someoneCouldTakeOver()
                        ? s.decide(new Decision.Begin(new Action.Demote(Action.Demote.Mode.OFFLINE)),
                                Reason.of(Sentence.RESTART_OVERDUE))
                        : pass();
    }

    private static Optional<Scheduled> due(Situation s) {
        return s.facts().orders().scheduled().filter(restart -> s.storeSeen() && s.running().isEmpty() && !s.paused()
                && !restart.due().isAfter(s.facts().wallNow()));
    }

    private static Optional<Rule.Outcome> scheduledVoid(Situation s) {
        Optional<Scheduled> given = s.facts().orders().scheduled();
        if (given.isEmpty()) {
            return pass();
        }
        Optional<Instant> started = s.replication().flatMap(Replication::postmasterStart);
        if (started.isPresent() && given.get().postmasterStart().isPresent()
                && !started.equals(given.get().postmasterStart())) {
            return drop(s, given.get(), "PostgreSQL has been restarted already");
        }
        if (due(s).isEmpty()) {
            return pass();
        }
        long lateSeconds = Duration.between(given.get().due(), s.facts().wallNow()).toSeconds();
        if (lateSeconds > s.facts().dynamic().loopWaitSeconds() * 3L / 2) {
            return drop(s, given.get(), "it was due " + lateSeconds + " s ago");
        }
        return unmet(s, given.get().restart().conditions()).flatMap(reason -> drop(s, given.get(), reason));
    }

    private static Optional<Rule.Outcome> drop(Situation s, Scheduled scheduled, String why) {
        return s.decide(new Decision.DropScheduledRestart(scheduled.restart().id()),
                Reason.of(Sentence.SCHEDULED_RESTART_DROPPED, why));
    }

    private static Optional<Rule.Outcome> scheduled(Situation s) {
        return due(s).flatMap(given -> restartAction(s, given.restart()))
                .flatMap(action -> s.decide(new Decision.Begin(action), Reason.of(Sentence.RESTART_SCHEDULED)));
    }
}
