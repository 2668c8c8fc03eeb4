package org.jpatroni.config;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * What a reload of the local configuration changes.
 *
 * @param restApi anything of the API's settings; {@code restApiListener} if its socket or TLS must be set up anew
 * @param ctl how other members are called
 * @param postgres the merged PostgreSQL settings must be computed anew; PostgreSQL itself says what needs a restart
 * @param needAgentRestart paths of settings that changed and take effect only when the agent is started again
 */
public record ConfigDiff(boolean restApi, boolean restApiListener, boolean ctl, boolean tags, boolean log,
        boolean watchdog, boolean postgres, List<String> needAgentRestart) {

    public static ConfigDiff between(NodeConfig before, NodeConfig after) {
        RestApiConfig oldApi = before.restApi();
        RestApiConfig newApi = after.restApi();
        boolean listener = !oldApi.listen().equals(newApi.listen()) || !oldApi.tls().equals(newApi.tls())
                || oldApi.requestQueueSize() != newApi.requestQueueSize();
        List<String> restart = new ArrayList<>();
        note(restart, "scope", before, after, NodeConfig::scope);
        note(restart, "namespace", before, after, NodeConfig::namespace);
        note(restart, "name", before, after, NodeConfig::name);
        note(restart, storeKey(after), before, after, NodeConfig::store);
        note(restart, "postgresql.listen", before, after,
                config -> List.of(config.postgres().listenHosts(), config.postgres().listenPort()));
        note(restart, "postgresql.data_dir", before, after, config -> config.postgres().dataDir());
        note(restart, "postgresql.config_dir", before, after, config -> config.postgres().configDir());
        note(restart, "postgresql.bin_dir", before, after, config -> config.postgres().binDir());
        note(restart, "postgresql.bin_name", before, after, config -> config.postgres().binNames());
        return new ConfigDiff(!oldApi.equals(newApi), listener, !before.ctl().equals(after.ctl()),
                !before.tags().equals(after.tags()), !before.log().equals(after.log()),
                !before.watchdog().equals(after.watchdog()), !before.postgres().equals(after.postgres()),
                List.copyOf(restart));
    }

    /** Whether nothing has changed that this node acts on. */
    public boolean isEmpty() {
        return !(restApi || ctl || tags || log || watchdog || postgres) && needAgentRestart.isEmpty();
    }

    private static void note(List<String> restart, String path, NodeConfig before, NodeConfig after,
            Function<NodeConfig, Object> part) {
        if (!part.apply(before).equals(part.apply(after))) {
            restart.add(path);
        }
    }

    private static String storeKey(NodeConfig config) {
        return switch (config.store()) {
            case StoreConfig.Etcd3 _ -> "etcd3";
            case StoreConfig.ZooKeeper _ -> "zookeeper";
            case StoreConfig.Embedded _ -> "embedded";
        };
    }
}
