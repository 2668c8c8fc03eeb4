package org.jpatroni.config;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jpatroni.model.Tags;
import org.jspecify.annotations.Nullable;

/**
 * The local configuration of one node: YAML file and environment, validated, defaults applied. Local settings of the section
 * "postgresql" are merged over the dynamic ones by {@link PostgresSettings}.
 *
 * @param scope name of the cluster
 * @param namespace of the store's keys, with leading and trailing slash; {@code /service/} by default
 * @param name name of this member
 * @param citus the part that this node has in a sharded cluster
 * @param tree the whole configuration as written, for settings that other records do not carry
 */
public record NodeConfig(String scope, String namespace, String name, RestApiConfig restApi, CtlConfig ctl,
        StoreConfig store, PostgresConfig postgres, BootstrapConfig bootstrap, WatchdogConfig watchdog, LogConfig log,
        Tags tags, Optional<CitusConfig> citus, Map<String, @Nullable Object> tree) {

    /** Short: the tree holds passwords. */
    @Override
    public String toString() {
        return "NodeConfig[" + scope + "/" + name + "]";
    }

    /** The section {@code ctl}: how this node calls other members. */
    public record CtlConfig(boolean insecure, Optional<String> cacert, Optional<String> certfile,
            Optional<String> keyfile, Optional<Secret> keyfilePassword, Optional<BasicCredentials> authentication) {
    }

    public record BasicCredentials(String username, Secret password) {
    }

    /**
     * The section {@code citus}.
     *
     * @param group 0 for the coordinator, 1 and more for workers
     * @param database in which the extension is
     */
    public record CitusConfig(int group, String database) {

        public boolean isCoordinator() {
            return group == 0;
        }
    }

    /** The section {@code watchdog}. */
    public record WatchdogConfig(Mode mode, String device, int safetyMarginSeconds, String driver) {
        /** Patroni's {@code watchdog.mode}. */
        public enum Mode {
            OFF, AUTOMATIC, REQUIRED
        }
    }

    /**
     * The section {@code log}.
     *
     * @param level Python's name in capitals: DEBUG, INFO, WARNING, ERROR or CRITICAL
     * @param format Python %-style
     * @param dateformat strftime style
     * @param type {@code plain} or {@code json}
     * @param loggers logger name to level, as {@code level}
     * @param jsonFields attribute to printed name, when {@code format} is a list (type json only)
     * @param staticFields added to every JSON record
     * @param fileMode permissions of log files
     * @param maxQueueSize lines that may wait to be written; more are lost
     * @param tracebackLevel {@code ERROR} or {@code DEBUG}: with DEBUG stack traces are shown only at level DEBUG
     */
    public record LogConfig(String level, Optional<String> format, Optional<String> dateformat, String type,
            Optional<String> dir, long fileSizeBytes, int fileNum, Map<String, String> loggers,
            boolean deduplicateHeartbeatLogs, Map<String, String> jsonFields, Map<String, String> staticFields,
            OptionalInt fileMode, String tracebackLevel, int maxQueueSize) {

        public static final LogConfig DEFAULT = new LogConfig("INFO", Optional.empty(), Optional.empty(), "plain",
                Optional.empty(), 25_000_000, 4, Map.of(), false, Map.of(), Map.of(), OptionalInt.empty(), "ERROR",
                1000);
    }
}
