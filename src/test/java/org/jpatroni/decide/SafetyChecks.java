package org.jpatroni.decide;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jpatroni.decide.Decision.Rest;
import org.jpatroni.model.Upstream;
import org.jpatroni.model.PostgresView.Data;
import org.jpatroni.model.PostgresView.Postmaster;

/**
 * What must hold for every verdict, whatever the facts. Written from the invariants, not from the rules: where a rule and a check ask the same
 * question, they do not share the code.
 */
final class SafetyChecks {

    private static final Duration SHORT = Duration.ofSeconds(1);
    private static final long PAUSE_NANOS = 10_000_000L;

    static final List<Check> CHECKS = new ArrayList<>();

    static {
        lease();
        announcements();
        maintenance();
        failsafe();
        data();
        actions();
        rests();
    }

    private SafetyChecks() {
    }

    /** {@code holds} is false where the invariant is broken. */
    record Check(String name, Predicate<Case> holds) {
    }

    private static void never(String what, Predicate<Case> broken) {
        CHECKS.add(new Check("never: " + what, broken.negate()));
    }

    private static void lease() {
        never("a primary that begins without a held lease which the store confirms",
                c -> c.beginsPrimary() && !(c.leaseHeld() && c.storeSeen() && c.leaderIs("a")));
        never("a primary that begins with a lease which ends within the stop budget",
                c -> c.beginsPrimary() && c.nanosUntilStop() <= 0);
        never("a promotion, or a start as a primary, without the watchdog that is required",
                c -> c.beginsPrimary() && !c.begins(Action.Restart.class) && !c.paused()
                        && c.facts().watchdog().required() && !c.facts().watchdog().isActive());
        never("the lease acquired by a standby whose watchdog is in the way",
                c -> c.decides(Decision.AcquireLease.class)
                        && !c.writable() && c.facts().watchdog().isInTheWay() && !c.paused() && !c.makesStandbyCluster()
                        && c.facts().dynamic().standbyCluster().isEmpty());
        never("the lease acquired while somebody holds it, or the store is not seen",
                c -> c.decides(Decision.AcquireLease.class) && (!c.storeSeen() || c.snapshot().leader().isPresent()));
        never("the lease acquired twice in a cycle", c -> c.decides(Decision.AcquireLease.class)
                && c.facts().lease().attemptedAtNanos() >= c.facts().cycleStartNanos());
        never("the lease acquired by a server that does not answer", c -> c.decides(Decision.AcquireLease.class)
                && c.facts().postgres().replication().isEmpty());
        never("the lease acquired on the way out", c -> c.decides(Decision.AcquireLease.class) && c.endsAgent());
        never("the lease acquired by a standby that must not lead", c -> c.decides(Decision.AcquireLease.class)
                && !c.writable() && c.facts().tags().nofailover() && !c.makesStandbyCluster());
        never("the lease acquired with foreign data",
                c -> c.decides(Decision.AcquireLease.class) && c.foreign());
        never("the lease renewed although the key does not carry my name",
                c -> c.decides(Decision.RenewLease.class) && !(c.storeSeen() && c.leaderIs("a")));
        never("a lease released that is not held",
                c -> c.decides(Decision.ReleaseLease.class) && !c.leaseHeld() && !keyWithoutServer(c.facts()));
        never("a requested move deleted by somebody else than the leader",
                c -> c.decides(Decision.ClearFailover.class) && !c.leaseHeld());
        never("a write to a store that is unreachable", c -> c.writesToStore() && !c.storeSeen());
    }

    /** An earlier release may have got no answer: the key is still there, and nothing that could be a primary. */
    private static boolean keyWithoutServer(Facts facts) {
        return facts.cluster() instanceof Facts.ClusterView.Seen seen
                && seen.snapshot().leader().filter(key -> key.holder().equals("a") && key.ownSession()).isPresent()
                && facts.postgres().postmaster() instanceof Postmaster.Absent;
    }

    private static void announcements() {
        never("a role announced of a server that may run", c -> c.decides(Decision.AnnounceRole.class)
                && !(c.facts().postgres().postmaster() instanceof Postmaster.Absent));
    }

