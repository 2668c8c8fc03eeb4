package org.jpatroni.sim;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
    /** An agent that was away acts on a configuration that it has read before. */
    private static final long SYNC_OFF_NANOS = 240 * SECOND;
    private static final long PROMOTION_NANOS = 15 * SECOND;
    /** The leader takes its key back at once, or, when it just then loses the store, goes on until what it knows of its lease ends. */
    private static final long KEY_GRACE_NANOS = 65 * SECOND;

    private final SimCluster cluster;
    private final SimKernel kernel;
    private final SimRandom random;
    private SimSettings settings;
    private final Map<SimNode, Long> promotedAtNanos = new HashMap<>();
    private final Set<SimNode> madeByHand = new HashSet<>();
    private long syncOffAtNanos = Long.MIN_VALUE / 2;
    private boolean paused;
    private boolean gone;
    private long leaderKeyDeletedAtNanos;
    private String keyTakenOf = "";

    SimMaintenance(SimCluster cluster) {
        this.cluster = cluster;
        this.kernel = cluster.kernel();
        this.random = new SimRandom(cluster.setup().seed()).fork("maintenance at work");
        this.settings = cluster.setup().settings();
    }

    /** Whether a promotion by hand may be under way, also when the pause is over meanwhile. */
    boolean mayBePromoting(SimNode node) {
        Long at = promotedAtNanos.get(node);
        return at != null && kernel.nowNanos() - at < PROMOTION_NANOS;
    }

    /** Whether this primary was promoted or started by hand, and was no standby since. */
    boolean hasMadePrimary(SimNode node) {
        if (node.server().isUp() && node.server().inRecovery() && !mayBePromoting(node)) {
            madeByHand.remove(node);
        }
        return madeByHand.contains(node);
    }

    boolean isPaused() {
        return paused;
    }

    /** Whether this primary's key was deleted, which voids its lease without its knowledge: no protocol can help that. */
    boolean hasTakenKeyOf(SimNode node) {
        return node.name().equals(keyTakenOf) && kernel.nowNanos() - leaderKeyDeletedAtNanos < KEY_GRACE_NANOS;
    }

    /** What the operator has stored last. */
    SimSettings settings() {
        return settings;
    }

    /** Stores other settings; a pause stays. */
    void configure(SimSettings changed) {
        if (!settings.isSynchronous()) {
            syncOffAtNanos = kernel.nowNanos();
        }
        if (changed.standbyCluster() && !settings.standbyCluster()) {
            cluster.ledger().giveUpAll("the cluster follows another one");
        }
        settings = changed;
        kernel.trace("operator", "config " + changed);
        writeConfig();
    }

    /** Whether {@code synchronous_mode} is off, or was turned off and on again not long ago: the leader may have deleted the key {@code sync}. */
    boolean mayHaveTurnedSyncOff() {
        return !settings.isSynchronous() || kernel.nowNanos() - syncOffAtNanos < SYNC_OFF_NANOS;
    }

    private void writeConfig() {
        cluster.store().memory().putByHand(SimStore.KEYS.config(), settings.json(paused));
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
        if (!node.isPowered() || node.isAtWork() || cluster.disasters().isForeign(node)) {
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
                    madeByHand.add(node);
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
        if (!standby) {
            madeByHand.add(node);
        }
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

    private Optional<SimNode> leaderThatIsWell() {
        String leader = cluster.store().leader().orElse("");
        return cluster.nodes().stream().filter(node -> node.name().equals(leader) && cluster.network().isQuiet()
                && cluster.store().isHealthy() && node.isAgentResponsive() && node.server().acceptsWrites()
                && !node.server().isStalled()).findFirst();
    }

    /** Somebody without data would make a new cluster of it while no leader has stored the identifier again. */
    private boolean allHaveData() {
        return !cluster.disasters().isAnyForeign() && cluster.servers().stream()
                .noneMatch(server -> server.data() != SimPostgres.Data.PRESENT);
    }

    private void takeKeyOf(SimNode leader) {
        leaderKeyDeletedAtNanos = kernel.nowNanos();
        keyTakenOf = leader.name();
    }

    /** Deletes one of the keys that the agents restore. */
    void deleteKey() {
        Optional<SimNode> well = leaderThatIsWell();
        String key = random.pick(List.of(SimStore.KEYS.leader(), SimStore.KEYS.initialize(), SimStore.KEYS.config(),
                SimStore.KEYS.member(random.pick(cluster.nodes()).name()), SimStore.KEYS.failover(),
                SimStore.KEYS.history(), SimStore.KEYS.status(), SimStore.KEYS.sync(), SimStore.KEYS.failsafe()));
        boolean ofLeader = key.equals(SimStore.KEYS.leader());
        if (ofLeader && well.isEmpty() || key.equals(SimStore.KEYS.initialize()) && (well.isEmpty() || !allHaveData())
                || key.equals(SimStore.KEYS.config()) && paused) {
            return;
        }
        kernel.trace("maintenance", "delete " + key);
        well.filter(leader -> ofLeader).ifPresent(this::takeKeyOf);
        if (key.equals(SimStore.KEYS.sync())) {
            cluster.ledger().giveUpAll("the key sync was deleted");
        }
        cluster.store().memory().deleteByHand(key);
    }

    /** Deletes everything while the leader is well: it stores again what the cluster needs. */
    void wipeStore() {
        Optional<SimNode> well = leaderThatIsWell();
        if (well.isEmpty() || !allHaveData() || paused) {
            return;
        }
        kernel.trace("maintenance", "wipe the store");
        takeKeyOf(well.get());
        cluster.ledger().giveUpAll("the store was wiped");
        cluster.store().wipe();
    }
}
