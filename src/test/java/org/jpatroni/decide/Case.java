package org.jpatroni.decide;

import java.util.Optional;
import org.jpatroni.decide.Facts.LeaseView;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresView.Data;
import org.jpatroni.model.PostgresView.Postmaster;

/**
 * Facts of member {@code a}, memory, and the verdict on them, with the questions that the checks ask. They are answered from the facts anew,
 * without the rules' own {@link Situation}.
 */
record Case(Facts facts, Memory memory, Verdict verdict) {

    static Case of(World world) {
        Facts facts = world.facts();
        return new Case(facts, world.memory(), HaRules.decide(facts, world.memory()));
    }

    boolean decides(Class<? extends Decision> kind) {
        return kind.isInstance(verdict.decision());
    }

    boolean begins(Class<? extends Action> kind) {
        return begun().filter(kind::isInstance).isPresent();
    }

    Optional<Action> begun() {
        return verdict.decision() instanceof Decision.Begin begin ? Optional.of(begin.action()) : Optional.empty();
    }

    boolean beginsPrimary() {
        return begins(Action.Promote.class)
                || begun().filter(a -> a instanceof Action.Start start && start.role() == PostgresRole.PRIMARY
                        || a instanceof Action.Restart restart && restart.role() == PostgresRole.PRIMARY).isPresent();
    }

    /** An operator has ordered to throw the data away, and this is that order. */
    boolean discardsAsOrdered() {
        return begun().filter(a -> a instanceof Action.DiscardData discard && facts.orders().immediate()
                .filter(order -> order instanceof Order.Reinitialize && order.id() == discard.order()).isPresent())
                .isPresent();
    }

    boolean storeSeen() {
        return facts.cluster() instanceof Facts.ClusterView.Seen;
    }

    ClusterSnapshot snapshot() {
        return facts.cluster() instanceof Facts.ClusterView.Seen seen ? seen.snapshot() : ClusterSnapshot.EMPTY;
    }

    boolean leaderIs(String name) {
        return snapshot().leader().map(LeaderKey::holder).filter(name::equals).isPresent();
    }

    boolean candidateIs(String name) {
        return snapshot().failover().flatMap(FailoverRequest::candidate).filter(name::equals).isPresent();
    }

    boolean otherServes() {
        return snapshot().leader().map(LeaderKey::holder).filter(name -> !name.equals("a"))
                .flatMap(snapshot()::member)
                .filter(leader -> leader.state().filter("running"::equals).isPresent() && leader.connUrl().isPresent())
                .isPresent();
    }

    boolean leaseHeld() {
        return facts.lease() instanceof LeaseView.Held held && held.deadlineNanos() > facts.nowNanos();
    }

    /** Until the last moment at which a stop must begin. */
    long nanosUntilStop() {
        return facts.lease() instanceof LeaseView.Held held
                ? held.deadlineNanos() - facts.nowNanos() - facts.dynamic().ttlSeconds() * 1_000_000_000L / 6
                : 0;
    }

    boolean writable() {
        return facts.postgres().postmaster() instanceof Postmaster.Up up && !up.replication().inRecovery();
    }

    boolean paused() {
        return facts.dynamic().pause();
    }

    boolean endsAgent() {
        return facts.request() == Facts.Request.SHUTDOWN;
    }

    boolean emptyData() {
        return facts.postgres().data() instanceof Data.Empty;
    }

    /** This agent has claimed the bootstrap of a cluster that follows a remote one. */
    boolean makesStandbyCluster() {
        return memory.bootstrap() == Memory.Bootstrap.CLAIMED && facts.dynamic().standbyCluster().isPresent();
    }

    /** The data carries another system identifier than the cluster. */
    boolean foreign() {
        return facts.postgres().data() instanceof Data.Present present && storeSeen()
                && snapshot().initialize().filter(stored -> !stored.isEmpty())
                        .filter(stored -> !stored.equals(present.control().systemIdentifier())).isPresent();
    }

    boolean writesToStore() {
        return switch (verdict.decision()) {
            case Decision.AcquireLease d -> true;
            case Decision.RenewLease d -> true;
            case Decision.ReleaseLease d -> true;
            case Decision.PublishMember d -> true;
            case Decision.ClaimInitialize d -> true;
            case Decision.WriteInitialize d -> true;
            case Decision.CancelInitialize d -> true;
            case Decision.WriteConfig d -> true;
            case Decision.UpdateHistory d -> true;
            case Decision.ClearFailover d -> true;
            case Decision.WriteFailsafe d -> true;
            case Decision.WriteSync d -> true;
            case Decision.SetStandbyNames d -> false;
            case Decision.Rest d -> false;
            case Decision.AskPeers d -> false;
            case Decision.AskFailsafe d -> false;
            case Decision.SyncSlots d -> false;
            case Decision.ShowRole d -> false;
            case Decision.AnnounceRole d -> false;
            case Decision.ActivateWatchdog d -> false;
            case Decision.Begin d -> false;
            case Decision.CancelAction d -> false;
            case Decision.Halt d -> false;
            case Decision.RefuseOrder d -> false;
            case Decision.DropScheduledRestart d -> false;
        };
    }
}
