package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jpatroni.decide.QuorumTransitions.State;
import org.jpatroni.decide.QuorumTransitions.Step;
import org.jpatroni.decide.QuorumTransitions.Stored;
import org.jpatroni.decide.QuorumTransitions.Waits;
import org.junit.jupiter.api.Test;

/**
 * The order of writes against a naive twin: a small world in which commits are sets of members, and whoever could be promoted is found by
 * trying every set of voters. The twin looks after every single step, so that every interruption is covered.
 */
class QuorumTransitionsTest {

    private static final List<String> STANDBYS = List.of("a", "b", "c", "d");

    private static SortedSet<String> set(String names) {
        return QuorumTransitions.names(names.isEmpty() ? List.of() : List.of(names.split(",")));
    }

    private static String next(String voters, int quorum, String names, int required, String complete, String wanted,
            int wantedCount, boolean byVotes) {
        Waits now = new Waits(set(names), required);
        Waits then = new Waits(set(wanted), wantedCount);
        Step step = QuorumTransitions.next(
                new State(new Stored(set(voters), quorum), now, set(complete), then, now.equals(then), byVotes));
        return switch (step) {
            case Step.Store store -> "/sync " + String.join(",", store.stored().voters()) + " quorum "
                    + store.stored().quorum();
            case Step.SetNames names1 -> "names";
            case Step.Later later -> "later";
            case Step.Done done -> "done";
        };
    }

    @Test
    void quorumMode() {
        assertThat(next("", 0, "", 0, "", "a,b", 1, true)).as("first standbys").isEqualTo("names");
        assertThat(next("", 0, "a,b", 1, "", "a,b", 1, true)).as("nobody has caught up").isEqualTo("later");
        assertThat(next("", 0, "a,b", 1, "a", "a,b", 1, true)).as("one has").isEqualTo("/sync a,b quorum 1");
        assertThat(next("a,b", 1, "a,b", 1, "a,b", "a,b", 1, true)).as("settled").isEqualTo("done");
        assertThat(next("a", 0, "a", 1, "a", "a,b", 1, true)).as("one more: votes first")
                .isEqualTo("/sync a,b quorum 1");
        assertThat(next("a,b", 1, "a,b", 1, "b", "b", 1, true)).as("one is gone: names first").isEqualTo("names");
        assertThat(next("a,b", 1, "b", 1, "", "b", 1, true)).as("the other may lack what the first had")
                .isEqualTo("later");
        assertThat(next("a,b", 1, "b", 1, "b", "b", 1, true)).as("it has caught up").isEqualTo("/sync b quorum 0");
        assertThat(next("a,b", 0, "a,b", 2, "a,b", "a,b", 1, true)).as("fewer are needed: votes first")
                .isEqualTo("/sync a,b quorum 1");
        assertThat(next("a,b", 1, "a,b", 1, "a,b", "a,b", 2, true)).as("more are needed: names first")
                .isEqualTo("names");
        assertThat(next("a,b", 1, "a,b", 2, "a", "a,b", 2, true)).as("but one has not caught up").isEqualTo("later");
        assertThat(next("a,b", 1, "a,b", 1, "", "", 0, true)).as("all are gone").isEqualTo("/sync  quorum 0");
        assertThat(next("a,b", 1, "b,c", 1, "b,c", "b,c", 1, true)).as("names were changed by hand")
                .isEqualTo("/sync  quorum 0");
    }

    @Test
    void priorityMode() {
        assertThat(next("", 0, "", 0, "", "a", 1, false)).isEqualTo("names");
        assertThat(next("", 0, "a", 1, "", "a", 1, false)).isEqualTo("later");
        assertThat(next("", 0, "a", 1, "a", "a", 1, false)).isEqualTo("/sync a quorum 0");
        assertThat(next("a", 0, "a", 1, "a", "b", 1, false)).as("another one").isEqualTo("/sync  quorum 0");
        assertThat(next("a,b", 0, "a,b", 2, "a,b", "b", 1, false)).as("one is gone").isEqualTo("/sync b quorum 0");
        assertThat(next("a", 0, "a", 1, "a", "a,b", 2, false)).as("one more: names first").isEqualTo("names");
        assertThat(next("a,b", 1, "a,b", 1, "", "b", 1, false)).as("from quorum mode").isEqualTo("names");
        assertThat(next("a,b", 1, "b", 1, "", "b", 1, false)).isEqualTo("later");
        assertThat(next("a,b", 1, "b", 1, "b", "b", 1, false)).isEqualTo("/sync b quorum 0");
        assertThat(next("a,b", 0, "", 0, "", "a", 1, false)).as("commits waited for nobody")
                .isEqualTo("/sync  quorum 0");
    }

    /** One member's world. The leader has everything. */
    private static final class World {

        private final Random random;
        /** Commits that clients know of, by the standbys that have them. */
        private final List<SortedSet<String>> acknowledged = new ArrayList<>();
        private Stored stored = Stored.NOBODY;
        private Waits waits = new Waits(set(""), 0);
        private SortedSet<String> complete = new TreeSet<>();
        private SortedSet<String> connected = new TreeSet<>();

        World(Random random) {
            this.random = random;
        }

        /** Every set that could acknowledge does so once. */
        void commit() {
            for (SortedSet<String> holders : subsets(waits.names())) {
                if (holders.size() == waits.required()) {
                    acknowledged.add(holders);
                }
            }
        }