    private static void maintenance() {
        never("a demotion while paused, except for a requested move", c -> c.paused()
                && c.begins(Action.Demote.class) && !(c.snapshot().failover().isPresent()
                        && c.verdict().ruleId().startsWith("switchover.")));
        never("a promotion while paused, except of the named candidate",
                c -> c.paused() && c.begins(Action.Promote.class) && !c.candidateIs("a"));
        never("a standby that takes the lease while paused, except the named candidate", c -> c.paused()
                && c.decides(Decision.AcquireLease.class) && !c.writable() && !c.candidateIs("a")
                && !c.makesStandbyCluster());
        never("an action cancelled while paused, except for a shutdown",
                c -> c.paused() && c.decides(Decision.CancelAction.class) && !c.endsAgent()
                        && c.facts().orders().immediate().isEmpty());
        never("a stop for shutdown that nobody asked for", c -> c.begins(Action.Shutdown.class) && !c.endsAgent());
        never("something begun on the way out that is not the stop",
                c -> c.endsAgent() && c.begun().isPresent() && !c.begins(Action.Shutdown.class));
        never("a stop while paused and asked to end", c -> c.paused() && c.begins(Action.Shutdown.class));
        never("the agent ends without request, foreign data or failed bootstrap",
                c -> c.decides(Decision.Halt.class) && !c.endsAgent() && !c.foreign()
                        && c.memory().bootstrap() == Memory.Bootstrap.NONE);
        never("the agent ends on its own while paused", c -> c.decides(Decision.Halt.class) && c.paused()
                && !c.endsAgent() && c.memory().bootstrap() == Memory.Bootstrap.NONE);
    }

    private static void failsafe() {
        never("members asked to agree to what is no primary with a lease, or while paused, or with the mode off",
                c -> c.decides(Decision.AskFailsafe.class) && !(c.leaseHeld() && !c.paused() && !c.endsAgent()
                        && c.facts().dynamic().failsafeMode() && c.nanosUntilStop() > 0));
        never("a standby that takes the lease although it promised to stand back", c -> c.decides(
                Decision.AcquireLease.class) && !c.writable() && c.facts().failsafe().primary().isPresent());
        never("a standby that takes the lease although the failsafe topology does not name it", c -> c.decides(
                Decision.AcquireLease.class) && !c.writable() && c.facts().dynamic().failsafeMode()
                && !c.snapshot().failsafe().isEmpty() && !c.snapshot().failsafe().containsKey("a"));
        never("the failsafe topology written by somebody who does not lead", c -> c.decides(
                Decision.WriteFailsafe.class) && !(c.leaderIs("a") && c.leaseHeld()));
    }

    private static void data() {
        never("data discarded while nobody else leads and can serve, or rewound to somebody who does not lead",
                c -> c.begins(Action.DiscardData.class) && !c.otherServes()
                        || c.begun().filter(a -> a instanceof Action.Rewind rewind
                                && !(c.facts().dynamic().standbyCluster().isPresent()
                                        ? rewind.upstream() instanceof Upstream.Remote
                                        : c.otherServes()))
                                .isPresent());
        never("data discarded that may not be", c -> c.begins(Action.DiscardData.class) && !c.discardsAsOrdered()
                && !c.facts().dynamic().removeDataDirectoryOnRewindFailure()
                && !c.facts().dynamic().removeDataDirectoryOnDivergedTimelines());
        never("data discarded without proof of divergence",
                c -> c.begins(Action.DiscardData.class) && !c.discardsAsOrdered()
                        && c.memory().divergence().phase() != Memory.Phase.DIVERGED
                        && c.memory().divergence().phase() != Memory.Phase.FORKED);
        never("data discarded by the holder of the lease",
                c -> c.begins(Action.DiscardData.class) && (c.leaderIs("a") || c.discardsAsOrdered() && c.leaseHeld()));
        never("a restart that nobody ordered, or before its time", c -> c.begins(Action.Restart.class)
                && !(c.facts().orders().immediate().filter(Order.Restart.class::isInstance).isPresent()
                        || c.facts().orders().scheduled()
                                .filter(restart -> !restart.due().isAfter(c.facts().wallNow()) && !c.paused())
                                .isPresent()));
        never("a running primary restarted as something else", c -> c.begins(Action.Restart.class) && c.writable()
                && !c.beginsPrimary());
        never("a restart or a rebuild on a store that is not seen", c -> !c.storeSeen()
                && (c.begins(Action.Restart.class) || c.begins(Action.DiscardData.class)));
        never("an order that waits behind a rest although nothing runs and nothing is about to change",
                c -> c.decides(Decision.Rest.class) && c.facts().orders().immediate().isPresent()
                        && c.facts().running().isEmpty() && c.storeSeen() && !c.endsAgent() && c.leaseHeld()
                        && c.writable() && c.nanosUntilStop() > 0 && c.leaderIs("a"));
        never("a rewind that cannot help", c -> c.begins(Action.Rewind.class)
                && c.memory().divergence().phase() == Memory.Phase.FORKED);
        never("a clone over existing data, or of nobody",
                c -> c.begun().filter(a -> a instanceof Action.CloneFrom clone && !(c.emptyData() && c.storeSeen()
                        && (c.makesStandbyCluster() || (clone.source().filter(Upstream.OfMember.class::isInstance)
                                .isPresent()
                                        ? c.otherServes()
                                        : c.facts().node().clonesWithoutLeader()))))
                        .isPresent());
        never("a bootstrap over existing data, without the claim, or in a standby cluster", c -> c.begins(
                Action.Bootstrap.class)
                && !(c.emptyData() && !c.makesStandbyCluster() && c.memory().bootstrap() == Memory.Bootstrap.CLAIMED));
        never("a start where a server runs, or without data", c -> c.begins(Action.Start.class)
                && !(c.facts().postgres().postmaster() instanceof Postmaster.Absent
                        && c.facts().postgres().data() instanceof Data.Present));
        never("foreign data used", c -> c.foreign() && c.begun().isPresent() && !c.begins(Action.Shutdown.class)
                && !c.begins(Action.Demote.class));
    }

