package org.jpatroni.decide;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jpatroni.decide.Action.Result;
import org.jpatroni.decide.Facts.LeaseView;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.ControlData;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.FailsafeAnswer;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.PostgresView.Data;
import org.jpatroni.model.PostgresView.Postmaster;
import org.jpatroni.model.PermanentSlot;
import org.jpatroni.model.PostgresView.Decoding;
import org.jpatroni.model.PostgresView.SlotSettings;
import org.jpatroni.model.PostgresView.Replication;
import org.jpatroni.model.PostgresView.SlotView;
import org.jpatroni.model.SlotStep;
import org.jpatroni.model.StandbyNames;
import org.jpatroni.model.SyncView;
import org.jpatroni.model.Upstream;
import org.jpatroni.model.WatchdogStatus;

/**
 * Member {@code a} in an environment in which everything works: each decision is turned into the facts that it aims at. A long action ends when
 * the loop rests. Other members do nothing of their own, except that a candidate takes over when it {@link #candidateTakesOver may}.
 */
final class PerfectNode {

    private static final long WORK_NANOS = 500_000_000L;
    private static final long FAILURE_NANOS = 10_000_000L;

    final World world;
    final List<Order.Refusal> refusals = new ArrayList<>();
    int restarts;
    boolean diverged;
    boolean candidateTakesOver;
    /** Actions that fail at once. */
    Predicate<Action> failing = action -> false;
    /** A start as a primary goes on for ever: the server never answers. */
    boolean startHangs;
    /** The store answers questions, and never answers a write. */
    boolean storeRefuses;
    boolean halted;
    private final List<PeerAnswer> answers;
    private long nowNanos = World.NOW + 2;
    private long cycleStartNanos = World.NOW;

    PerfectNode(World world) {
        this.world = world;
        this.answers = world.facts().peers().answers();
    }

    /** One step: the verdict that was carried out, and the case that it was given on. */
    Case step() {
        world.clock(nowNanos, cycleStartNanos);
        Case decided = Case.of(world);
        Verdict verdict = decided.verdict();
        world.memory(memory -> verdict.memory());
        nowNanos += 1_000_000L;
        if (storeRefuses && decided.writesToStore()) {
            noAnswer(verdict.decision());
        } else {
            carryOut(verdict.decision());
        }
        return decided;
    }

    /** Steps until the rules rest or end the agent, at most as many as the loop takes; then time passes and the running action ends. */
    List<Case> cycle() {
        cycleStartNanos = nowNanos;
        List<Case> steps = new ArrayList<>();
        for (int i = 0; i < HaRules.STEPS_MAX; i++) {
            Case step = step();
            steps.add(step);
            if (step.verdict().decision() instanceof Decision.Rest rest) {
                boolean working = world.facts().running().isPresent();
                boolean fails = world.facts().running().map(Facts.Running::action).filter(failing).isPresent();
                nowNanos += working
                        ? Math.min(fails ? FAILURE_NANOS : WORK_NANOS, rest.limit().toNanos())
                        : rest.limit().toNanos();
                finishAction();
                settle();
                break;
            }
            if (halted) {
                break;
            }
        }
        return steps;
    }

    private void carryOut(Decision decision) {
        long asked = nowNanos;
        switch (decision) {
            case Decision.Rest d -> {
            }
            case Decision.AcquireLease d -> {
                boolean free = snapshot().leader().isEmpty();
                if (free) {
                    world.leaderKey("a", true);
                }
                world.lease(free ? held(asked) : new LeaseView.NotHeld(asked, asked - 1_000 * World.SECOND));
            }
            case Decision.RenewLease d -> {
                world.leaderKey("a", true).lease(held(asked));
                d.status().ifPresent(world::status);
            }
            case Decision.ReleaseLease d -> release();
            case Decision.AskPeers d -> world.peersAsked(asked, answers.toArray(PeerAnswer[]::new));
            case Decision.AskFailsafe d -> allAgree(d, asked);
            case Decision.WriteFailsafe d -> FailsafeWorld.stored(world, d.members());
            case Decision.PublishMember d -> publish(d.member());
            case Decision.ClaimInitialize d -> world.initialize(Optional.of(""))
                    .memory(memory -> memory.withBootstrap(Memory.Bootstrap.CLAIMED));
            case Decision.WriteInitialize d -> world.initialize(Optional.of(d.systemIdentifier()));
            case Decision.CancelInitialize d -> world.initialize(Optional.empty());
            case Decision.WriteConfig d -> world.storedConfig();
            case Decision.UpdateHistory d -> world.history(d.timeline());
            case Decision.ClearFailover d -> world.noFailover();
            case Decision.WriteSync d -> world.sync(d.state())
                    .memory(memory -> memory.withSync(memory.sync().withStoreInDoubt(false)));
            case Decision.SetStandbyNames d -> setStandbyNames(d.names());
            case Decision.SyncSlots d -> d.steps().forEach(this::changeSlot);
            case Decision.ShowRole d -> world.role(d.role());
            case Decision.AnnounceRole d -> world.role(d.role());
            case Decision.ActivateWatchdog d ->
                world.watchdog(new WatchdogStatus(true, true, WatchdogStatus.State.ACTIVE,
                        25, Optional.of(nowNanos + 25 * World.SECOND)));
            case Decision.Begin d -> {
                world.running(Optional.of(new Facts.Running(d.action(), false, asked)));
                world.begun(orderOf(d.action()));
            }
            case Decision.RefuseOrder d -> {
                refusals.add(d.refusal());
                world.begun(d.order());
            }
            case Decision.DropScheduledRestart d -> world.begun(d.order());
            case Decision.CancelAction d -> world.running(world.facts().running()
                    .map(run -> new Facts.Running(run.action(), true, run.sinceNanos())));
            case Decision.Halt d -> halted = true;
        }
    }

