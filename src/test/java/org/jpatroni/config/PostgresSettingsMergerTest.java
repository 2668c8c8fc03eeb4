package org.jpatroni.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.PostgresRole;
import org.junit.jupiter.api.Test;

class PostgresSettingsMergerTest {

    private final List<String> warnings = new ArrayList<>();

    private PostgresSettings merge(String localLines, String json, PostgresRole role) throws ConfigException {
        NodeConfig node = ConfigLoaderTest.load(ConfigLoaderTest.MINIMAL + localLines.indent(2)).config();
        DynamicConfig dynamic = DynamicConfigReader.read(json, DynamicConfig.DEFAULT).config();
        return PostgresSettingsMerger.merge(node, dynamic, role, warnings::add);
    }

    private static PostgresConfig local(String lines) throws ConfigException {
        return ConfigLoaderTest.load(ConfigLoaderTest.MINIMAL + lines.indent(2)).config().postgres();
    }

    @Test
    void defaults() throws ConfigException {
        PostgresSettings settings = merge("", "{}", PostgresRole.PRIMARY);
        assertThat(settings.parameters()).containsExactlyInAnyOrderEntriesOf(Map.ofEntries(
                Map.entry("wal_level", "replica"),
                Map.entry("hot_standby", "on"), Map.entry("max_connections", "100"), Map.entry("max_wal_senders", "10"),
                Map.entry("max_prepared_transactions", "0"), Map.entry("max_locks_per_transaction", "64"),
                Map.entry("track_commit_timestamp", "off"), Map.entry("max_replication_slots", "10"),
                Map.entry("max_worker_processes", "8"), Map.entry("wal_log_hints", "on"),
                Map.entry("wal_keep_size", "128MB"), Map.entry("cluster_name", "batman"),
                Map.entry("listen_addresses", "10.0.0.1"), Map.entry("port", "5432")));
        assertThat(settings.createReplicaMethods()).containsExactly("basebackup");
        assertThat(settings.pgHba()).isEmpty();
        assertThat(settings.useSlots()).isTrue();
        assertThat(settings.usePgRewind()).isFalse();
        assertThat(settings.pgCtlTimeoutSeconds()).isEqualTo(60);
        assertThat(warnings).isEmpty();
    }

    @Test
    void localWinsOverDynamicButNotForControlledParameters() throws ConfigException {
        PostgresSettings settings = merge("""
                use_slots: true
                use_pg_rewind: true
                pg_ctl_timeout: 5
                pg_hba: [local all all trust]
                create_replica_methods: [pgbackrest, basebackup]
                pgbackrest: {command: x}
                parameters: {Work_Mem: 8MB, ssl: on, max_connections: 500, random_page_cost: 1.1, autovacuum: null}
                """,
                """
                        {"postgresql": {"use_slots": false, "pg_hba": ["host all all all md5"], "pg_ident": ["a b c"], "data_dir": "/evil",
                         "parameters": {"work_mem": "4MB", "MAX_CONNECTIONS": "0x100", "autovacuum": "off", "wal_keep_segments": 10,
                           "max_wal_senders": 1, "port": 1, "wal_level": "logical", "track_commit_timestamp": true}}}""",
                PostgresRole.REPLICA);
        assertThat(settings.parameters()).containsEntry("Work_Mem", "8MB").doesNotContainKey("work_mem")
                .containsEntry("ssl", "on").containsEntry("max_connections", "256")
                .containsEntry("random_page_cost", "1.1")
                .doesNotContainKey("autovacuum").containsEntry("wal_keep_size", "160MB")
                .doesNotContainKey("wal_keep_segments")
                .containsEntry("max_wal_senders", "10").containsEntry("port", "5432")
                .containsEntry("wal_level", "logical")
                .containsEntry("track_commit_timestamp", "on");
        assertThat(settings.useSlots()).isFalse();
        assertThat(settings.usePgRewind()).isTrue();
        assertThat(settings.pgCtlTimeoutSeconds()).isEqualTo(5);
        assertThat(settings.pgHba()).containsExactly("local all all trust");
        assertThat(settings.pgIdent()).containsExactly("a b c");
        assertThat(settings.createReplicaMethods()).containsExactly("pgbackrest", "basebackup");
        assertThat(settings.tree()).containsEntry("data_dir", "/data/pg1");
        assertThat(warnings).containsExactly(
                "postgresql.parameters.max_wal_senders: must be a whole number not below 3, using 10",
                "postgresql.parameters.port: cannot be set: it follows from other settings",
                "postgresql.parameters.max_connections: has no effect here, only in the dynamic configuration of the whole cluster");
    }

    @Test
    void settingsOfTheRoleComeLast() throws ConfigException {
        String json = """
                {"postgresql": {"parameters": {"work_mem": "1MB"}, "parameters_primary": {"work_mem": "2MB", "wal_level": "logical"},
                 "pg_hba": ["general"], "pg_hba_replica": ["replicas"]}}""";
        assertThat(merge("", json, PostgresRole.PRIMARY).parameters()).containsEntry("work_mem", "2MB")
                .containsEntry("wal_level", "replica");
        assertThat(merge("", json, PostgresRole.PRIMARY).pgHba()).containsExactly("general");
        assertThat(merge("", json, PostgresRole.REPLICA).parameters()).containsEntry("work_mem", "1MB");
        assertThat(merge("", json, PostgresRole.REPLICA).pgHba()).containsExactly("replicas");
    }

    @Test
    void keptWalSizeWinsOverSegmentsAndFilesAreTakenFromTheConfigurationDirectory() throws ConfigException {
        PostgresSettings settings = merge(
                "config_dir: /etc/pg\nparameters: {hba_file: my_hba.conf, ident_file: /abs/ident}",
                """
                        {"synchronous_mode": true, "postgresql": {"parameters": {"wal_keep_segments": 99, "wal_keep_size": "1GB",
                         "synchronous_standby_names": "*"}}}""",
                PostgresRole.PRIMARY);
        assertThat(settings.parameters()).containsEntry("wal_keep_size", "1GB")
                .containsEntry("hba_file", "/etc/pg/my_hba.conf")
                .containsEntry("ident_file", "/abs/ident").doesNotContainKey("synchronous_standby_names");
    }

    @Test
    void aNodeMaySayForItselfWhenItsDataMayBeThrownAway() throws ConfigException {
        DynamicConfig dynamic = DynamicConfigReader.read(Map.of("postgresql",
                Map.of("remove_data_directory_on_rewind_failure", true))).config();
        assertThat(local("").withLocalSettings(dynamic)).isSameAs(dynamic);
        DynamicConfig own = local("""
                remove_data_directory_on_rewind_failure: false
                remove_data_directory_on_diverged_timelines: true
                """).withLocalSettings(dynamic);
        assertThat(own.removeDataDirectoryOnRewindFailure()).isFalse();
        assertThat(own.removeDataDirectoryOnDivergedTimelines()).isTrue();
        assertThat(own.postgresql()).isEqualTo(dynamic.postgresql());
    }
}
