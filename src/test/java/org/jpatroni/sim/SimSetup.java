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
 * @param checkTimeline {@code check_timeline}
 * @param discards whether diverged data may be thrown away when pg_rewind does not help
 * @param faults what may go wrong
 * @param faultSeconds length of the phase in which things go wrong
 * @param pauseBetweenFaultsSeconds on average
 * @param mutant a deliberate fault in the agent's ports; {@link Mutant#NONE} in honest runs
 */
record SimSetup(long seed, int nodes, int ttlSeconds, int loopWaitSeconds, int retryTimeoutSeconds, List<Tags> tags,
        boolean checkTimeline, boolean discards, List<Fault> faults, int faultSeconds, int pauseBetweenFaultsSeconds,
        Mutant mutant) {

    private static final List<Fault> TROUBLE = Arrays.stream(Fault.values())
            .filter(fault -> fault != Fault.MAINTENANCE && fault != Fault.KEYS_DELETED).toList();

    SimSetup {
        tags = List.copyOf(tags);
        faults = List.copyOf(faults);
    }

    /** The cluster that belongs to a seed. */
    static SimSetup of(long seed) {
        SimRandom random = new SimRandom(seed).fork("setup");
        int nodes = random.pick(List.of(3, 3, 3, 3, 3, 3, 2, 2, 4, 5));
        int[] timeouts = random.pick(List.of(new int[]{30, 10, 10}, new int[]{30, 10, 10}, new int[]{20, 5, 5},
                new int[]{15, 3, 5}, new int[]{60, 10, 20}));
        List<Tags> tags = new ArrayList<>();
        for (int i = 0; i < nodes; i++) {
            tags.add(random.chance(0.15) ? tag(random, nodes) : Tags.NONE);
        }
        tags.set(random.below(nodes), Tags.NONE);
        List<Fault> faults = new ArrayList<>();
        double share = random.pick(List.of(0.2, 0.5, 0.8, 1.0));
        for (Fault fault : TROUBLE) {
            if (random.chance(share)) {
                faults.add(fault);
            }
        }
        // Drawn apart, so that what seeds stood for before there were operators stays as it was.
        SimRandom operator = new SimRandom(seed).fork("maintenance");
        for (Fault fault : List.of(Fault.MAINTENANCE, Fault.KEYS_DELETED)) {
            if (operator.chance(0.35)) {
                faults.add(fault);
            }
        }
        return new SimSetup(seed, nodes, timeouts[0], timeouts[1], timeouts[2], tags, random.chance(0.4),
                random.chance(0.6), faults, (int) random.between(120, 420), (int) random.between(6, 40), Mutant.NONE);
    }

    @SuppressWarnings("NullAway") // the record's constructor has lost the annotation of its type argument in the class file
    private static Tags tag(SimRandom random, int nodes) {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        switch (random.below(4)) {
            case 0 -> values.put("nofailover", true);
            case 1 -> values.put("failover_priority", 2);
            case 2 -> values.put("replicatefrom", SimNode.name(random.below(nodes)));
            default -> values.put("clonefrom", true);
        }
        return new Tags(values);
    }

    SimSetup withMutant(Mutant wrong) {
        return new SimSetup(seed, nodes, ttlSeconds, loopWaitSeconds, retryTimeoutSeconds, tags, checkTimeline,
                discards, faults, faultSeconds, pauseBetweenFaultsSeconds, wrong);
    }

    SimSetup withFaults(List<Fault> only) {
        return new SimSetup(seed, nodes, ttlSeconds, loopWaitSeconds, retryTimeoutSeconds, tags, checkTimeline,
                discards, only, faultSeconds, pauseBetweenFaultsSeconds, mutant);
    }

    /** {@code bootstrap.dcs}: the key {@code config} as it is first stored. */
    String configJson() {
        return configJson(ttlSeconds, loopWaitSeconds, retryTimeoutSeconds);
    }

    String configJson(int ttl, int loopWait, int retryTimeout) {
        return ("{\"ttl\": %d, \"loop_wait\": %d, \"retry_timeout\": %d, \"maximum_lag_on_failover\": 1048576, "
                + "\"check_timeline\": %b, \"postgresql\": {\"use_pg_rewind\": true, \"use_slots\": true, "
                + "\"remove_data_directory_on_rewind_failure\": %b, "
                + "\"remove_data_directory_on_diverged_timelines\": %b}}")
                .formatted(ttl, loopWait, retryTimeout, checkTimeline, discards, discards);
    }

    @Override
    public String toString() {
        return "seed " + seed + ": " + nodes + " nodes, ttl " + ttlSeconds + ", loop_wait " + loopWaitSeconds
                + ", retry_timeout " + retryTimeoutSeconds + ", check_timeline " + checkTimeline + ", discards "
                + discards
                + ", tags " + tags.stream().map(Tags::values).toList() + ", faults " + faults + " every "
                + pauseBetweenFaultsSeconds + " s for " + faultSeconds + " s"
                + (mutant == Mutant.NONE ? "" : ", mutant " + mutant);
    }

}
