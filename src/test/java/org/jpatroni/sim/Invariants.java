package org.jpatroni.sim;

import java.util.List;
import org.jpatroni.dcs.Faults;
import org.jpatroni.dcs.KeyValueClient.Event;

/** What must hold after every event. Each checker states its conditions; numbers are those of the design's list. */
final class Invariants {

    /** Looks at the true state of the cluster, which no node knows. */
    interface Checker {

        void check();

        /** An agent is about to do something that a checker wants to see before it happens. */
        default void before(String act, SimNode node) {
        }
    }

    private final List<Checker> checkers;
    private final PausedMeansHandsOff maintenance;
    private final SimMaintenance byHand;

    Invariants(SimCluster cluster) {
        this.byHand = cluster.maintenance();
        this.maintenance = new PausedMeansHandsOff(cluster);
        this.checkers = List.of(maintenance, new OnePrimary(cluster), new WritesNeedLease(cluster),
                new LeaderKeyChangesHands(cluster),
                new TimelinesGrow(cluster), new OneAnswersPrimary(cluster), new MostAdvancedLeads(cluster),
                new CandidateIsHonoured(cluster),
                new LastCopyStays(cluster), new SyncOverlaps(cluster), new SyncCommitsSurvive(cluster),
                new StandbyClusterTakesNoWrites(cluster), new FailsafeKeepsOnePrimary(cluster));
    }

    /** Whether somebody's hand work, and nothing that an agent could have known, may have made this a second primary. */
    boolean isExcused(SimNode node) {
        return maintenance.isExcused(node) || byHand.hasTakenKeyOf(node);
    }

    void check() {
        for (Checker checker : checkers) {
            checker.check();
        }
    }

    void before(String act, SimNode node) {
        for (Checker checker : checkers) {
            checker.before(act, node);
        }
    }

    /** 1: at most one PostgreSQL accepts writes, but for what was done by hand in maintenance mode. Needs the guard: mutants without it break this one. */
    static final class OnePrimary implements Checker {
        private final SimCluster cluster;

        OnePrimary(SimCluster cluster) {
            this.cluster = cluster;
        }

        @Override
        public void check() {
            SimNode first = null;
            for (SimNode node : cluster.nodes()) {
                if (node.server().acceptsWrites() && !cluster.invariants().isExcused(node)) {
                    if (first != null) {
                        cluster.kernel()
                                .fail("invariant 1: " + first.name() + " and " + node.name() + " accept writes");
                    }
                    first = node;
                }
            }
        }
    }

    /**
     * 3: a node is made a primary only while the store says that it holds the lease, and accepts no writes once the lease, and in failsafe mode
     * what all members have agreed on, has ended. A new
     * cluster's first primary has until its first lease.
     */
    static final class WritesNeedLease implements Checker {
        /** The guard's and PostgreSQL's reaction, and the drift of clocks over one lease. */
        private static final long GRACE_NANOS = 100_000_000L;
        private static final long HELD = -1;
        private final SimCluster cluster;
        private final long[] notHeldSinceNanos;
        private final boolean[] bootstraps;

        WritesNeedLease(SimCluster cluster) {
            this.cluster = cluster;
            this.notHeldSinceNanos = new long[cluster.setup().nodes()];
            this.bootstraps = new boolean[cluster.setup().nodes()];
        }

        @Override
        public void check() {
            String leader = cluster.store().leader().orElse("");
            long now = cluster.kernel().nowNanos();
            for (SimNode node : cluster.nodes()) {
                int i = node.index();
                if (node.name().equals(leader) || cluster.failsafe().isAgreed(node)
                        || cluster.failsafe().isAlone(node)) {
                    notHeldSinceNanos[i] = HELD;
                    bootstraps[i] = false;
                } else if (notHeldSinceNanos[i] == HELD) {
                    notHeldSinceNanos[i] = now;
                } else
                    if (node.server().acceptsWrites() && !bootstraps[i] && !cluster.invariants().isExcused(node)
                            && now - notHeldSinceNanos[i] > GRACE_NANOS) {
                                cluster.kernel().fail("invariant 3: " + node.name() + " accepts writes "
                                        + (now - notHeldSinceNanos[i]) / 1_000_000 + " ms after its lease ended");
                            }
            }
        }

        @Override
        public void before(String act, SimNode node) {
            if (act.equals("bootstrap")) {
                bootstraps[node.index()] = true;
            }
            boolean held = cluster.store().leader().equals(java.util.Optional.of(node.name()));
            if ((act.equals("promote") || act.equals("start as primary")) && !held
                    && !cluster.invariants().isExcused(node)) {
                cluster.kernel().fail("invariant 3: " + node.name() + " begins to " + act + " without the lease, which "
                        + cluster.store().leader().orElse("nobody") + " holds");
            }
        }
    }

