package org.jpatroni.decide;

import java.util.Collection;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * In which order {@code /sync} and {@code synchronous_standby_names} are changed so that at no moment, wherever that is interrupted, a
 * transaction that was acknowledged can be missing on whoever may be promoted.
 *
 * <p>Let L be the leader. A commit is acknowledged when L and {@code required} of the names have it. A candidate may be promoted when it is
 * not behind anybody among {@code quorum + 1} of the voters and L, itself included. So among any {@code quorum + 1} of voters and L there
 * must be one of any set that can acknowledge: that is so when {@code quorum >= |voters|} (L is among them) or
 * {@code |voters ∪ names| <= quorum + required}. Every step keeps this for what it finds and for what it leaves. What was acknowledged under
 * earlier names is covered by what was stored then; {@code /sync} becomes easier only by standbys that are complete, which means that they
 * have everything acknowledged before.
 *
 * <p>There are never more than three steps: {@code /sync} is made fit for old and new names, the names are set, {@code /sync} is made final.
 */
final class QuorumTransitions {

    private QuorumTransitions() {
    }

    /**
     * What {@code /sync} says.
     *
     * @param quorum how many besides the candidate must not be ahead of it
     */
    record Stored(SortedSet<String> voters, int quorum) {

        static final Stored NOBODY = new Stored(Collections.emptySortedSet(), 0);

        Stored {
            voters = QuorumTransitions.names(voters);
        }
    }

    /**
     * Whom commits wait for.
     *
     * @param required how many of them
     */
    record Waits(SortedSet<String> names, int required) {

        Waits {
            names = QuorumTransitions.names(names);
        }
    }

    /** What is to be done next. */
    sealed interface Step {

        /** Write {@code /sync}. */
        record Store(Stored stored) implements Step {
        }

        /** Set the names to the wanted ones. */
        record SetNames() implements Step {
        }

        /** Nothing can be done before standbys have caught up. */
        record Later() implements Step {
        }

        /** Everything is as wanted. */
        record Done() implements Step {
        }
    }

    /**
     * Where things stand.
     *
     * @param waits whom commits wait for now
     * @param complete standbys that are known to have everything that was acknowledged before
     * @param wanted whom commits shall wait for
     * @param namesAreSet the setting reads as it shall
     * @param byVotes quorum mode; else every voter must be complete
     */
    record State(Stored stored, Waits waits, SortedSet<String> complete, Waits wanted, boolean namesAreSet,
            boolean byVotes) {

        State {
            complete = QuorumTransitions.names(complete);
        }
    }

    /** Names as PostgreSQL compares them. */
    static SortedSet<String> names(Collection<String> names) {
        SortedSet<String> sorted = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        sorted.addAll(names);
        return Collections.unmodifiableSortedSet(sorted);
    }

    static SortedSet<String> union(Collection<String> a, Collection<String> b) {
        SortedSet<String> both = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        both.addAll(a);
        both.addAll(b);
        return both;
    }

    static SortedSet<String> common(Collection<String> a, Collection<String> b) {
        SortedSet<String> both = new TreeSet<>(names(a));
        both.removeIf(name -> !names(b).contains(name));
        return names(both);
    }

    private static int missing(Collection<String> names, Collection<String> from) {
        return names.size() - common(names, from).size();
    }

    /** Whether whoever gets the votes has everything that is acknowledged by these waits. */
    static boolean isSafe(Stored stored, Waits waits) {
        return stored.quorum() >= stored.voters().size()
                || union(stored.voters(), waits.names()).size() <= stored.quorum() + waits.required();
    }

    /** The next step. */
    static Step next(State state) {
        if (!isSafe(state.stored(), state.waits())) {
            return new Step.Store(Stored.NOBODY);
        }
        if (state.namesAreSet()) {
            return finish(state);
        }
        if (isSafe(state.stored(), state.wanted())) {
            return new Step.SetNames();
        }
        Stored stored = state.stored();
        return prepared(state, common(stored.voters(), state.wanted().names()))
                .or(() -> state.byVotes()
                        ? prepared(state, union(stored.voters(), state.wanted().names()))
                        : Optional.empty())
                .map(fit -> (Step) new Step.Store(fit))
                .orElseGet(() -> new Step.Store(Stored.NOBODY));
    }

    /** These voters with a quorum that fits old and new names; empty when there is none that leaves anybody a choice. */
    private static Optional<Stored> prepared(State state, SortedSet<String> voters) {
        Waits now = state.waits();
        Waits wanted = state.wanted();
        int quorum = Math.max(leastQuorum(state, voters),
                Math.max(union(voters, now.names()).size() - now.required(),
                        union(voters, wanted.names()).size() - wanted.required()));
        return quorum < voters.size() && (state.byVotes() || quorum == 0)
                ? Optional.of(new Stored(voters, quorum))
                : Optional.empty();
    }

    /** The smallest quorum with which nothing that was acknowledged before can be missed: no easier than it was, or among complete ones. */
    private static int leastQuorum(State state, SortedSet<String> voters) {
        int noEasier = state.stored().quorum() + missing(voters, state.stored().voters());
        return Math.max(0, Math.min(noEasier, missing(voters, complete(state))));
    }

    /** Where no votes are needed every voter is complete by itself. */
    private static SortedSet<String> complete(State state) {
        return state.stored().quorum() == 0
                ? union(state.complete(), state.stored().voters())
                : state.complete();
    }

    private static Step finish(State state) {
        SortedSet<String> wanted = state.wanted().names();
        Stored goal = new Stored(wanted, Math.max(0, wanted.size() - state.wanted().required()));
        if (state.stored().equals(goal)) {
            return new Step.Done();
        }
        if (!state.byVotes()) {
            Stored reached = new Stored(common(wanted, complete(state)), 0);
            boolean useless = reached.voters().isEmpty() && !wanted.isEmpty() && !state.stored().voters().isEmpty();
            return reached.equals(state.stored()) || useless ? new Step.Later() : new Step.Store(reached);
        }
        int quorum = Math.max(goal.quorum(), missing(wanted, complete(state)));
        boolean nobodyYet = quorum >= wanted.size() && !wanted.isEmpty();
        boolean noBetter = state.stored().voters().equals(wanted) && state.stored().quorum() <= quorum;
        return nobodyYet || noBetter ? new Step.Later() : new Step.Store(new Stored(wanted, quorum));
    }
}