        void catchUp(String standby) {
            acknowledged.forEach(holders -> holders.add(standby));
            complete.add(standby);
        }

        /** Whoever sees enough others that are not ahead of it may be promoted: does it have everything? */
        void check(String when) {
            SortedSet<String> electorate = QuorumTransitions.union(stored.voters(), List.of("L"));
            for (SortedSet<String> seen : subsets(electorate)) {
                if (seen.size() == stored.quorum() + 1 && !seen.contains("L")) {
                    for (SortedSet<String> holders : acknowledged) {
                        assertThat(QuorumTransitions.common(seen, holders))
                                .as("%s: %s waits %s, votes of %s, commit on %s", when, stored, waits, seen, holders)
                                .isNotEmpty();
                    }
                }
            }
        }

        private SortedSet<String> some(List<String> of) {
            TreeSet<String> chosen = new TreeSet<>();
            of.stream().filter(name -> random.nextBoolean()).forEach(chosen::add);
            return chosen;
        }

        /** Somebody comes or goes, somebody catches up, or one step is made; the settings may change in between. */
        int run(int steps) {
            boolean byVotes = random.nextBoolean();
            int count = 1 + random.nextInt(3);
            int done = 0;
            for (int i = 0; i < steps; i++) {
                switch (random.nextInt(12)) {
                    case 0 -> {
                        connected = some(STANDBYS);
                        complete.removeIf(name -> !connected.contains(name));
                    }
                    case 1 -> count = 1 + random.nextInt(3);
                    case 2 -> byVotes = random.nextInt(4) == 0 ? !byVotes : byVotes;
                    case 3, 4 -> QuorumTransitions.common(connected, waits.names()).stream()
                            .filter(name -> random.nextBoolean()).forEach(this::catchUp);
                    case 5 -> commit();
                    default -> done += step(byVotes, count) ? 1 : 0;
                }
                check("step " + i);
            }
            return done;
        }

        private boolean step(boolean byVotes, int count) {
            TreeSet<String> picked = new TreeSet<>(connected);
            while (!byVotes && picked.size() > count) {
                picked.removeLast();
            }
            Waits wanted = new Waits(picked, byVotes ? Math.min(count, picked.size()) : picked.size());
            Step step = QuorumTransitions.next(
                    new State(stored, waits, complete, wanted, waits.equals(wanted), byVotes));
            switch (step) {
                case Step.Store store -> {
                    assertThat(byVotes || store.stored().quorum() == 0).isTrue();
                    assertThat(store.stored()).isNotEqualTo(stored);
                    stored = store.stored();
                }
                case Step.SetNames names -> {
                    commit();
                    waits = wanted;
                    complete = new TreeSet<>();
                    commit();
                }
                case Step.Later later -> {
                }
                case Step.Done done -> {
                    return true;
                }
            }
            return false;
        }
    }

    private static List<SortedSet<String>> subsets(SortedSet<String> of) {
        List<SortedSet<String>> all = new ArrayList<>();
        all.add(new TreeSet<>());
        for (String name : of) {
            for (SortedSet<String> each : List.copyOf(all)) {
                TreeSet<String> with = new TreeSet<>(each);
                with.add(name);
                all.add(with);
            }
        }
        return all;
    }

    @Test
    void whoeverMayBePromotedHasEveryAcknowledgedCommitAfterEveryStep() {
        int settled = 0;
        for (long seed = 0; seed < 3000; seed++) {
            settled += new World(new Random(seed)).run(60);
        }
        assertThat(settled).as("the steps come to an end").isGreaterThan(3000);
    }

    @Test
    void threeStepsAreEnough() {
        for (long seed = 0; seed < 3000; seed++) {
            World world = new World(new Random(seed));
            world.run(40);
            boolean byVotes = seed % 2 == 0;
            int count = 1 + (int) (seed % 3);
            boolean done = false;
            for (int i = 0; i < 6 && !done; i++) {
                List.copyOf(QuorumTransitions.common(world.connected, world.waits.names()))
                        .forEach(world::catchUp);
                done = world.step(byVotes, count);
            }
            assertThat(done).as("seed %d: %s %s connected %s", seed, world.stored, world.waits, world.connected)
                    .isTrue();
        }
    }

    @Test
    void theFormulaIsTheEnumeration() {
        for (SortedSet<String> voters : subsets(set("a,b,c"))) {
            for (SortedSet<String> names : subsets(set("b,c,d"))) {
                for (int quorum = 0; quorum <= voters.size(); quorum++) {
                    for (int required = 0; required <= names.size(); required++) {
                        Stored stored = new Stored(voters, quorum);
                        Waits waits = new Waits(names, required);
                        assertThat(QuorumTransitions.isSafe(stored, waits)).as("%s %s", stored, waits)
                                .isEqualTo(naivelySafe(stored, waits));
                    }
                }
            }
        }
    }

    private static boolean naivelySafe(Stored stored, Waits waits) {
        for (SortedSet<String> seen : subsets(QuorumTransitions.union(stored.voters(), List.of("L")))) {
            for (SortedSet<String> holders : subsets(waits.names())) {
                SortedSet<String> all = QuorumTransitions.union(holders, List.of("L"));
                if (seen.size() == stored.quorum() + 1 && holders.size() == waits.required()
                        && QuorumTransitions.common(seen, all).isEmpty()) {
                    return false;
                }
            }
        }
        return true;
    }
}
