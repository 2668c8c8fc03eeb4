package org.jpatroni.sim;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jpatroni.model.FailsafeAnswer;
import org.jpatroni.model.FailsafePing;
import org.jpatroni.model.Member;

/**
 * Who has the agreement of all members to go on without the store, seen from outside: counted from the moment of asking, by what the
 * members truly answered, and only when everybody was asked whom the key {@code failsafe} names.
 */
final class SimFailsafe {

    private static final Pattern NAME = Pattern.compile("\"([^\"]+)\"\\s*:");

    private final SimCluster cluster;
    private final Map<String, Long> agreedUntilNanos = new HashMap<>();

    SimFailsafe(SimCluster cluster) {
        this.cluster = cluster;
    }

    /** A round is over. */
    void asked(SimNode primary, long sentAtNanos, List<Member> members, FailsafePing ping,
            List<FailsafeAnswer> answers) {
        TreeSet<String> missing = new TreeSet<>();
        Matcher names = NAME.matcher(cluster.store().memory().valueOf(SimStore.KEYS.failsafe()).orElse("{}"));
        while (names.find()) {
            missing.add(names.group(1));
        }
        missing.remove(primary.name());
        for (int i = 0; i < members.size(); i++) {
            if (answers.get(i).isAccepted()) {
                missing.remove(members.get(i).name());
            }
        }
        if (missing.isEmpty() && answers.stream().allMatch(FailsafeAnswer::isAccepted)) {
            agreedUntilNanos.put(primary.name(), sentAtNanos + ping.ttlSeconds() * 1_000_000_000L);
        }
    }

    /** Whether this node is the only member of the failsafe topology: it needs nobody's agreement, and nobody else may race. */
    boolean isAlone(SimNode node) {
        return cluster.store().memory().valueOf(SimStore.KEYS.failsafe())
                .filter(topology -> topology.matches("\\{\\s*\"" + node.name() + "\"\\s*:\\s*\"[^\"]*\"\\s*}"))
                .isPresent();
    }

    /** Whether all members have agreed to stand back for this node, and that has not run out. */
    boolean isAgreed(SimNode node) {
        Long until = agreedUntilNanos.get(node.name());
        return until != null && cluster.kernel().nowNanos() < until;
    }
}
