package org.jpatroni.decide;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jpatroni.decide.Facts.ClusterView;
import org.jpatroni.decide.Facts.LeaseView;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.FailsafeAnswer;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.PostgresView;
import org.jpatroni.model.PostgresView.Data;
import org.jpatroni.model.PostgresView.Postmaster;
import org.jpatroni.model.PostgresView.Replication;
import org.jpatroni.model.WatchdogStatus;

/** Facts and memory together, with the questions that rules ask of them. Derived, never stored. */
public record Situation(Facts facts, Memory memory) {

    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    /** Pause between attempts while there is no leader, in a store outage, and after a failed action. */
    static final Duration SHORT_REST = Duration.ofSeconds(1);

    public String self() {
        return facts.node().name();
    }

    public boolean storeSeen() {
        return facts.cluster() instanceof ClusterView.Seen;
    }

    /** The snapshot of this cycle, or the last one while the store is unreachable. */
    public ClusterSnapshot snapshot() {
        return switch (facts.cluster()) {
            case ClusterView.Seen seen -> seen.snapshot();
            case ClusterView.Unreachable unreachable -> unreachable.last().orElse(ClusterSnapshot.EMPTY);
        };
    }

    public boolean paused() {
        return facts.dynamic().pause();
    }

    /** Whether the lease is confirmed, has not run out, and the store (when seen) still says so. */
    public boolean holdsLease() {
        return facts.lease() instanceof LeaseView.Held held && held.deadlineNanos() - facts.nowNanos() > 0
                && (!storeSeen() || snapshot().isLeader(self()));
    }

    /** Held, and for long enough to begin something that must be stopped again when the lease ends. */
    public boolean leaseLasts() {
        return holdsLease() && leaseLeft().compareTo(stopBudget()) > 0;
    }

    /** Confirmed and not run out, whatever the store's keys say now. */
    public boolean leaseNotExpired() {
        return facts.lease() instanceof LeaseView.Held held && held.deadlineNanos() - facts.nowNanos() > 0;
    }

    public boolean leaseAttemptedThisCycle() {
        return isThisCycle(facts.lease().attemptedAtNanos());
    }

    /** Time left on the lease, or until an open watchdog device resets the machine if that is sooner; zero when it is not held. */
    public Duration leaseLeft() {
        if (!(facts.lease() instanceof LeaseView.Held held)) {
            return Duration.ZERO;
        }
        long untilLeaseEnds = held.deadlineNanos() - facts.nowNanos();
        long left = facts.watchdog().actsAtNanos().map(acts -> Math.min(untilLeaseEnds, acts - facts.nowNanos()))
                .orElse(untilLeaseEnds);
        return Duration.ofNanos(Math.max(0, left));
    }

    /**
     * Time that is kept free before the end of the lease to stop PostgreSQL: a sixth of the ttl, 5 s of 30. Chosen so that
     * {@code loop_wait + retry_timeout} and a second attempt of half a retry_timeout fit before it.
     */
    public Duration stopBudget() {
        return stopBudget(facts.dynamic(), facts.watchdog());
    }

    /** With an open watchdog device the lease is over sooner: at most half of what is left of its timeout after {@code loop_wait}. */
    public static Duration stopBudget(DynamicConfig dynamic, WatchdogStatus watchdog) {
        Duration budget = stopBudget(dynamic.ttlSeconds());
        if (watchdog.actsAtNanos().isEmpty()) {
            return budget;
        }
        long slackSeconds = Math.max(0, watchdog.timeoutSeconds() - dynamic.loopWaitSeconds());
        Duration half = Duration.ofSeconds(slackSeconds).dividedBy(2);
        return half.compareTo(budget) < 0 ? half : budget;
    }

    public static Duration stopBudget(int ttlSeconds) {
        return Duration.ofMillis(ttlSeconds * 1000L / 6);
    }

    /** Whether somebody leads without the store: this node by agreement of all members, or one that this node stands back for. */
    boolean leadsByAgreement() {
        return facts.failsafe().isActive() && (!storeSeen() || snapshot().isUnlocked());
    }