    private void allAgree(Decision.AskFailsafe ask, long asked) {
        List<FailsafeAnswer> accepted = ask.members().keySet().stream().map(name -> new FailsafeAnswer(name,
                FailsafeAnswer.Kind.ACCEPTED, Optional.empty(), "Accepted")).toList();
        LeaseView before = world.facts().lease();
        if (before instanceof LeaseView.Held held) {
            long until = asked + world.facts().dynamic().ttlSeconds() * World.SECOND;
            world.lease(new LeaseView.Held(held.confirmedAtNanos(), until, held.attemptedAtNanos()));
            world.failsafe(
                    new Failsafe(Optional.empty(), Optional.of(new Failsafe.Round(asked, accepted, Optional.empty())),
                            Optional.of(until)));
        }
    }

    private static long orderOf(Action action) {
        return action instanceof Action.Restart restart
                ? restart.order()
                : action instanceof Action.DiscardData discard ? discard.order() : 0;
    }

    private void noAnswer(Decision write) {
        LeaseView before = world.facts().lease();
        boolean renewal = write instanceof Decision.RenewLease;
        if (write instanceof Decision.ReleaseLease) {
            world.lease(new LeaseView.NotHeld(before.attemptedAtNanos(), before.attemptedAtNanos())).noHandover();
        } else if (renewal || write instanceof Decision.AcquireLease) {
            world.lease(switch (before) {
                case LeaseView.Held held -> new LeaseView.Held(held.confirmedAtNanos(), held.deadlineNanos(), nowNanos);
                case LeaseView.NotHeld not ->
                    new LeaseView.NotHeld(nowNanos, renewal ? nowNanos : not.renewedAtNanos());
            });
        }
    }

    private LeaseView held(long asked) {
        return new LeaseView.Held(asked, asked + world.facts().dynamic().ttlSeconds() * World.SECOND, asked);
    }

    private void release() {
        long attempted = world.facts().lease().attemptedAtNanos();
        world.noLeader().lease(new LeaseView.NotHeld(attempted, attempted)).noHandover();
        Optional<String> candidate = snapshot().failover().flatMap(FailoverRequest::candidate);
        if (candidateTakesOver && candidate.isPresent()) {
            world.leaderKey(candidate.get(), false).noFailover();
        }
    }

    private void publish(Member member) {
        List<Member> members = new ArrayList<>(snapshot().members());
        members.removeIf(old -> old.name().equals(member.name()));
        members.add(member);
        world.members(members.toArray(Member[]::new));
    }

    private void setStandbyNames(Optional<StandbyNames> names) {
        world.facts().postgres().replication().ifPresent(old -> world.up(old.withSync(
                new SyncView(names.orElse(StandbyNames.NONE).text(), "on", true, names.isPresent(),
                        old.sync().standbys()))));
    }

    private void changeSlot(SlotStep step) {
        Replication running = world.facts().postgres().replication().orElseThrow();
        TreeMap<String, SlotView> slots = new TreeMap<>(running.slots());
        SlotSettings settings = running.slotSettings();
        switch (step) {
            case SlotStep.Drop d -> slots.remove(d.name());
            case SlotStep.CreatePhysical d -> slots.put(d.name(), slot(true, running.walPosition()));
            case SlotStep.AdvancePhysical d -> slots.put(d.name(), slot(true, d.to()));
            case SlotStep.CreateLogical d -> slots.put(d.slot().name(), logical(d.slot(), running.walPosition()));
            case SlotStep.AdvanceLogical d -> slots.put(d.slot().name(), logical(d.slot(), d.to()));
            case SlotStep.Confirm d -> settings = new SlotSettings(settings.logicalWal(), settings.feedback(),
                    settings.feedbackForced(), new TreeSet<>());
            case SlotStep.Feedback d -> settings = new SlotSettings(settings.logicalWal(), d.forced(), d.forced(),
                    settings.unconfirmed());
        }
        world.up(Replications.withSlotSettings(Replications.withSlots(running, slots), settings));
    }

    private static SlotView logical(PermanentSlot.Logical slot, Lsn position) {
        Decoding decoding = new Decoding(Optional.of(slot.database()), slot.plugin(), Optional.of(position), false,
                false);
        return new SlotView(Optional.of(decoding), false, Optional.of(position), false, false);
    }

