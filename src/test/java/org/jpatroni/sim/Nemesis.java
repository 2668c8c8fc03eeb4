package org.jpatroni.sim;

import java.time.ZoneOffset;
import java.util.List;
import org.jpatroni.dcs.ClusterCodec;
import org.jpatroni.sim.SimNetwork.Cut;

/** Makes trouble of the kinds that the seed has drawn, at times that it draws; then takes everything back. */
final class Nemesis {

    private final SimCluster cluster;
    private final SimKernel kernel;
    private final SimRandom random;
    private final List<Fault> faults;
    private final SimMaintenance maintenance;
    private boolean ended;

    Nemesis(SimCluster cluster) {
        this.cluster = cluster;
        this.kernel = cluster.kernel();
        this.random = new SimRandom(cluster.setup().seed()).fork("nemesis");
        this.faults = cluster.setup().faults();
        this.maintenance = cluster.maintenance();
    }

    /** Agents that end are started again from the beginning on. */
    void supervise() {
        cluster.nodes().forEach(this::superviseAgent);
    }

    void begin() {
        cluster.servers().forEach(server -> server.pace().normal());
        if (!faults.isEmpty()) {
            next();
        }
    }

    private void next() {
        long seconds = cluster.setup().pauseBetweenFaultsSeconds();
        kernel.afterMillis(random.between(200, seconds * 2000), () -> {
            if (!ended) {
                strike(random.pick(faults));
                if (random.chance(0.3)) {
                    strike(random.pick(faults));
                }
                next();
            }
        });
    }

    /** As a service manager does: an agent that has ended is started again. */
    private void superviseAgent(SimNode node) {
        kernel.afterMillis(random.between(1000, 4000), () -> {
            if (node.isPowered() && !node.isAgentRunning() && (ended || random.chance(0.25))) {
                node.startAgent();
            }
            superviseAgent(node);
        });
    }

    /** Everything works again; what has been begun takes its time. */
    void end() {
        ended = true;
        cancelScheduledMove();
        maintenance.end();
        cluster.disasters().end();
        cluster.network().healAll();
        cluster.store().setDown(false);
        cluster.store().setReadOnly(false);
        for (SimNode node : cluster.nodes()) {
            node.server().pace().calm();
            node.server().stall(0);
            node.thawAgent();
            node.bootMachine();
        }
    }

    private SimNode anyNode() {
        boolean aimed = random.chance(0.6);
        SimNode drawn = random.pick(cluster.nodes());
        return aimed ? cluster.writable().orElse(drawn) : drawn;
    }

    /** Short or long, in between seldom: just under and well over the lease are the interesting ones. */
    private long durationMillis() {
        long ttl = cluster.setup().ttlSeconds() * 1000L;
        return switch (random.below(4)) {
            case 0 -> random.between(100, 5000);
            case 1 -> random.between(5000, ttl);
            case 2 -> random.between(ttl * 8 / 10, ttl * 13 / 10);
            default -> random.between(ttl, 3 * ttl);
        };
    }

    private void strike(Fault fault) {
        SimNode node = anyNode();
        long millis = durationMillis();
        kernel.trace("nemesis", fault + " " + node.name() + " for " + millis + " ms");
        switch (fault) {
            case AGENT_KILL -> node.killAgent();
            case AGENT_RESTART -> node.stopAgent();
            case AGENT_FREEZE -> {
                node.freezeAgent();
                kernel.afterMillis(millis, node::thawAgent);
            }
            case POSTMASTER_KILL -> node.server().vanish("killed");
            case POSTGRES_STALL -> node.server().stall(Math.min(millis, 30_000) * 1_000_000L);
            case MACHINE_CRASH -> {
                node.crashMachine();
                kernel.afterMillis(millis, node::bootMachine);
            }
            case STORE_CUT -> cutFor(millis, node.index(), SimNetwork.STORE);
            case PEER_CUT -> cutFor(millis, node.index(), random.pick(cluster.nodes()).index());
            case ISOLATION -> isolate(node, millis);
            case BAD_WEATHER -> badWeather(millis);
            case SLOW_REPLIES -> {
                cluster.network().slowReplies(node.index(), random.between(500, 6000));
                kernel.afterMillis(millis, () -> cluster.network().slowReplies(0, 0));
            }
            case STORE_OUTAGE -> {
                cluster.store().setDown(true);
                kernel.afterMillis(millis, () -> cluster.store().setDown(false));
            }
            case STORE_READ_ONLY -> {
                cluster.store().setReadOnly(true);
                kernel.afterMillis(millis, () -> cluster.store().setReadOnly(false));
            }
            case CONFIG_CHANGE -> maintenance.configure(maintenance.settings().withOtherTimeouts(random));
            case MODE_CHANGE -> maintenance.configure(maintenance.settings().withOtherModes(random));
            case SWITCHOVER -> askForSwitchover();
            case CLOCK_STEP -> node.time().stepWallClock(random.between(-7_200_000_000_000L, 7_200_000_000_000L));
            case SLOW_DISK -> slowDisk(node, millis);
            case MAINTENANCE -> maintenance.maintain(2 * millis);
            case KEYS_DELETED -> maintenance.deleteKey();
            case STORE_WIPED -> maintenance.wipeStore();
            case DATA_LOST -> cluster.disasters().loseData(node);
            case FOREIGN_DATA -> cluster.disasters().swapData(node, millis);
            case FAILURES -> failures(node, millis);
            case CLUSTER_TURNED -> turnCluster();
            case REMOTE_CRASH -> cluster.remote().ifPresent(remote -> remote.vanish("killed"));
        }
    }

