package org.jpatroni.postgres;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jpatroni.config.HostPort;
import org.jpatroni.config.NodeConfig.CitusConfig;
import org.jpatroni.config.PostgresConfig.Authentication;
import org.jpatroni.config.Secret;

/** What a PostgreSQL needs to be a part of a Citus cluster (Patroni: "Citus support", the rules of its first page). */
final class CitusSetup {

    private static final String LIBRARY = "citus";

    private CitusSetup() {
    }

    /**
     * Adds to the parameters of the server: the library comes first among those preloaded, changes of several nodes need prepared
     * transactions, moving shards needs logical replication.
     *
     * @param localHost by which the server reaches itself
     */
    static void adjust(Map<String, String> parameters, String localHost) {
        List<String> libraries = new ArrayList<>(List.of(LIBRARY));
        Stream.of(parameters.getOrDefault("shared_preload_libraries", "").split(",")).map(String::strip)
                .filter(name -> !name.isEmpty() && !name.equals(LIBRARY)).forEach(libraries::add);
        parameters.put("shared_preload_libraries", String.join(",", libraries));
        if (SettingUnits.integer(parameters.getOrDefault("max_prepared_transactions", "0"), null).orElse(0) == 0) {
            long connections = Math.round(
                    SettingUnits.integer(parameters.getOrDefault("max_connections", "100"), null).orElse(100));
            parameters.put("max_prepared_transactions", Long.toString(2 * connections));
        }
        parameters.put("wal_level", "logical");
        parameters.put("citus.local_hostname", localHost);
    }

    /**
     * Makes database and extension in a new cluster, and tells it how to reach others.
     *
     * @param sessions opens a session to a database
     * @param home the database in which the agent works
     * @param self address of this node, for a coordinator
     */
    static void install(CitusConfig citus, Authentication superuser, Function<String, SqlSession> sessions,
            String home, HostPort self, Duration limit) throws SQLException {
        if (!citus.database().equals(home)) {
            try (SqlSession session = sessions.apply(home)) {
                session.execute(limit, "CREATE DATABASE " + Quoting.identifier(citus.database()));
            } catch (SQLException refused) {
                if (!"42P04".equals(refused.getSQLState())) { // There is one of that name.
                    throw refused;
                }
            }
        }
        try (SqlSession session = sessions.apply(citus.database())) {
            session.execute(limit, "CREATE EXTENSION IF NOT EXISTS citus");
            Map<String, String> credentials = credentials(superuser);
            if (!credentials.isEmpty()) {
                String conninfo = Conninfo.format(credentials, session.serverVersion(limit) / 10_000);
                new BootstrapSql(session, limit).silently("cannot store how other nodes are reached",
                        "INSERT INTO pg_catalog.pg_dist_authinfo VALUES (0, current_user, " + Quoting.literal(conninfo)
                                + ")");
            }
            if (citus.isCoordinator()) {
                session.query("SELECT 1 FROM (SELECT pg_catalog.citus_set_coordinator_host(?, ?, 'primary', 'default'))"
                        + " AS done", limit, row -> 1, self.host(), self.port());
            }
        }
    }

    private static Map<String, String> credentials(Authentication superuser) {
        Map<String, String> values = new LinkedHashMap<>();
        superuser.password().map(Secret::reveal).ifPresent(password -> values.put("password", password));
        for (String name : List.of("sslcert", "sslkey")) {
            String value = superuser.libpqOptions().get(name);
            if (value != null) {
                values.put(name, value);
            }
        }
        return values;
    }
}
