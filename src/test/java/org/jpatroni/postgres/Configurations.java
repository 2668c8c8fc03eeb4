package org.jpatroni.postgres;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.config.PostgresConfig;
import org.jpatroni.config.PostgresConfig.Authentication;
import org.jpatroni.config.PostgresSettings;
import org.jpatroni.config.Secret;

/** Configurations for tests: a server on 127.0.0.1 with the users postgres and replicator. */
final class Configurations {

    static final Authentication SUPERUSER = new Authentication("postgres", Optional.of(new Secret("zalando")),
            Map.of());
    static final Authentication REPLICATOR = new Authentication("replicator", Optional.of(new Secret("rep-pass")),
            Map.of());

    private Configurations() {
    }

    static PostgresConfig config(Path dataDirectory, int port, boolean unixSocket) {
        return config(dataDirectory, port, unixSocket, SUPERUSER, Optional.empty());
    }

    static PostgresConfig config(Path dataDirectory, int port, boolean unixSocket, Authentication superuser,
            Optional<Authentication> rewind) {
        return new PostgresConfig("127.0.0.1", port, "127.0.0.1", port, Optional.empty(), dataDirectory.toString(),
                Optional.empty(), Optional.empty(), Map.of(), dataDirectory + ".pgpass", superuser, REPLICATOR, rewind,
                "postgres", unixSocket, unixSocket, Map.of(), Optional.empty(), Optional.empty(), Optional.empty(),
                Map.of());
    }

    static PostgresSettings settings(Map<String, String> parameters) {
        return settings(parameters, List.of(), Map.of());
    }

    static PostgresSettings settings(Map<String, String> parameters, List<String> hba, Map<String, Object> tree) {
        return new PostgresSettings(parameters, hba, List.of(), List.of("basebackup"), true, false, 60, tree);
    }
}
