package org.jpatroni.agent;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jpatroni.decide.Action;
import org.jpatroni.decide.ActionFold;
import org.jpatroni.decide.Decision;
import org.jpatroni.decide.Facts;
import org.jpatroni.decide.HaRules;
import org.jpatroni.decide.Memory;
import org.jpatroni.decide.Order;
import org.jpatroni.decide.Reason;
import org.jpatroni.decide.Situation;
import org.jpatroni.decide.Verdict;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.node.HaStatus;
import org.jpatroni.runtime.Time;
import org.jpatroni.runtime.Wakeup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;
import org.slf4j.MarkerFactory;

/**
 * The one thread that decides: observe, ask the rules, carry out, publish, until the rules say rest. It owns the memory, the lease and
 * PostgreSQL's role.
 */
public final class HaLoop {

    private static final Logger LOG = LoggerFactory.getLogger(HaLoop.class);
    private static final Marker CRITICAL = MarkerFactory.getMarker("CRITICAL");
    private static final int FAILED_CYCLES_MAX = 3;

    private final AgentParts parts;
    private final Time time;
    private final Wakeup wakeup;
    private final LeaseKeeper lease;
    private final ActionSlot slot;
    private final Procedures procedures;
    private final Observer observer;
    private final DecisionExecutor executor;
    private final FenceKeeper fence;
    private final LeaseGuard leaseGuard;
    private final StatusBoard board;
    private final OrderDesk orders;
    private final Inbox inbox;
    private final LoopCounters counters = new LoopCounters();
    private final AtomicReference<Optional<Lsn>> handover = new AtomicReference<>(Optional.empty());

    private Memory memory;
    private volatile Facts.Request request = Facts.Request.NONE;
    private Optional<Integer> exitCode = Optional.empty();
    private int failedCycles;
    private String lastLogged = "";

    public HaLoop(AgentParts parts, StatusBoard board) {
        this.parts = parts;
        this.board = board;
        this.time = parts.tasks().time();
        this.wakeup = parts.tasks().newWakeup();
        this.lease = new LeaseKeeper(time);
        this.slot = new ActionSlot(parts.tasks(), wakeup);
        this.procedures = new Procedures(parts, this::shutdownCheckpointSeen, () -> lease.deadlineNanos().isPresent());
        this.orders = new OrderDesk(wakeup::signal);
        this.inbox = new Inbox(wakeup::signal);
        this.observer = new Observer(parts, lease, slot, procedures, orders, board.failsafe());
        this.executor = new DecisionExecutor(parts, lease, slot, procedures, observer, orders, board.failsafe());
        this.fence = new FenceKeeper(parts);
        this.leaseGuard = new LeaseGuard(parts, lease, fence, slot, procedures, board);
        this.memory = Memory.fresh(time.nanos());
    }

    /** Runs until the rules end the agent; returns the exit code. */
    public int run() throws InterruptedException {
        parts.postgres().onChange(this::postgresChanged);
        parts.postgres().onLaunch(this::postmasterLaunched);
        observer.setStoreTimeouts();
        parts.store().watch(wakeup::signal);
        leaseGuard.start();
        try {
            while (exitCode.isEmpty()) {
                Duration rest = cycle();
                if (exitCode.isEmpty()) {
                    var _ = wakeup.await(orders.untilDue(rest, time.wall()));
                }
            }
            return exitCode.get();
        } finally {
            leaseGuard.close();
            orders.close();
        }
    }

    /** Asks the agent to end in order. From any thread. */
    public void shutdown() {
        request = Facts.Request.SHUTDOWN;
        wakeup.signal();
    }

    /** Makes the loop look now. From any thread. */
    public void wake() {
        wakeup.signal();
    }

    /** Where operators leave orders. */
    public OrderDesk orders() {
        return orders;
    }

    /** Has something done between two steps of the loop; false when too much waits already. */
    public boolean betweenSteps(Runnable chore) {
        return inbox.put(chore);
    }

    /** Asks the rules what they would make of an order, on the loop's thread; false when too much waits already. */
    public boolean preview(Order order, Consumer<Optional<Decision>> answer) {
        return inbox.ask(situation -> answer.accept(HaRules.preview(situation, order)));
    }

    public LoopCounters counters() {
        return counters;
    }

    private void shutdownCheckpointSeen(Lsn lsn) {
        handover.set(Optional.of(lsn));
        wakeup.signal();
    }

    /** A process that stands still between this start and the loop's next look must not leave a primary without a fence. */
    private void postmasterLaunched() {
        if (parts.postgres().role() == PostgresRole.PRIMARY) {
            fence.arm(lease.deadlineNanos());
        }
    }

    private void postgresChanged() {
        if (parts.postgres().postmaster().isEmpty()) {
            board.postmasterEnded(parts.postgres().state());
        } else
            if (parts.postgres().role() == PostgresRole.REPLICA
                    && parts.postgres().state() == PostgresState.RUNNING) {
                        board.replicaReady();
                    }
        wakeup.signal();
    }

    /** One cycle; returns how long to rest. */
    Duration cycle() throws InterruptedException {
        long begunAt = time.nanos();
        try {
            observer.beginCycle(handover.get().isPresent() && lease.deadlineNanos().isPresent());
            Duration rest = steps();
            failedCycles = 0;
            counters.cycle(time.nanos() - begunAt);
            return rest;
        } catch (RuntimeException bug) {
            failedCycles++;
            counters.failure();
            LOG.error("the HA loop failed; {}", memory, bug);
            if (failedCycles >= FAILED_CYCLES_MAX) {
                request = Facts.Request.SHUTDOWN;
            }
            if (failedCycles >= 2 * FAILED_CYCLES_MAX) {
                exitCode = Optional.of(1);
            }
            return HaRules.restAfterFailure();
        }
    }

