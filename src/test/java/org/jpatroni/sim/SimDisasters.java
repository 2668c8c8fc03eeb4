package org.jpatroni.sim;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;

/**
 * Disks that are lost, directories of another cluster, a store that was wiped; and the operator who tidies up what no agent may touch:
 * data of somebody else, and copies that were left half made. He never takes data of which there is no other copy.
 */
final class SimDisasters {

    private static final long SECOND = 1_000_000_000L;
    private static final long LOOK_MILLIS = 5000;
    private static final long LEADERLESS_NANOS = 60 * SECOND;
    /** After this time a half made copy is nobody's work. */
    private static final long PATIENCE_NANOS = 20 * SECOND;
    private static final String FOREIGN = "7999999999999999999";

    private final SimCluster cluster;
    private final SimKernel kernel;
    private final Map<SimNode, Long> foreignUntilNanos = new HashMap<>();
    private final Map<SimNode, Long> halfSinceNanos = new HashMap<>();

    private long leaderlessSinceNanos = Long.MAX_VALUE;
    private long lastAtNanos = Long.MIN_VALUE / 2;

    SimDisasters(SimCluster cluster) {
        this.cluster = cluster;
        this.kernel = cluster.kernel();
    }

    void begin() {
        kernel.afterMillis(LOOK_MILLIS, () -> {
            cluster.nodes().forEach(this::tidy);
            rescue();
            begin();
        });
    }

    /** Whether this data directory is one that the cluster could do without. */
    private boolean isSpare(SimNode node) {
        boolean calm = cluster.store().isHealthy() && cluster.network().isQuiet() && foreignUntilNanos.isEmpty()
                && !cluster.store().memory().valueOf(SimStore.KEYS.initialize()).orElse("").isEmpty();
        boolean ordered = cluster.nodes().stream().anyMatch(cluster.operator()::hasOrdered);
        boolean others = cluster.nodes().stream()
                .anyMatch(other -> other != node && other.tags().failoverPriority() > 0 && !other.mayNotLead());
        return calm && !ordered && others && !node.isAtWork()
                && cluster.nodes().stream().allMatch(other -> other.isPowered()
                        && other.server().data() == SimPostgres.Data.PRESENT && other.server().isUp()
                        && !other.isAtWork());
    }

    /** The disk is gone, with everything on it; a new one is there. */
    void loseData(SimNode node) {
        if (isSpare(node)) {
            kernel.trace("disaster", "the disk of " + node.name() + " is lost");
            node.server().vanish("disk lost");
            cluster.invariants().before("data lost", node);
            lastAtNanos = kernel.nowNanos();
            node.server().empty();
            cluster.ledger().distrust(node);
        }
    }

    /** Somebody puts the directory of another cluster there, and sees his mistake later. */
    void swapData(SimNode node, long millis) {
        if (isSpare(node)) {
            kernel.trace("disaster", node.name() + " gets the directory of another cluster");
            node.server().vanish("stopped by hand");
            cluster.invariants().before("data lost", node);
            lastAtNanos = kernel.nowNanos();
            node.server().empty();
            node.server().initialize(FOREIGN);
            foreignUntilNanos.put(node, kernel.nowNanos() + millis * 1_000_000L);
            cluster.ledger().distrust(node);
        }
    }

    /** Whether an operator should look twice before he has a copy thrown away. */
    boolean wasRecent() {
        return !foreignUntilNanos.isEmpty() || kernel.nowNanos() - lastAtNanos < 120 * SECOND;
    }

    boolean isForeign(SimNode node) {
        return foreignUntilNanos.containsKey(node);
    }

    boolean isAnyForeign() {
        return !foreignUntilNanos.isEmpty();
    }

    /** Those who could lead have lost their data, and nobody else may: the operator names the best of the others. */
    private void rescue() {
        long now = kernel.nowNanos();
        boolean leaderless = cluster.store().leader().isEmpty() && lastAtNanos > 0;
        leaderlessSinceNanos = leaderless ? Math.min(leaderlessSinceNanos, now) : Long.MAX_VALUE;
        if (leaderless && now - leaderlessSinceNanos > LEADERLESS_NANOS && !cluster.maintenance().isPaused()
                && cluster.maintenance().settings().isSynchronous()) {
            cluster.nodes().stream().filter(node -> node.server().isUp() && node.server().inRecovery()
                    && node.tags().failoverPriority() > 0 && !isForeign(node))
                    .max(Comparator.comparingLong(node -> node.server().wal().endLsn())).ifPresent(best -> {
                        kernel.trace("operator", "nobody may lead: failover to " + best.name());
                        cluster.store().memory().putByHand(SimStore.KEYS.failover(),
                                "{\"member\":\"%s\"}".formatted(best.name()));
                    });
        }
    }

    private void tidy(SimNode node) {
        long now = kernel.nowNanos();
        Long until = foreignUntilNanos.get(node);
        boolean idle = node.server().phase() == SimPostgres.Phase.DOWN && !node.isAtWork();
        if (until != null && now >= until && node.server().isUp()) {
            node.server().vanish("stopped by hand");
        } else if (until != null && now >= until && idle) {
            kernel.trace("operator", "removes the foreign data of " + node.name());
            foreignUntilNanos.remove(node);
            cluster.invariants().before("data lost", node);
            lastAtNanos = kernel.nowNanos();
            node.server().empty();
        }
        if (node.server().data() != SimPostgres.Data.HALF || !idle) {
            halfSinceNanos.remove(node);
        } else if (now - halfSinceNanos.computeIfAbsent(node, found -> now) > PATIENCE_NANOS) {
            kernel.trace("operator", "removes the half made copy of " + node.name());
            node.server().empty();
        }
    }

    /** Nothing foreign is left. */
    void end() {
        foreignUntilNanos.replaceAll((node, until) -> kernel.nowNanos());
    }
}