    /** Positions of the leader's slots: as it stored them, or while it leads without the store, as it told them. */
    SortedMap<String, Lsn> leaderSlots() {
        Optional<SortedMap<String, Lsn>> told = leadsByAgreement()
                ? facts.failsafe().primary().flatMap(primary -> primary.ping().slots())
                : Optional.empty();
        return told.orElse(snapshot().status().slots());
    }

    /** How much WAL a member has: as it stored, or while this node leads without the store, as it answered. */
    Optional<Lsn> positionOf(Member member) {
        Optional<Lsn> answered = leadsByAgreement()
                ? facts.failsafe().round().stream().flatMap(round -> round.answers().stream())
                        .filter(answer -> answer.member().equals(member.name())).findFirst()
                        .flatMap(FailsafeAnswer::position)
                : Optional.empty();
        return answered.or(member::xlogLocation);
    }

    /** Everybody else who may lead: the members there are, and with failsafe mode those of the key failsafe whose member keys are gone. */
    List<Member> rivals() {
        List<Member> all = new ArrayList<>(others());
        if (facts.dynamic().failsafeMode()) {
            snapshot().failsafe().forEach((name, apiUrl) -> {
                if (!name.equals(self()) && snapshot().member(name).isEmpty()) {
                    all.add(Member.at(name, apiUrl));
                }
            });
        }
        return all;
    }

    public boolean otherLeads() {
        return snapshot().leader().isPresent() && !snapshot().isLeader(self());
    }

    public Optional<LeaderKey> leaderKey() {
        return snapshot().leader();
    }

    public String leaderName() {
        return snapshot().leader().map(LeaderKey::holder).orElse("");
    }

    public Optional<Member> leaderMember() {
        return snapshot().leaderMember();
    }

    public PostgresView postgres() {
        return facts.postgres();
    }

    public boolean dataPresent() {
        return postgres().data() instanceof Data.Present;
    }

    /** Whether the data carries another system identifier than the cluster: it must not be used. */
    public boolean hasForeignData() {
        return snapshot().isInitialized() && postgres().control()
                .filter(control -> !control.systemIdentifier().equals(snapshot().initialize().orElseThrow()))
                .isPresent();
    }

    public boolean notRunning() {
        return postgres().postmaster() instanceof Postmaster.Absent;
    }

    public boolean writable() {
        return postgres().isWritable();
    }

    public boolean inRecovery() {
        return postgres().replication().isPresent() && postgres().replication().get().inRecovery();
    }

    public Optional<Replication> replication() {
        return postgres().replication();
    }

    /**
     * Whether the local server is, or may be, a primary: it answered so, or it runs without answering and was one when last known.
     * Caution errs towards yes.
     */
    public boolean mayBePrimary() {
        return switch (postgres().postmaster()) {
            case Postmaster.Absent absent -> false;
            case Postmaster.Up up -> !up.replication().inRecovery();
            case Postmaster.Starting starting -> startsAsPrimary();
            case Postmaster.Unresponsive unresponsive -> startsAsPrimary();
            case Postmaster.Stopping stopping -> false;
        };
    }

    private boolean startsAsPrimary() {
        return postgres().data() instanceof Data.Present present
                ? !present.standbySignal()
                : facts.role() == PostgresRole.PRIMARY;
    }

    public boolean hasStandbySignal() {
        return postgres().data() instanceof Data.Present present && present.standbySignal();
    }

    /** The local timeline: of the running server, else of the control file. */
    public int timeline() {
        OptionalInt running = replication().map(Replication::timeline).orElse(OptionalInt.empty());
        return running.orElseGet(() -> postgres().control().map(control -> control.timeline()).orElse(0));
    }

    public boolean streaming() {
        return replication().flatMap(Replication::receiverState).filter("streaming"::equals).isPresent();
    }

    public boolean standbyCluster() {
        return facts.dynamic().standbyCluster().isPresent();
    }

    public Optional<Action> running() {
        return facts.running().map(Facts.Running::action);
    }

