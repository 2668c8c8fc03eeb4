package org.jpatroni.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jpatroni.model.Tags;
import org.jspecify.annotations.Nullable;

/**
 * What kind of cluster a seed stands for.
 *
 * @param tags per node
 * @param settings {@code bootstrap.dcs}: the key {@code config} as it is first stored
 * @param faults what may go wrong
 * @param faultSeconds length of the phase in which things go wrong
 * @param pauseBetweenFaultsSeconds on average
 * @param mutant a deliberate fault in the agent's ports; {@link Mutant#NONE} in honest runs
 */
record SimSetup(long seed, int nodes, List<Tags> tags, SimSettings settings, List<Fault> faults, int faultSeconds,
        int pauseBetweenFaultsSeconds, Mutant mutant) {

    private static final double STANDBY_CLUSTERS = 0.12;
    private static final List<Fault> BY_HAND = List.of(Fault.MAINTENANCE, Fault.KEYS_DELETED, Fault.STORE_WIPED,
            Fault.DATA_LOST, Fault.FOREIGN_DATA, Fault.FAILURES);
    private static final List<Fault> TROUBLE = Arrays.stream(Fault.values()).filter(fault -> !BY_HAND.contains(fault))
            .toList();

    SimSetup {
        tags = List.copyOf(tags);
        faults = List.copyOf(faults);
    }

    /** The cluster that belongs to a seed. */
    static SimSetup of(long seed) {
        SimRandom random = new SimRandom(seed).fork("setup");
        int nodes = random.pick(List.of(3, 3, 3, 3, 3, 3, 2, 2, 4, 5));
        List<Tags> tags = new ArrayList<>();
        for (int i = 0; i < nodes; i++) {
            tags.add(random.chance(0.2) ? tag(random, nodes) : Tags.NONE);
        }
        tags.set(random.below(nodes), Tags.NONE);
        List<Fault> faults = new ArrayList<>();
        double share = random.pick(List.of(0.2, 0.5, 0.8, 1.0));
        for (Fault fault : TROUBLE) {
            if (random.chance(share)) {
                faults.add(fault);
            }
        }
        for (Fault fault : BY_HAND) {
            if (random.chance(0.35)) {
                faults.add(fault);
            }
        }
        SimRandom modes = new SimRandom(seed).fork("settings");
        SimSettings drawn = SimSettings.drawn(modes);
        SimSettings settings = modes.chance(STANDBY_CLUSTERS) ? drawn.withStandbyCluster(true) : drawn;
        return new SimSetup(seed, nodes, tags, settings, faults, (int) random.between(120, 420),
                (int) random.between(6, 40), Mutant.NONE);
    }

    /** The same without synchronous replication and failsafe mode, and without trouble. */
    static SimSetup calm(long seed) {
        SimSetup setup = of(seed);
        return setup.withFaults(List.of()).withSettings(
                setup.settings.withSync(SimSettings.OFF, false, 1).withFailsafe(false).withStandbyCluster(false));
    }

    @SuppressWarnings("NullAway") // the record's constructor has lost the annotation of its type argument in the class file
    private static Tags tag(SimRandom random, int nodes) {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        switch (random.below(6)) {
            case 0 -> values.put("nofailover", true);
            case 1 -> values.put("failover_priority", 2);
            case 2 -> values.put("replicatefrom", SimNode.name(random.below(nodes)));
            case 3 -> values.put("nosync", true);
            case 4 -> values.put("sync_priority", 2);
            default -> values.put("clonefrom", true);
        }
        return new Tags(values);
    }

    SimSetup withMutant(Mutant wrong) {
        return new SimSetup(seed, nodes, tags, settings, faults, faultSeconds, pauseBetweenFaultsSeconds, wrong);
    }

    SimSetup withFaults(List<Fault> only) {
        return new SimSetup(seed, nodes, tags, settings, only, faultSeconds, pauseBetweenFaultsSeconds, mutant);
    }

    SimSetup withSettings(SimSettings other) {
        return new SimSetup(seed, nodes, tags, other, faults, faultSeconds, pauseBetweenFaultsSeconds, mutant);
    }

    /** Whether replicas can be made from backups, without a leader. */
    boolean hasBackups() {
        return new SimRandom(seed).fork("backups").chance(0.3);
    }

    /** Whether the first initdb may fail. */
    boolean isHardToBegin() {
        return mutant == Mutant.NONE && new SimRandom(seed).fork("beginning").chance(0.1);
    }

    int ttlSeconds() {
        return settings.ttlSeconds();
    }

    int loopWaitSeconds() {
        return settings.loopWaitSeconds();
    }

    int retryTimeoutSeconds() {
        return settings.retryTimeoutSeconds();
    }

    @Override
    public String toString() {
        return "seed " + seed + ": " + nodes + " nodes, " + settings + ", tags "
                + tags.stream().map(Tags::values).toList() + ", faults " + faults + " every "
                + pauseBetweenFaultsSeconds + " s for " + faultSeconds + " s"
                + (mutant == Mutant.NONE ? "" : ", mutant " + mutant);
    }
}
