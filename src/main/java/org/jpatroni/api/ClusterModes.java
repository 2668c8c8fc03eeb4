package org.jpatroni.api;

import java.util.Locale;
import java.util.Map;
import org.jpatroni.json.PythonJsonReader;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.DynamicConfig;
import org.jspecify.annotations.Nullable;

/**
 * The cluster-wide settings that change how members are shown.
 *
 * @param synchronous off in a standby cluster, whatever is set
 */
record ClusterModes(boolean paused, boolean synchronous, boolean quorum, boolean standbyCluster) {

    /** The settings in force on this node. */
    static ClusterModes of(DynamicConfig config) {
        boolean standby = config.standbyCluster().isPresent();
        return new ClusterModes(config.pause(), config.isSynchronous() && !standby, config.isQuorum(), standby);
    }

    /**
     * The settings as stored, so that {@code /cluster} shows a change at once and not when the loop has taken it in; {@code inForce}
     * where nothing is stored or it cannot be read.
     */
    static ClusterModes of(ClusterSnapshot cluster, DynamicConfig inForce) {
        if (cluster.config().isEmpty()) {
            return of(inForce);
        }
        Object tree;
        try {
            tree = PythonJsonReader.read(cluster.config().get().json());
        } catch (IllegalArgumentException unreadable) {
            return of(inForce);
        }
        if (!(tree instanceof Map<?, ?> map)) {
            return of(inForce);
        }
        Object mode = map.get("synchronous_mode");
        boolean quorum = mode != null && mode.toString().toLowerCase(Locale.ROOT).equals("quorum");
        boolean standby = map.get("standby_cluster") instanceof Map<?, ?> section
                && (isSet(section.get("host")) || isSet(section.get("port")) || isSet(section.get("restore_command")));
        return new ClusterModes(isTrue(map.get("pause")), (quorum || isTrue(mode)) && !standby, quorum, standby);
    }

    private static boolean isTrue(@Nullable Object value) {
        return value != null && switch (value.toString().toLowerCase(Locale.ROOT)) {
            case "on", "true", "yes", "1" -> true;
            default -> false;
        };
    }

    private static boolean isSet(@Nullable Object value) {
        return value != null && !value.equals("") && !value.equals(false) && !value.toString().equals("0");
    }
}
