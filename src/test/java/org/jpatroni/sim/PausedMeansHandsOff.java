package org.jpatroni.sim;

import java.util.Arrays;

/**
 * 7: while an agent knows that the cluster is paused, it promotes nobody but the candidate of a requested move, stops no primary but for such a
 * move, starts only what it has stopped or copied itself, copies nothing anew and throws nothing away, unless an operator orders it. Stopping a standby to rewind it or to
 * let it follow another is allowed. Neither does the guard act.
 *
 * <p>What was done by hand meanwhile may have made a second primary: until its agent has had time to see to it after the pause, that one is
 * excused from the other invariants.
 */
final class PausedMeansHandsOff implements Invariants.Checker {

    private static final long SECOND = 1_000_000_000L;
    private static final long NEVER = Long.MIN_VALUE / 2;
    /** What was begun before the agent knew. */
    private static final long BEGUN_BEFORE_NANOS = 3 * SECOND;
    private static final long REMOVAL_BEGUN_BEFORE_NANOS = 60 * SECOND;
    /** An agent acts on what it saw a moment ago. */
    private static final long NAMED_NANOS = 30 * SECOND;
    /** An agent that works demotes a primary without the lease in this time. */
    private static final long DEMOTION_NANOS = 20 * SECOND;

    private final SimCluster cluster;
    private final long[] knowsSinceNanos;
    private final long[] namedAtNanos;
    private final long[] asideAtNanos;
    private final long[] caredForSinceNanos;
    private final boolean[] stoppedByAgent;
    private final boolean[] wasUp;
    private final boolean[] excused;

    PausedMeansHandsOff(SimCluster cluster) {
        this.cluster = cluster;
        int nodes = cluster.setup().nodes();
        this.knowsSinceNanos = filled(nodes);
        this.namedAtNanos = filled(nodes);
        this.asideAtNanos = filled(nodes);
        this.caredForSinceNanos = filled(nodes);
        this.stoppedByAgent = new boolean[nodes];
        this.wasUp = new boolean[nodes];
        this.excused = new boolean[nodes];
    }

    private static long[] filled(int nodes) {
        long[] times = new long[nodes];
        Arrays.fill(times, NEVER);
        return times;
    }

    boolean isExcused(SimNode node) {
        return excused[node.index()];
    }

    @Override
    public void check() {
        long now = cluster.kernel().nowNanos();
        boolean paused = cluster.maintenance().isPaused();
        String request = cluster.store().memory().valueOf(SimStore.KEYS.failover()).orElse("");
        for (SimNode node : cluster.nodes()) {
            int i = node.index();
            boolean knows = paused && cluster.store().hasReadConfig(node.index());
            knowsSinceNanos[i] = !knows ? NEVER : knowsSinceNanos[i] == NEVER ? now : knowsSinceNanos[i];
            if (request.contains("\"member\":\"" + node.name() + "\"")) {
                namedAtNanos[i] = now;
            } else if (request.contains("\"member\"")) {
                asideAtNanos[i] = now;
            }
            boolean up = node.server().isUp();
            if (up && !wasUp[i]) {
                stoppedByAgent[i] = false;
            }
            wasUp[i] = up;
            boolean cared = !paused && node.isAgentResponsive() && !node.believesInPause()
                    && !node.server().isStalled() && cluster.store().isHealthy() && cluster.network().isQuiet();
            caredForSinceNanos[i] = !cared ? NEVER : caredForSinceNanos[i] == NEVER ? now : caredForSinceNanos[i];
            excuse(node, paused || node.believesInPause() || cluster.maintenance().mayBePromoting(node), now);
        }
    }

    private void excuse(SimNode node, boolean paused, long now) {
        int i = node.index();
        boolean primary = node.server().phase() != SimPostgres.Phase.DOWN && !node.server().inRecovery();
        boolean demotedByNow = caredForSinceNanos[i] != NEVER && now - caredForSinceNanos[i] > DEMOTION_NANOS;
        excused[i] = primary && (paused || excused[i] && !demotedByNow);
    }

    @Override
    public void before(String act, SimNode node) {
        if (act.equals("data lost")) {
            return; // no agent did that
        }
        int i = node.index();
        long now = cluster.kernel().nowNanos();
        boolean wasStoppedByAgent = stoppedByAgent[i];
        if (act.equals("stop") || act.equals("clone") || act.equals("rewind")) {
            stoppedByAgent[i] = true;
        }
        long known = knowsSinceNanos[i] == NEVER ? 0 : now - knowsSinceNanos[i];
        SimPostgres server = node.server();
        boolean allowed = switch (act) {
            case "promote" -> now - namedAtNanos[i] < NAMED_NANOS;
            case "stop" -> server.inRecovery() || server.phase() == SimPostgres.Phase.STOPPING
                    || now - asideAtNanos[i] < NAMED_NANOS;
            case "start as standby" -> wasStoppedByAgent;
            case "remove data", "bootstrap" -> known < REMOVAL_BEGUN_BEFORE_NANOS;
            case "rewind" -> true;
            default -> false; // start as primary, clone, guard stop
        };
        if (known > BEGUN_BEFORE_NANOS && !allowed && !cluster.operator().hasOrdered(node)) {
            cluster.kernel().fail("invariant 7: " + act + " of " + node.name() + ", which knows for "
                    + known / 1_000_000 + " ms that the cluster is paused");
        }
    }
}