    /** Whether a move that may be carried out now names this member: in a paused cluster nothing scheduled is. */
    boolean isNamedCandidate() {
        return snapshot().failover().filter(request -> !paused() || request.scheduledAt().isEmpty())
                .flatMap(FailoverRequest::candidate).filter(self()::equals).isPresent();
    }

    /**
     * The state that others see: while this member is rebuilt there is nothing that they could use, whatever is done at the moment. In a paused
     * cluster whoever stopped it had a reason (Patroni: stopped, not crashed).
     */
    public PostgresState shownState() {
        if (paused() && dataPresent() && notRunning() && running().isEmpty() && !memory.rebuild().isCopying()) {
            return PostgresState.STOPPED;
        }
        return memory.rebuild().isCopying() && memory.bootstrap() == Memory.Bootstrap.NONE
                ? PostgresState.CREATING_REPLICA
                : facts.state();
    }

    /** How long a primary may take for a planned stop: only synchronous mode has a limit, since nothing is lost by its end (Patroni). */
    int primaryStopTimeoutSeconds() {
        return facts.dynamic().isSynchronous() ? Math.max(0, facts.dynamic().primaryStopTimeoutSeconds()) : 0;
    }

    /** Members other than this one. */
    public List<Member> others() {
        return snapshot().members().stream().filter(member -> !member.name().equals(self())).toList();
    }

    /** Whether another member is there that could lead. */
    public boolean someoneCouldTakeOver() {
        return others().stream().anyMatch(member -> member.isRunning() && !member.tags().nofailover());
    }

    /** Answers given in this cycle; empty while nobody was asked. */
    public Optional<List<PeerAnswer>> peers() {
        return isThisCycle(facts.peers().askedAtNanos()) ? Optional.of(facts.peers().answers()) : Optional.empty();
    }

    public boolean isThisCycle(long nanos) {
        return nanos - facts.cycleStartNanos() >= 0;
    }

    public boolean isPast(long nanos) {
        return facts.nowNanos() - nanos >= 0;
    }

    public Duration since(long nanos) {
        return Duration.ofNanos(facts.nowNanos() - nanos);
    }

    public long inSeconds(long seconds) {
        return facts.nowNanos() + seconds * NANOS_PER_SECOND;
    }

    /** What is left of this cycle's {@code loop_wait}. */
    public Duration restOfCycle() {
        long end = facts.cycleStartNanos() + facts.dynamic().loopWaitSeconds() * NANOS_PER_SECOND;
        return Duration.ofNanos(Math.max(10_000_000L, end - facts.nowNanos()));
    }

    Optional<Rule.Outcome> decide(Decision decision, Reason reason) {
        return Optional.of(new Rule.Outcome(decision, memory, reason));
    }

    Optional<Rule.Outcome> decide(Decision decision, Memory changed, Reason reason) {
        return Optional.of(new Rule.Outcome(decision, changed, reason));
    }

    /**
     * The same for a write to the store that leaves no trace when it fails: at most once in a cycle, so that a store that answers questions
     * and refuses writes does not keep the loop busy.
     */
    Optional<Rule.Outcome> decideOnce(Decision decision, Reason reason) {
        String kind = decision.getClass().getSimpleName();
        Long triedAt = memory.tried().get(kind);
        if (triedAt != null && isThisCycle(triedAt)) {
            return pass();
        }
        SortedMap<String, Long> tried = new TreeMap<>(memory.tried());
        tried.put(kind, facts.nowNanos());
        return decide(decision, memory.withTried(tried), reason);
    }

    Optional<Rule.Outcome> rest(Reason reason) {
        return decide(new Decision.Rest(restOfCycle()), reason);
    }

    Optional<Rule.Outcome> restShortly(Reason reason) {
        return decide(new Decision.Rest(shortRest()), reason);
    }

    Duration shortRest() {
        Duration rest = restOfCycle();
        return rest.compareTo(SHORT_REST) < 0 ? rest : SHORT_REST;
    }

    static Optional<Rule.Outcome> pass() {
        return Optional.empty();
    }
}
