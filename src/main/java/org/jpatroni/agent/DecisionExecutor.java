package org.jpatroni.agent;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jpatroni.dcs.Cas;
import org.jpatroni.decide.Decision;
import org.jpatroni.decide.Facts.PeersView;
import org.jpatroni.decide.Memory;
import org.jpatroni.decide.Situation;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Lease;
import org.jpatroni.model.Member;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.model.TimelineHistory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries one decision out: an exhaustive switch from decisions to ports. Failures become facts for the next question to the rules. */
final class DecisionExecutor {

    private static final Logger LOG = LoggerFactory.getLogger(DecisionExecutor.class);

    /** How long other members have to answer in a leader race; Patroni's peers use the same. */
    private static final Duration PEER_LIMIT = Duration.ofSeconds(2);

    private final AgentParts parts;
    private final LeaseKeeper lease;
    private final ActionSlot slot;
    private final Procedures procedures;
    private final Observer observer;
    private final OrderDesk orders;
    private final FailsafeBoard failsafe;

    DecisionExecutor(AgentParts parts, LeaseKeeper lease, ActionSlot slot, Procedures procedures, Observer observer,
            OrderDesk orders, FailsafeBoard failsafe) {
        this.parts = parts;
        this.lease = lease;
        this.slot = slot;
        this.procedures = procedures;
        this.observer = observer;
        this.orders = orders;
        this.failsafe = failsafe;
    }

    /**
     * What became of it.
     *
     * @param memory changed by what was learnt
     */
    record Effect(Memory memory) {
    }

    Effect execute(Decision decision, Situation s, Memory memory) throws InterruptedException {
        switch (decision) {
            case Decision.Rest rest -> {
            }
            case Decision.Halt halt -> {
            }
            case Decision.AcquireLease acquire -> {
                lease.attempt();
                if (mayReach()) {
                    settle(parts.store().acquireLease());
                }
            }
            case Decision.RenewLease renew -> renew(s, renew);
            case Decision.ReleaseLease release -> release(release);
            case Decision.AskPeers ask -> askPeers(ask);
            case Decision.AskFailsafe ask -> askFailsafe(ask);
            case Decision.WriteFailsafe write -> changed("failsafe", parts.store().writeFailsafe(write.members()));
            case Decision.PublishMember publish -> report("member key", parts.store().publishMember(publish.member()));
            case Decision.ClaimInitialize claim -> {
                boolean won = parts.store().createInitialize("").isWon();
                observer.storeChanged();
                return new Effect(won ? memory.withBootstrap(Memory.Bootstrap.CLAIMED) : memory);
            }
            case Decision.WriteInitialize write -> changed("initialize", write.create()
                    ? parts.store().createInitialize(write.systemIdentifier())
                    : parts.store().finishInitialize(write.systemIdentifier()));
            case Decision.CancelInitialize cancel -> changed("initialize", parts.store().cancelInitialize());
            case Decision.WriteConfig write -> changed("config",
                    parts.store().writeConfig(parts.initialConfig().get(), 0));
            case Decision.UpdateHistory update -> updateHistory(s, update.timeline());
            case Decision.ClearFailover clear -> changed("failover", parts.store().clearFailover(clear.version()));
            case Decision.WriteSync write -> {
                Cas<Boolean> outcome = parts.store().writeSync(write.state(), write.state().version());
                changed("sync", outcome);
                return new Effect(memory.withSync(
                        memory.sync().withStoreInDoubt(outcome instanceof Cas.Unknown<Boolean>)));
            }
            case Decision.SetStandbyNames set -> {
                Optional<String> failure = Outcomes.failure(parts.postgres().setStandbyNames(set.names()));
                failure.ifPresent(reason -> LOG.warn("synchronous_standby_names: {}", reason));
                observer.postgresChanged();
            }
            case Decision.SyncSlots sync -> {
                Outcomes.failure(parts.postgres().changeSlots(sync.steps()))
                        .ifPresent(reason -> LOG.warn("replication slots: {}", reason));
                observer.postgresChanged();
            }
            case Decision.ShowRole show -> parts.postgres().setRole(show.role());
            case Decision.AnnounceRole announce -> parts.postgres().changeRole(announce.role());
            case Decision.ActivateWatchdog activate -> lease.deadlineNanos()
                    .ifPresent(deadline -> parts.watchdog().activate(observer.watchdogTimes(), deadline));
            case Decision.Begin begin -> {
                if (slot.begin(begin.action(), cancel -> procedures.run(begin.action(), cancel))) {
                    orders.begun(begin.action());
                } else {
                    LOG.debug("{} waits for the action before it", begin.action());
                    // What was to be remembered with it has not happened.
                    return new Effect(s.memory());
                }
            }
            case Decision.CancelAction cancel -> slot.cancel();
            case Decision.RefuseOrder refusal -> orders.refused(refusal);
            case Decision.DropScheduledRestart drop -> orders.drop(drop.order());
        }
        return new Effect(memory);
    }

