package org.jpatroni.config;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.Units;
import org.jspecify.annotations.Nullable;

/**
 * The parts of the local section {@code postgresql} that only a local file can set. What dynamic configuration may set too (parameters,
 * pg_hba, pg_ident, use_pg_rewind, ...) is in {@link PostgresSettings}.
 *
 * @param listenHosts comma separated as for {@code listen_addresses}
 * @param connectHost what others connect to
 * @param dataDir absolute
 * @param binDir where PostgreSQL's programs are; from PATH when empty
 * @param superuser connection of the agent itself
 * @param rewind connection for pg_rewind; the superuser's when not configured
 * @param local the whole local section as written
 */
public record PostgresConfig(String listenHosts, int listenPort, String connectHost, int connectPort,
        Optional<HostPort> proxyAddress, String dataDir, Optional<String> configDir, Optional<String> binDir,
        Map<String, String> binNames, String pgpass, Authentication superuser, Authentication replication,
        Optional<Authentication> rewind, String database, boolean useUnixSocket, boolean useUnixSocketRepl,
        Map<String, String> callbacks, Optional<String> customConf, Optional<String> prePromote,
        Optional<String> beforeStop, Map<String, @Nullable Object> local) {

    /** Short: the section holds passwords. */
    @Override
    public String toString() {
        return "PostgresConfig[" + dataDir + "]";
    }

    /** The cluster's settings, with those that a local file may set for its node alone. */
    public DynamicConfig withLocalSettings(DynamicConfig dynamic) {
        boolean onRewindFailure = Units.parseBoolean(local.get("remove_data_directory_on_rewind_failure"))
                .orElse(dynamic.removeDataDirectoryOnRewindFailure());
        boolean onDivergedTimelines = Units.parseBoolean(local.get("remove_data_directory_on_diverged_timelines"))
                .orElse(dynamic.removeDataDirectoryOnDivergedTimelines());
        return onRewindFailure == dynamic.removeDataDirectoryOnRewindFailure()
                && onDivergedTimelines == dynamic.removeDataDirectoryOnDivergedTimelines()
                        ? dynamic
                        : dynamic.withRemoval(onRewindFailure, onDivergedTimelines);
    }

    /** User and libpq connection settings of one purpose. */
    public record Authentication(String username, Optional<Secret> password, Map<String, String> libpqOptions) {

        /** Names of options only: {@code sslpassword} is one of them. */
        @Override
        public String toString() {
            return "Authentication[" + username + ", " + libpqOptions.keySet() + "]";
        }
    }

    /** The names of the sections that are lists of key-value pairs or flags, such as {@code basebackup}. */
    public static final List<String> OPTION_LISTS = List.of("basebackup", "initdb");
}