    private void cutFor(long millis, int one, int other) {
        List<Cut> cuts = switch (random.below(3)) {
            case 0 -> List.of(new Cut(one, other));
            case 1 -> List.of(new Cut(other, one));
            default -> List.of(new Cut(one, other), new Cut(other, one));
        };
        cut(cuts, millis);
    }

    private void isolate(SimNode node, long millis) {
        Cut out = new Cut(node.index(), SimNetwork.ANYWHERE);
        Cut in = new Cut(SimNetwork.ANYWHERE, node.index());
        cut(random.chance(0.7) ? List.of(out, in) : List.of(random.chance(0.5) ? out : in), millis);
    }

    private void cut(List<Cut> cuts, long millis) {
        cuts.forEach(cluster.network()::cut);
        kernel.afterMillis(millis, () -> cuts.forEach(cluster.network()::heal));
    }

    private void badWeather(long millis) {
        cluster.network().setWeather(random.fraction() * 0.2, random.fraction() * 0.3, random.between(500, 15_000));
        kernel.afterMillis(millis, () -> cluster.network().setWeather(0, 0, 0));
    }

    private void slowDisk(SimNode node, long millis) {
        SimPace pace = node.server().pace();
        pace.slow();
        kernel.afterMillis(millis, () -> {
            if (!ended) {
                pace.normal();
            }
        });
    }

    private void failures(SimNode node, long millis) {
        SimPace pace = node.server().pace();
        pace.promoteFailChance = random.pick(List.of(0.0, 0.5, 1.0));
        pace.startFailChance = random.pick(List.of(0.0, 0.5, 1.0));
        kernel.afterMillis(millis, () -> {
            pace.promoteFailChance = 0;
            pace.startFailChance = 0;
        });
    }

    private void turnCluster() {
        if (cluster.remote().isPresent()) {
            maintenance.configure(maintenance.settings()
                    .withStandbyCluster(!maintenance.settings().standbyCluster()));
        }
    }

    /** What operators ask for: possible and impossible moves, at once and later. Two members may agree on a time that has passed already. */
    private void askForSwitchover() {
        String leader = cluster.store().leader().orElse("");
        String candidate = random.pick(cluster.nodes()).name();
        if (leader.isEmpty()) {
            return;
        }
        String json = switch (random.below(8)) {
            case 0 -> "{\"leader\":\"%s\"}".formatted(leader);
            case 1 -> "{\"member\":\"%s\"}".formatted(candidate);
            case 2 -> "{\"leader\":\"nobody\",\"member\":\"%s\"}".formatted(candidate);
            case 3 -> "{\"leader\":\"%s\",\"member\":\"nobody\"}".formatted(leader);
            case 4 -> "{\"leader\":\"%s\",\"member\":\"%s\",\"scheduled_at\":\"%s\"}".formatted(leader, candidate,
                    ClusterCodec.timestamp(cluster.nodes().getFirst().time().wall().atOffset(ZoneOffset.UTC)
                            .plusSeconds(random.between(-30, 60))));
            default -> "{\"leader\":\"%s\",\"member\":\"%s\"}".formatted(leader, candidate);
        };
        cluster.store().memory().putByHand(SimStore.KEYS.failover(), json);
    }

    /** Clocks that were set wrong would leave a scheduled move for hours: the operator takes it back. */
    private void cancelScheduledMove() {
        if (cluster.store().memory().valueOf(SimStore.KEYS.failover()).orElse("{}").contains("scheduled_at")) {
            cluster.store().memory().putByHand(SimStore.KEYS.failover(), "{}");
        }
    }
}