    /** 4: the leader key changes hands only after it was released by its holder, or expired. */
    static final class LeaderKeyChangesHands implements Checker {
        private final SimCluster cluster;
        private String holder = "";
        private String session = "";

        LeaderKeyChangesHands(SimCluster cluster) {
            this.cluster = cluster;
            cluster.store().memory().client("checker", new SimTime(cluster.kernel(), 0, 0, 0), Faults.NONE)
                    .watch(SimStore.KEYS.leader(), this::changed);
        }

        private void changed(Event event) {
            if (!event.key().equals(SimStore.KEYS.leader())) {
                return;
            }
            String caller = cluster.store().caller();
            String now = cluster.store().leader().orElse("");
            if (event.kind() == Event.Kind.DELETED) {
                if (!caller.isEmpty() && !caller.equals("late") && !caller.equals(holder) && isSessionAlive()) {
                    cluster.kernel().fail("invariant 4: " + caller + " deleted the leader key of " + holder);
                }
            } else if (!holder.isEmpty() && !now.isEmpty() && !now.equals(holder)) {
                cluster.kernel()
                        .fail("invariant 4: the leader key went from " + holder + " to " + now + " by " + caller);
            }
            holder = event.kind() == Event.Kind.DELETED ? "" : now;
            session = cluster.store().memory().sessionOf(SimStore.KEYS.leader());
        }

        /** The holder's member key hangs on the same session, and nobody deletes that one. */
        private boolean isSessionAlive() {
            return !session.isEmpty()
                    && cluster.store().memory().sessionOf(SimStore.KEYS.member(holder)).equals(session);
        }

        @Override
        public void check() {
            // everything happens in the watch
        }
    }

    /** 6: a data directory's timeline goes back only when its data is replaced; with check_timeline nobody leads behind the history. */
    static final class TimelinesGrow implements Checker {
        private final SimCluster cluster;
        private final int[] timelines;

        TimelinesGrow(SimCluster cluster) {
            this.cluster = cluster;
            this.timelines = new int[cluster.setup().nodes()];
        }

        @Override
        public void check() {
            for (SimNode node : cluster.nodes()) {
                int now = node.server().data() != SimPostgres.Data.PRESENT ? 0 : node.server().wal().timeline();
                if (now < timelines[node.index()]) {
                    cluster.kernel().fail("invariant 6: " + node.name() + " went from timeline "
                            + timelines[node.index()] + " to " + now);
                }
                timelines[node.index()] = now;
            }
        }

        @Override
        public void before(String act, SimNode node) {
            if (act.equals("rewind") || act.equals("remove data") || act.equals("data lost")) {
                timelines[node.index()] = 0;
            }
            int known = cluster.store().historyTimeline();
            if (act.equals("promote") && cluster.setup().settings().checkTimeline()
                    && node.server().wal().timeline() < known) {
                cluster.kernel().fail("invariant 6: " + node.name() + " is promoted on timeline "
                        + node.server().wal().timeline() + ", the cluster was on " + known);
            }
        }
    }

    /** 14: nobody throws data away when no other member has any. */
    static final class LastCopyStays implements Checker {
        private final SimCluster cluster;

        LastCopyStays(SimCluster cluster) {
            this.cluster = cluster;
        }

        @Override
        public void check() {
            // only what is about to happen matters
        }

        @Override
        public void before(String act, SimNode node) {
            boolean others = cluster.nodes().stream().anyMatch(
                    other -> other != node && other.server().data() == SimPostgres.Data.PRESENT);
            if (act.equals("remove data") && !others) {
                cluster.kernel().fail("invariant 14: " + node.name() + " throws the last copy away");
            }
        }
    }

    /** 10: at most one node answers 200 to /primary. Monotonic clocks only: it holds whatever the wall clocks show. */
    static final class OneAnswersPrimary implements Checker {
        private final SimCluster cluster;

        OneAnswersPrimary(SimCluster cluster) {
            this.cluster = cluster;
        }

        @Override
        public void check() {
            SimNode first = null;
            for (SimNode node : cluster.nodes()) {
                if (node.answersPrimary() && !cluster.invariants().isExcused(node)) {
                    if (first != null) {
                        cluster.kernel().fail("invariant 10: " + first.name() + " and " + node.name()
                                + " answer 200 to /primary");
                    }
                    first = node;
                }
            }
        }
    }
}