    private static void actions() {
        never("a real primary made in a standby cluster",
                c -> c.beginsPrimary() && c.facts().dynamic().standbyCluster().isPresent());
        never("an action begun while another runs",
                c -> c.begun().isPresent() && c.facts().running().isPresent());
        never("an action cancelled twice, or past its point of no return",
                c -> c.decides(Decision.CancelAction.class) && c.facts().running()
                        .filter(run -> !run.cancelled() && run.action().isCancellable()).isEmpty());
        never("a reason that cannot be rendered", c -> c.verdict().reason().text().isEmpty());
        never("a reason with more or fewer parts than its sentence has places", c -> c.verdict().reason().parts()
                .size() != c.verdict().reason().sentence().format().split("%[sd]", -1).length - 1);
    }

    private static void rests() {
        never("a long rest of a running primary without the lease", c -> c.verdict().decision() instanceof Rest rest
                && c.writable() && !c.leaseHeld() && !c.paused() && !c.endsAgent()
                && c.memory().bootstrap() == Memory.Bootstrap.NONE && rest.limit().compareTo(SHORT) > 0);
        never("a rest beyond the moment at which a primary must stop",
                c -> c.verdict().decision() instanceof Rest rest && c.writable() && c.leaseHeld() && !c.storeSeen()
                        && !c.paused() && !c.endsAgent() && c.facts().running().isEmpty()
                        && rest.limit().toNanos() > Math.max(PAUSE_NANOS, c.nanosUntilStop()));
        never("a rest of a primary whose lease is about to end and was not extended",
                c -> c.verdict().decision() instanceof Rest && c.writable() && c.leaseHeld() && c.nanosUntilStop() <= 0
                        && !c.paused() && !c.endsAgent() && c.facts().running().isEmpty()
                        && c.memory().bootstrap() == Memory.Bootstrap.NONE);
        never("a long rest while a primary starts that lost its lease",
                c -> c.verdict().decision() instanceof Rest rest && !c.paused() && !c.leaseHeld() && !c.endsAgent()
                        && c.memory().bootstrap() == Memory.Bootstrap.NONE
                        && c.facts().running().filter(run -> run.action() instanceof Action.Start start
                                && start.upstream().isEmpty() && !run.cancelled()).isPresent()
                        && rest.limit().compareTo(SHORT) >= 0);
        never("a rest that is not positive, or longer than loop_wait", c -> c.verdict().decision() instanceof Rest rest
                && (!rest.limit().isPositive()
                        || rest.limit().compareTo(Duration.ofSeconds(c.facts().dynamic().loopWaitSeconds())) > 0));
    }
}
