package org.jpatroni.sim;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.model.Upstream;
import org.jpatroni.postgres.PostgresControl.StopMode;

/**
 * An operator. In maintenance mode he stops, kills, starts and promotes servers as he likes, and moves the leader; at any time he may delete a
 * key. He knows what no agent can prevent: he starts no copy that is half made and no standby as a primary on its old timeline, and deletes
 * the leader key and the identifier of the cluster only while the leader is well.
 */
final class SimMaintenance {

    /** How a stored configuration says it. */
    static final String PAUSE = "\"pause\": true, ";

    private static final long SECOND = 1_000_000_000L;
    private static final long PROMOTION_NANOS = 15 * SECOND;
    /** The leader takes its key back at once, or, when it just then loses the store, goes on until what it knows of its lease ends. */
    private static final long KEY_GRACE_NANOS = 65 * SECOND;

    private final SimCluster cluster;
    private final SimKernel kernel;
    private final SimRandom random;
    private int[] timeouts;
    private final Map<SimNode, Long> promotedAtNanos = new HashMap<>();
    private boolean paused;
    private boolean gone;
    private long leaderKeyDeletedAtNanos;
    private String keyTakenOf = "";

    SimMaintenance(SimCluster cluster) {
        this.cluster = cluster;
        this.kernel = cluster.kernel();
        this.random = new SimRandom(cluster.setup().seed()).fork("maintenance at work");
        SimSetup setup = cluster.setup();
        this.timeouts = new int[]{setup.ttlSeconds(), setup.loopWaitSeconds(), setup.retryTimeoutSeconds()};
    }

    /** Whether a promotion by hand may be under way, also when the pause is over meanwhile. */
    boolean mayBePromoting(SimNode node) {
        Long at = promotedAtNanos.get(node);
        return at != null && kernel.nowNanos() - at < PROMOTION_NANOS;
    }

    boolean isPaused() {
        return paused;
    }

    /** Whether this primary's key was deleted, which voids its lease without its knowledge: no protocol can help that. */
    boolean hasTakenKeyOf(SimNode node) {
        return node.name().equals(keyTakenOf) && kernel.nowNanos() - leaderKeyDeletedAtNanos < KEY_GRACE_NANOS;
    }

    /** Stores other timeouts; a pause stays. */
    void configure(int ttl, int loopWait, int retryTimeout) {
        timeouts = new int[]{ttl, loopWait, retryTimeout};
        writeConfig();
    }

    private void writeConfig() {
        String json = cluster.setup().configJson(timeouts[0], timeouts[1], timeouts[2]);
        cluster.store().memory().putByHand(SimStore.KEYS.config(),
                paused ? json.replace("{\"ttl", "{" + PAUSE + "\"ttl") : json);
    }

    /** Pauses the cluster for so long, and works on it. */
    void maintain(long millis) {
        if (paused || gone) {
            return;
        }
        paused = true;
        kernel.trace("maintenance", "pause for " + millis + " ms");
        writeConfig();
        workLater();
        kernel.afterMillis(millis, this::resume);
    }

    private void resume() {
        if (paused) {
            paused = false;
            kernel.trace("maintenance", "resume");
            writeConfig();
        }
    }

    void end() {
        gone = true;
        resume();
        writeConfig();
    }

    private void workLater() {
        kernel.afterMillis(random.between(1000, 25_000), () -> {
            if (paused) {
                work(random.pick(cluster.nodes()));
                workLater();
            }
        });
    }

    private void work(SimNode node) {
        SimPostgres server = node.server();
        if (!node.isPowered() || node.isAtWork()) {
            return;
        }
        boolean down = server.phase() == SimPostgres.Phase.DOWN;
        switch (random.below(6)) {
            case 0 -> stop(node);
            case 1 -> server.vanish("killed by hand");
            case 2, 3 -> {
                if (down && server.data() == SimPostgres.Data.PRESENT) {
                    start(node);
                }
            }
            case 4 -> {
                if (server.isUp() && server.inRecovery()) {
                    kernel.trace("maintenance", "promote " + node.name());
                    promotedAtNanos.put(node, kernel.nowNanos());
                    server.beginPromotion();
                }
            }
            default -> move(node.name());
        }
    }

    private void stop(SimNode node) {
        kernel.trace("maintenance", "stop " + node.name());
        node.server().beginStop(StopMode.FAST, () -> {
        }, lsn -> {
        });
    }

    /** A standby as it is configured; a former primary as a primary, or as a standby of nobody. */
    private void start(SimNode node) {
        SimPostgres server = node.server();
        boolean standby = server.standbySignal() || random.chance(0.3);
        kernel.trace("maintenance", "start " + node.name() + (standby ? " as standby" : " as primary"));
        server.beginStart(standby ? server.upstream().or(() -> Optional.of(new Upstream.Nobody())) : Optional.empty());
        node.startedByHand();
    }

    private void move(String candidate) {
        String leader = cluster.store().leader().orElse("");
        if (!candidate.equals(leader)) {
            String json = leader.isEmpty() || random.chance(0.5)
                    ? "{\"member\":\"%s\"}".formatted(candidate)
                    : "{\"leader\":\"%s\",\"member\":\"%s\"}".formatted(leader, candidate);
            kernel.trace("maintenance", "move " + json);
            cluster.store().memory().putByHand(SimStore.KEYS.failover(), json);
        }
    }

    /** Deletes one of the keys that the agents restore. */
    void deleteKey() {
        String leader = cluster.store().leader().orElse("");
        Optional<SimNode> well = cluster.nodes().stream().filter(node -> node.name().equals(leader)
                && node.isAgentResponsive() && node.server().acceptsWrites() && !node.server().isStalled()).findFirst();
        boolean calm = well.isPresent() && cluster.network().isQuiet() && cluster.store().isHealthy();
        boolean allHaveData = cluster.servers().stream().allMatch(server -> server.data() != SimPostgres.Data.EMPTY);
        String key = random.pick(List.of(SimStore.KEYS.leader(), SimStore.KEYS.initialize(), SimStore.KEYS.config(),
                SimStore.KEYS.member(random.pick(cluster.nodes()).name()), SimStore.KEYS.failover(),
                SimStore.KEYS.history(), SimStore.KEYS.status()));
        boolean ofLeader = key.equals(SimStore.KEYS.leader());
        if (ofLeader && !calm || key.equals(SimStore.KEYS.initialize()) && !(calm && allHaveData)
                || key.equals(SimStore.KEYS.config()) && paused) {
            return;
        }
        kernel.trace("maintenance", "delete " + key);
        if (ofLeader) {
            leaderKeyDeletedAtNanos = kernel.nowNanos();
            keyTakenOf = leader;
        }
        cluster.store().memory().deleteByHand(key);
    }
}
