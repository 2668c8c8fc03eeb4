package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jpatroni.decide.QuorumTransitions.State;
import org.jpatroni.decide.QuorumTransitions.Step;
import org.jpatroni.decide.QuorumTransitions.Stored;
import org.jpatroni.decide.QuorumTransitions.Waits;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.model.DynamicConfig.SyncPolicy;
import org.jpatroni.model.Member;
import org.jpatroni.model.StandbyNames;
import org.jpatroni.model.StandbyNames.Method;
import org.jpatroni.model.SyncState;
import org.jpatroni.model.SyncView;

/** Synchronous replication: whom commits wait for, and who may take over without losing one. */
final class SyncRules {

    /** Between winning the lease and the promotion. */
    static final List<Rule> BEFORE_PROMOTION = List.of(
            new Rule("sync.names-before-promotion",
                    "This standby holds the lease in synchronous mode, and commits would wait for others than they shall.",
                    "From the first commit on there must be somebody who has it, as far as the mode asks for that.",
                    SyncRules::namesBeforePromotion),
            new Rule("sync.store-before-promotion",
                    "This standby holds the lease in synchronous mode, and /sync does not say that it leads.",
                    "Patroni: the key names the primary before it accepts writes. Nobody else may be promoted by what was true of the old one.",
                    SyncRules::storeBeforePromotion),
            new Rule("sync.disable", "The lease holder finds synchronous mode off, and /sync exists.",
                    "Patroni: first anybody may be promoted again, then commits stop waiting; also before a promotion, else the key would be about another primary when the mode is on again.",
                    SyncRules::disable),
            new Rule("sync.postpone-promotion",
                    "The above was tried in this cycle and is not so yet, or the server's processes may not have taken it over yet.",
                    "Patroni: the promotion waits until /sync is written. A first commit that does not wait while others may take over would be lost with this node.",
                    SyncRules::postponePromotion));

    /** While this node leads. */
    static final List<Rule> RULES = List.of(
            new Rule("sync.enable", "Synchronous mode is on, and /sync does not exist or names another leader.",
                    "Patroni: the key with the leader alone means that nobody else may be promoted.",
                    SyncRules::enable),
            new Rule("sync.configured-names",
                    "Synchronous mode is off, and synchronous_standby_names is still what it was set to.",
                    "The configuration decides again.", SyncRules::configuredNames),
            new Rule("sync.store-again", "A write of /sync got no answer.",
                    "It might be carried out later. Each successful write makes that impossible; until then nothing changes that it could contradict.",
                    SyncRules::storeAgain),
            new Rule("sync.strict-alone",
                    "synchronous_mode_strict is on, and no standby is there that could be synchronous.",
                    "Patroni: commits wait for those that were synchronous last, or for nobody who exists.",
                    SyncRules::strictAlone),
            new Rule("sync.store", "/sync must change next.",
                    "Patroni: order of writes to /sync and synchronous_standby_names, see QuorumTransitions.",
                    SyncRules::store),
            new Rule("sync.names", "synchronous_standby_names must change next.",
                    "Patroni: order of writes to /sync and synchronous_standby_names, see QuorumTransitions.",
                    SyncRules::names));