    private static SlotView slot(boolean physical, Lsn position) {
        return new SlotView(physical, false, Optional.of(position));
    }

    /** What was on its way arrives: a server that starts is up, one that stops is gone, and the store is back. */
    private void settle() {
        switch (world.facts().postgres().postmaster()) {
            case Postmaster.Starting starting -> {
                if (!startHangs) {
                    comeUp();
                }
            }
            case Postmaster.Unresponsive unresponsive -> comeUp();
            case Postmaster.Stopping stopping -> world.postmaster(new Postmaster.Absent());
            case Postmaster.Up up -> {
            }
            case Postmaster.Absent absent -> {
            }
        }
        world.storeUp();
    }

    private void comeUp() {
        boolean standby = world.facts().postgres().data() instanceof Data.Present present && present.standbySignal();
        if (standby) {
            world.standbyAt(1000, "b", diverged ? "" : "streaming");
        } else {
            world.up(Replications.primary(1000, 1));
        }
    }

    private void finishAction() {
        Optional<Facts.Running> running = world.facts().running();
        boolean hangs = startHangs && running.map(Facts.Running::action)
                .filter(action -> action instanceof Action.Start start && start.upstream().isEmpty()).isPresent();
        if (hangs) {
            world.postmaster(new Postmaster.Starting(10));
        }
        if (running.isPresent() && (!hangs || running.get().cancelled())) {
            world.running(Optional.empty());
            Action action = running.get().action();
            Result result = running.get().cancelled()
                    ? new Result.Cancelled()
                    : failing.test(action) ? new Result.Failed("by the test") : effect(action);
            world.memory(memory -> ActionFold.after(memory, action, result, nowNanos));
        }
    }

    private Result effect(Action action) {
        switch (action) {
            case Action.Bootstrap bootstrap -> startPrimary(1);
            case Action.CloneFrom clone -> world.stopped("in archive recovery", true).state(PostgresState.STOPPED);
            case Action.Start start -> {
                if (start.upstream().isEmpty()) {
                    startPrimary(timeline());
                } else {
                    startStandby(start.role(), start.upstream().get());
                }
            }
            case Action.Promote promote -> startPrimary(timeline() + 1);
            case Action.Demote demote -> {
                boolean planned = demote.mode() == Action.Demote.Mode.GRACEFUL;
                stop(PostgresRole.DEMOTED);
                if (planned) {
                    world.handover(1100);
                }
            }
            case Action.Follow follow -> startStandby(follow.role(), follow.upstream());
            case Action.CheckDivergence check -> {
                return new Result.Divergence(diverged ? Memory.Phase.DIVERGED : Memory.Phase.FOLLOWS);
            }
            case Action.CopySlots copy -> {
            }
            case Action.Rewind rewind -> {
                diverged = false;
                world.stopped("in archive recovery", true).state(PostgresState.STOPPED);
            }
            case Action.Restart restart -> {
                restarts++;
                if (restart.role() == PostgresRole.PRIMARY) {
                    startPrimary(timeline());
                } else if (restart.upstream().isPresent()) {
                    startStandby(restart.role(), restart.upstream().get());
                }
            }
            case Action.DiscardData discard -> {
                diverged = false;
                world.data(new Data.Empty()).postmaster(new Postmaster.Absent()).state(PostgresState.STOPPED);
            }
            case Action.Shutdown shutdown -> {
                stop(world.facts().role());
                world.handover(1100);
            }
        }
        return new Result.Done();
    }

    private int timeline() {
        return world.facts().postgres().replication().map(Replication::timeline).orElse(java.util.OptionalInt.empty())
                .orElse(1);
    }

    private void startPrimary(int timeline) {
        world.primary(1000, timeline).state(PostgresState.RUNNING);
    }

    private void startStandby(PostgresRole role, Upstream upstream) {
        Data data = new Data.Present(new ControlData(World.SYSID, 1, "in archive recovery", new Lsn(900)), true, 15);
        Replication followed = switch (upstream) {
            case Upstream.Nobody nobody -> Replications.standby(1000, "", "");
            case Upstream.Archive archive -> Replications.fromArchive();
            case Upstream.OfMember member -> Replications.following(member, diverged ? "" : "streaming");
            case Upstream.Remote remote -> Replications.followingRemote(remote);
        };
        world.data(data).up(followed).role(role).state(PostgresState.RUNNING);
    }

    private void stop(PostgresRole role) {
        boolean primary = world.facts().postgres().isWritable();
        world.stopped(primary ? "shut down" : "shut down in recovery", !primary).role(role)
                .state(PostgresState.STOPPED);
    }

    /** How long the story has lasted. */
    long seconds() {
        return (nowNanos - World.NOW) / World.SECOND;
    }

    ClusterSnapshot snapshot() {
        return world.facts().cluster() instanceof Facts.ClusterView.Seen seen ? seen.snapshot() : ClusterSnapshot.EMPTY;
    }

    Optional<String> leader() {
        return snapshot().leader().map(LeaderKey::holder);
    }
}