    private Duration steps() throws InterruptedException {
        List<Decision> carriedOut = new ArrayList<>();
        for (int step = 0; step < HaRules.STEPS_MAX; step++) {
            inbox.empty();
            foldFinishedAction();
            Facts facts = observer.observe(request, handover::get);
            Situation situation = new Situation(facts, memory);
            lookForPromises(situation);
            fence.update(situation, lease.deadlineNanos());
            inbox.answer(situation);
            Verdict verdict = HaRules.decide(facts, memory);
            if (verdict.decision() instanceof Decision.Begin begin && begin.action() instanceof Action.Promote) {
                // The fence must stand before the first write is possible.
                fence.arm(lease.deadlineNanos());
            }
            memory = verdict.memory();
            parts.trace().decided(facts, verdict);
            counters.rule(verdict.ruleId());
            log(verdict);
            publish(new Situation(facts, memory), verdict);
            orders.decided(verdict);
            if (verdict.decision() instanceof Decision.Rest rest) {
                return rest.limit();
            }
            if (verdict.decision() instanceof Decision.Halt halt) {
                exitCode = Optional.of(failedCycles > 0 && halt.exitCode() == 0 ? 1 : halt.exitCode());
                return Duration.ZERO;
            }
            if (carriedOut.contains(verdict.decision())) {
                // It did not help a moment ago: the store refuses, or does not answer, or another action has not quite ended.
                memory = verdict.decision() instanceof Decision.Begin ? situation.memory() : memory;
                return HaRules.restAfterFailure();
            }
            carriedOut.add(verdict.decision());
            if (beginsAnotherTerm(verdict.decision())) {
                handover.set(Optional.empty());
            }
            memory = executor.execute(verdict.decision(), situation, memory).memory();
            if (verdict.decision() instanceof Decision.ReleaseLease) {
                handover.set(Optional.empty());
            }
        }
        throw new IllegalStateException("no rest after " + HaRules.STEPS_MAX + " steps");
    }

    /** A store that was read after the last question about the lease says that this node has not got it: it may promise to stand back. */
    private void lookForPromises(Situation s) {
        if (s.facts().cluster() instanceof Facts.ClusterView.Seen seen && !s.leaseNotExpired()
                && seen.atNanos() - s.facts().lease().attemptedAtNanos() >= 0 && !s.snapshot().isLeader(s.self())) {
            board.failsafe().standsBack();
        }
    }

    /** The position of an earlier shutdown checkpoint means nothing to the next primary and to its shutdown. */
    private static boolean beginsAnotherTerm(Decision decision) {
        return decision instanceof Decision.Begin begin && (begin.action().stopsPrimary()
                || begin.action() instanceof Action.Promote
                || begin.action() instanceof Action.Start start && start.role() == PostgresRole.PRIMARY);
    }

    private void foldFinishedAction() {
        Optional<ActionSlot.Finished> finished = slot.takeFinished();
        if (finished.isPresent()) {
            ActionSlot.Finished end = finished.get();
            Procedures.failure(end.result()).ifPresent(reason -> LOG.error("{}", reason));
            memory = ActionFold.after(memory, end.action(), end.result(), time.nanos());
            orders.ended(end.action(), end.result());
            counters.action(end.action(), end.result());
            if (end.action().stopsPrimary()) {
                handover.updateAndGet(position -> lease.deadlineNanos().isPresent() ? position : Optional.empty());
            }
            observer.postgresChanged();
            observer.storeChanged();
        }
    }

    private void log(Verdict verdict) {
        Reason reason = verdict.reason();
        String line = reason.text();
        switch (reason.sentence().weight()) {
            case ROUTINE -> {
                if (verdict.decision() instanceof Decision.Rest) {
                    LOG.info("{}", line);
                } else {
                    LOG.debug("{} [{}]", line, verdict.ruleId());
                }
            }
            case NOTABLE -> LOG.info("{}", line);
            case WARNING -> {
                if (!line.equals(lastLogged)) {
                    LOG.warn("{}", line);
                }
            }
            case ERROR -> LOG.error("{}", line);
            case CRITICAL -> LOG.error(CRITICAL, "{}", line);
        }
        lastLogged = line;
    }

    private void publish(Situation s, Verdict verdict) {
        Facts facts = s.facts();
        HaStatus before = board.current();
        long snapshotAt = before.snapshotAtNanos();
        if (facts.cluster() instanceof Facts.ClusterView.Seen seen) {
            snapshotAt = seen.atNanos();
            counters.seen(seen.snapshot());
        }
        counters.seen(s.replication());
        board.failsafe().walPosition(s.replication().map(up -> up.walPosition()));
        HaStatus now = new HaStatus(facts.node().name(), parts.scope(),
                s.storeSeen() ? Optional.of(s.snapshot()) : before.snapshot(), snapshotAt,
                observer.lastSeenEpochSeconds(), facts.dynamic(), facts.tags(), lease.deadlineNanos(), s.shownState(),
                facts.role(), s.postgres().control().map(control -> control.systemIdentifier())
                        .or(before::systemIdentifier),
                s.timeline() > 0 ? OptionalInt.of(s.timeline()) : before.timeline(), s.postgres().pendingRestart(),
                verdict.decision() instanceof Decision.PublishMember
                        ? before.scheduledRestart()
                        : facts.orders().scheduled().map(Order.Scheduled::shown).orElse(Collections.emptyMap()),
                time.nanos(), !fence.isHealthy(), facts.failsafe().isActive(), s.snapshot().failsafe(),
                s.replication().map(up -> OptionalInt.of(up.serverVersion())).orElse(before.postgresVersion()),
                s.replication().flatMap(up -> up.postmasterStart()).or(before::postmasterStart));
        board.publish(old -> now);
    }
}