    /** While this node follows. */
    static final List<Rule> STANDBY = List.of(
            new Rule("sync.standby-names",
                    "A standby follows a leader, and its synchronous_standby_names are those of a primary.",
                    "They would make its commits wait when it is promoted.", SyncRules::standbyNames));

    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);
    private static final Duration LOOK_OFTEN = Duration.ofSeconds(5);

    private SyncRules() {
    }

    private static boolean on(Situation s) {
        return s.facts().dynamic().isSynchronous();
    }

    private static SyncState stored(Situation s) {
        return s.snapshot().sync();
    }

    private static boolean applies(Situation s) {
        return s.holdsLease() && s.storeSeen() && s.writable() && s.running().isEmpty();
    }

    private static boolean isMine(Situation s) {
        return stored(s).leader().filter(s.self()::equalsIgnoreCase).isPresent();
    }

    /** {@code synchronous_mode_strict}: fewer synchronous standbys than one are not enough. */
    private static boolean strict(Situation s) {
        return s.facts().dynamic().sync().strict();
    }

    static Method method(Situation s) {
        return s.facts().dynamic().isQuorum() ? Method.ANY : Method.FIRST;
    }

    private static StandbyNames waitFor(Situation s, SortedSet<String> names, int count) {
        if (names.isEmpty()) {
            return StandbyNames.NONE;
        }
        return method(s) == Method.ANY ? StandbyNames.any(count, names) : StandbyNames.all(names);
    }

    private static SyncView view(Situation s) {
        return s.replication().map(up -> up.sync()).orElse(SyncView.NOTHING);
    }

    private static Optional<Rule.Outcome> setNames(Situation s, StandbyNames names, Reason reason) {
        return s.decideOnce(new Decision.SetStandbyNames(Optional.of(names)), reason);
    }

    private static Optional<Rule.Outcome> write(Situation s, Stored wanted) {
        SyncState state = new SyncState(Optional.of(s.self()), List.copyOf(wanted.voters()), wanted.quorum(),
                stored(s).version());
        return s.decideOnce(new Decision.WriteSync(state), Reason.of(Sentence.SYNC_STORE, s.self(),
                String.join(",", state.syncStandbys()), state.quorum()));
    }

    /** What must be so before this standby is promoted. */
    private record Start(Stored stored, StandbyNames names) {
    }

    private static boolean beforePromotion(Situation s) {
        return on(s) && s.holdsLease() && s.storeSeen() && s.inRecovery() && s.running().isEmpty()
                && !s.standbyCluster();
    }

    /**
     * In priority mode the new primary is alone until standbys have found it, unless that is forbidden: then commits wait for all that may be
     * complete. In quorum mode the old primary takes the place of the new one among the voters, so that as many as before must be seen.
     */
    private static Start start(Situation s) {
        SyncState now = stored(s);
        TreeSet<String> others = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        now.leader().ifPresent(others::add);
        others.addAll(now.syncStandbys());
        others.remove(s.self());
        boolean byVotes = s.facts().dynamic().isQuorum();
        if (!byVotes && (!strict(s) || now.quorum() > 0)) {
            others.clear();
        }
        int quorum = byVotes ? Math.min(now.quorum(), others.size()) : 0;
        int count = Math.max(others.size() - quorum, strict(s) ? 1 : 0);
        StandbyNames names = others.isEmpty() && strict(s)
                ? StandbyNames.placeholder(method(s))
                : waitFor(s, others, count);
        return new Start(new Stored(others, quorum), names);
    }

    private static boolean isStored(Situation s, Stored wanted) {
        return isMine(s) && voters(s).equals(wanted);
    }

    private static Stored voters(Situation s) {
        return new Stored(QuorumTransitions.names(stored(s).syncStandbys()), stored(s).quorum());
    }

    private static Optional<Rule.Outcome> namesBeforePromotion(Situation s) {
        if (!beforePromotion(s)) {
            return pass();
        }
        StandbyNames names = start(s).names();
        return view(s).standbyNames().equals(names.text())
                ? pass()
                : setNames(s, names, Reason.of(Sentence.SYNC_NAMES, names.text()));
    }

    private static Optional<Rule.Outcome> storeBeforePromotion(Situation s) {
        if (!beforePromotion(s)) {
            return pass();
        }
        Stored wanted = start(s).stored();
        return isStored(s, wanted) ? pass() : write(s, wanted);
    }

    private static Optional<Rule.Outcome> postponePromotion(Situation s) {
        if (s.inRecovery() && isLeftOver(s)) {
            return s.restShortly(Reason.of(Sentence.SYNC_POSTPONE));
        }
        if (!beforePromotion(s)) {
            return pass();
        }
        Start start = start(s);
        boolean ready = isStored(s, start.stored()) && view(s).standbyNames().equals(start.names().text());
        if (!ready) {
            return s.restShortly(Reason.of(Sentence.SYNC_POSTPONE));
        }
        Duration left = SyncTracker.untilSettled(s, start.names());
        return left.isZero() ? pass() : s.decide(new Decision.Rest(left), Reason.of(Sentence.SYNC_POSTPONE));
    }

    private static Optional<Rule.Outcome> enable(Situation s) {
        return applies(s) && on(s) && !isMine(s) ? write(s, Stored.NOBODY) : pass();
    }

    private static boolean isLeftOver(Situation s) {
        boolean leads = s.holdsLease() && s.storeSeen() && s.replication().isPresent() && s.running().isEmpty();
        return leads && !s.standbyCluster() && !on(s) && stored(s).leader().isPresent();
    }

    private static Optional<Rule.Outcome> disable(Situation s) {
        return isLeftOver(s)
                ? s.decideOnce(new Decision.WriteSync(new SyncState(Optional.empty(), List.of(), 0,
                        stored(s).version())), Reason.of(Sentence.SYNC_OFF))
                : pass();
    }

    private static Optional<Rule.Outcome> configuredNames(Situation s) {
        return applies(s) && !on(s) && stored(s).leader().isEmpty() && view(s).managed()
                ? s.decideOnce(new Decision.SetStandbyNames(Optional.empty()), Reason.of(Sentence.SYNC_OFF))
                : pass();
    }

    private static boolean leads(Situation s) {
        return applies(s) && on(s) && isMine(s);
    }

    private static Optional<Rule.Outcome> storeAgain(Situation s) {
        return leads(s) && s.memory().sync().storeInDoubt() ? write(s, voters(s)) : pass();
    }

    private static boolean isInOrder(Situation s) {
        return leads(s) && !s.memory().sync().storeInDoubt();
    }

    private static boolean isStrictAlone(Situation s) {
        return isInOrder(s) && strict(s) && SyncCandidates.picked(s).isEmpty();
    }

    private static Optional<Rule.Outcome> strictAlone(Situation s) {
        if (!isStrictAlone(s)) {
            return pass();
        }
        Stored stored = voters(s);
        StandbyNames names = stored.voters().isEmpty()
                ? StandbyNames.placeholder(method(s))
                : waitFor(s, stored.voters(), Math.max(1, stored.voters().size() - stored.quorum()));
        boolean told = s.memory().sync().strictTold();
        if (view(s).standbyNames().equals(names.text()) && told) {
            return pass();
        }
        return setNames(s, names, told
                ? Reason.of(Sentence.SYNC_NAMES, names.text())
                : Reason.of(Sentence.SYNC_STRICT, names.text()))
                .map(outcome -> new Rule.Outcome(outcome.decision(),
                        outcome.memory().withSync(outcome.memory().sync().withStrictTold(true)), outcome.reason()));
    }

    /**
     * A primary was promoted a moment ago in quorum mode, and standbys that run have not found it yet: they get one loop_wait before commits
     * stop waiting for them, as in Patroni.
     */
    private static boolean expectsReconnect(Situation s) {
        Optional<Long> since = s.memory().sync().primarySinceNanos();
        boolean young = since.isPresent() && s.since(since.get())
                .compareTo(Duration.ofSeconds(s.facts().dynamic().loopWaitSeconds())) < 0;
        Stored stored = voters(s);
        SortedSet<String> connected = SyncCandidates.picked(s);
        return young && s.facts().dynamic().isQuorum()
                && stored.voters().stream().anyMatch(name -> !connected.contains(name)
                        && s.others().stream().anyMatch(member -> isExpected(member, name)));
    }

    private static boolean isExpected(Member member, String name) {
        return member.name().equalsIgnoreCase(name) && member.isRunning() && !member.tags().nosync();
    }

    /** What is to be done next; nothing while it is not known who is synchronous now. */
    private static Optional<Step> step(Situation s) {
        if (!isInOrder(s) || isStrictAlone(s) || expectsReconnect(s)) {
            return Optional.empty();
        }
        Optional<StandbyNames> now = StandbyNames.parse(view(s).standbyNames());
        Waits waits = now.map(names -> new Waits(QuorumTransitions.names(names.members()), names.required()))
                .orElseGet(() -> new Waits(QuorumTransitions.names(List.of()), 0));
        StandbyNames names = wantedNames(s);
        State state = new State(voters(s), waits, SyncCandidates.complete(s),
                new Waits(QuorumTransitions.names(names.members()), names.required()),
                view(s).standbyNames().equals(names.text()), s.facts().dynamic().isQuorum());
        Step next = QuorumTransitions.next(state);
        boolean harmless = next instanceof Step.Store store && store.stored().equals(Stored.NOBODY)
                || state.stored().voters().isEmpty() && next instanceof Step.SetNames;
        return harmless || s.memory().sync().safeLsn().isPresent() ? Optional.of(next) : Optional.of(new Step.Later());
    }

    private static StandbyNames wantedNames(Situation s) {
        SyncPolicy policy = s.facts().dynamic().sync();
        SortedSet<String> picked = SyncCandidates.picked(s);
        int count = Math.max(policy.nodeCount(), strict(s) ? 1 : 0);
        return waitFor(s, picked, Math.min(count, picked.size()));
    }

    private static Optional<Rule.Outcome> store(Situation s) {
        return step(s).flatMap(next -> next instanceof Step.Store store ? write(s, store.stored()) : pass());
    }

    private static Optional<Rule.Outcome> names(Situation s) {
        StandbyNames names = wantedNames(s);
        return step(s).flatMap(next -> next instanceof Step.SetNames
                ? setNames(s, names, Reason.of(Sentence.SYNC_NAMES, names.text()))
                : pass());
    }

    /** The memory of a leader at rest: the next time without a standby is told again. */
    static Memory remember(Situation s, Memory memory) {
        return memory.sync().strictTold() && !isStrictAlone(s)
                ? memory.withSync(memory.sync().withStrictTold(false))
                : memory;
    }

    /** How soon a leader must look again although nothing wakes it; empty: no sooner than else. */
    static Optional<Duration> lookAgain(Situation s) {
        boolean pending = leads(s) && (s.memory().sync().storeInDoubt() || expectsReconnect(s)
                || step(s).filter(next -> !(next instanceof Step.Done)).isPresent());
        if (!pending) {
            return Optional.empty();
        }
        boolean recent = s.since(s.memory().sync().seenAtNanos()).compareTo(LOOK_OFTEN) < 0;
        return Optional.of(recent ? LOOK_AGAIN : s.shortRest());
    }

    private static Optional<Rule.Outcome> standbyNames(Situation s) {
        boolean follows = s.storeSeen() && s.inRecovery() && s.otherLeads() && s.running().isEmpty();
        if (!follows) {
            return pass();
        }
        if (on(s)) {
            return view(s).standbyNames().isEmpty()
                    ? pass()
                    : setNames(s, StandbyNames.NONE, Reason.of(Sentence.SYNC_NAMES, ""));
        }
        return view(s).managed()
                ? s.decideOnce(new Decision.SetStandbyNames(Optional.empty()), Reason.of(Sentence.SYNC_OFF))
                : pass();
    }
}
