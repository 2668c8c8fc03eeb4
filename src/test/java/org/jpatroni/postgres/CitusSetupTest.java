package org.jpatroni.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class CitusSetupTest {

    private static Map<String, String> adjusted(Map<String, String> before) {
        Map<String, String> parameters = new TreeMap<>(before);
        CitusSetup.adjust(parameters, "/run/postgresql");
        return parameters;
    }

    @Test
    void theLibraryComesFirstAndOnce() {
        assertThat(adjusted(Map.of())).containsEntry("shared_preload_libraries", "citus");
        assertThat(adjusted(Map.of("shared_preload_libraries", "pg_stat_statements, citus ,auto_explain")))
                .containsEntry("shared_preload_libraries", "citus,pg_stat_statements,auto_explain");
    }

    @Test
    void preparedTransactionsAreMadePossibleUnlessTheyAreConfigured() {
        assertThat(adjusted(Map.of("max_connections", "70", "max_prepared_transactions", "0")))
                .containsEntry("max_prepared_transactions", "140");
        assertThat(adjusted(Map.of("max_connections", "70", "max_prepared_transactions", "5")))
                .containsEntry("max_prepared_transactions", "5");
    }

    @Test
    void shardsMoveByLogicalReplicationAndTheServerFindsItself() {
        assertThat(adjusted(Map.of("wal_level", "replica"))).containsEntry("wal_level", "logical")
                .containsEntry("citus.local_hostname", "/run/postgresql");
    }
}