    private void settle(Cas<Lease> outcome) {
        switch (outcome) {
            case Cas.Won<Lease> won -> {
                lease.won(won.value());
                observer.storeAnswered();
            }
            case Cas.Lost<Lease> lost -> {
                LOG.info("the leader lock was not granted: {}", lost.reason());
                lease.lost();
            }
            case Cas.Unknown<Lease> unknown -> {
                lease.unknown(observer.dynamic().ttlSeconds());
                LOG.warn("no answer about the leader lock: {}", unknown.cause());
            }
        }
        observer.storeChanged();
    }

    private void renew(Situation s, Decision.RenewLease renew) {
        Optional<LeaderKey> key = s.leaderKey();
        if (key.isPresent()) {
            boolean wasSettled = s.holdsLease();
            lease.attemptRenewal();
            if (!wasSettled && !mayReach()) {
                return;
            }
            Cas<Lease> outcome = parts.store().renewLease(key.get(), renew.status());
            if (wasSettled && outcome instanceof Cas.Won<Lease> won) {
                // The common case: the key is as it was seen, so the snapshot of this cycle is still good.
                lease.won(won.value());
                observer.storeAnswered();
            } else {
                settle(outcome);
            }
        }
    }

    /** Whether this node has not promised a primary without store to stand back (failsafe mode); from here on it promises nothing. */
    private boolean mayReach() {
        boolean may = failsafe.reaches(parts.tasks().time().nanos());
        if (!may) {
            LOG.info("another member's primary goes on without the store: the leader lock is not asked for");
        }
        return may;
    }

    private void askFailsafe(Decision.AskFailsafe ask) throws InterruptedException {
        List<Member> members = ask.members().entrySet().stream()
                .map(member -> Member.at(member.getKey(), member.getValue())).toList();
        long sentAt = parts.tasks().time().nanos();
        boolean all = observer.failsafeAnswered(sentAt,
                members.isEmpty() ? List.of() : parts.peers().askFailsafe(members, ask.ping(), ask.limit()));
        if (all && !lease.agreed(new Lease(sentAt, observer.dynamic().ttlSeconds()))) {
            LOG.warn("all members agreed that this primary goes on, too late for its leader lock");
        }
    }

    /** From here on the lease is not ours, even when the store did not answer. */
    private void release(Decision.ReleaseLease release) {
        lease.lost();
        changed("leader", parts.store().releaseLease(release.shutdownLsn()));
        observer.postgresChanged();
    }

    private void askPeers(Decision.AskPeers ask) throws InterruptedException {
        long askedAt = parts.tasks().time().nanos();
        List<PeerAnswer> answers = parts.peers().askStatus(ask.members(), PEER_LIMIT);
        observer.answered(new PeersView(askedAt, answers));
        // Somebody may have led, and gone again, while an answer was waited for: the lock must not be taken on what was seen before.
        observer.storeChanged();
    }

    private void updateHistory(Situation s, int timeline) {
        Optional<TimelineHistory> local = parts.postgres().timelineHistory(timeline);
        if (local.isEmpty()) {
            return;
        }
        TimelineHistory stored = s.snapshot().history();
        List<TimelineHistory.Entry> merged = new ArrayList<>();
        for (TimelineHistory.Entry entry : local.get().entries()) {
            Optional<TimelineHistory.Entry> known = stored.entries().stream()
                    .filter(old -> old.timeline() == entry.timeline() && old.switchPoint().equals(entry.switchPoint()))
                    .findFirst();
            boolean newest = entry.timeline() == timeline - 1;
            merged.add(known.orElseGet(() -> new TimelineHistory.Entry(entry.timeline(), entry.switchPoint(),
                    entry.reason(), entry.timestamp(),
                    newest ? Optional.of(parts.node().get().name()) : entry.newLeader())));
        }
        int limit = s.facts().dynamic().maxTimelinesHistory();
        int from = limit > 0 ? Math.max(0, merged.size() - limit) : 0;
        changed("history", parts.store()
                .writeHistory(new TimelineHistory(merged.subList(from, merged.size()), stored.version())));
    }

    private void changed(String key, Cas<Boolean> outcome) {
        report(key, outcome);
        observer.storeChanged();
    }

    private void report(String key, Cas<Boolean> outcome) {
        switch (outcome) {
            case Cas.Won<Boolean> won -> observer.storeAnswered();
            case Cas.Lost<Boolean> lost -> LOG.info("{} was not written: {}", key, lost.reason());
            case Cas.Unknown<Boolean> unknown -> {
                observer.storeUnanswered();
                LOG.warn("no answer about {}: {}", key, unknown.cause());
            }
        }
    }
}
