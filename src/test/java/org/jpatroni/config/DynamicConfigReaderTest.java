package org.jpatroni.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.DynamicConfig.StandbyCluster;
import org.jpatroni.model.DynamicConfig.SyncMode;
import org.jpatroni.model.DynamicConfig.SyncPolicy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DynamicConfigReaderTest {

    private static DynamicConfigReader.Result read(String json) {
        return DynamicConfigReader.read(json, DynamicConfig.DEFAULT);
    }

    @Test
    void nothingStoredMeansDefaults() {
        assertThat(read("{}")).isEqualTo(new DynamicConfigReader.Result(DynamicConfig.DEFAULT, List.of()));
    }

    @Test
    void everySettingIsTaken() {
        DynamicConfigReader.Result result = read(
                """
                        {"ttl": 60, "loop_wait": 5, "retry_timeout": 8, "maximum_lag_on_failover": 7, "maximum_lag_on_syncnode": 9,
                         "primary_start_timeout": 11, "primary_stop_timeout": 12, "primary_race_backoff": 13, "check_timeline": true,
                         "pause": true, "failsafe_mode": true, "synchronous_mode": "quorum", "synchronous_mode_strict": true,
                         "synchronous_node_count": 2, "max_timelines_history": 14, "member_slots_ttl": "1h",
                         "slots": {"a": {"type": "physical"}, "b": 0}, "ignore_slots": [{"name": "c"}],
                         "postgresql": {"use_slots": false, "use_pg_rewind": true, "remove_data_directory_on_rewind_failure": true,
                            "remove_data_directory_on_diverged_timelines": true}}""");
        assertThat(result.warnings()).isEmpty();
        DynamicConfig config = result.config();
        assertThat(List.of(config.ttlSeconds(), config.loopWaitSeconds(), config.retryTimeoutSeconds(),
                config.maximumLagOnFailoverBytes(), config.maximumLagOnSyncnodeBytes(),
                config.primaryStartTimeoutSeconds(), config.primaryStopTimeoutSeconds(),
                config.primaryRaceBackoffSeconds(), config.maxTimelinesHistory(), config.memberSlotsTtlSeconds()))
                .isEqualTo(List.of(60, 5, 8, 7L, 9L, 11, 12, 13, 14, 3600));
        assertThat(List.of(config.checkTimeline(), config.pause(), config.failsafeMode(), config.usePgRewind(),
                config.removeDataDirectoryOnRewindFailure(), config.removeDataDirectoryOnDivergedTimelines()))
                .containsOnly(true);
        assertThat(config.useSlots()).isFalse();
        assertThat(config.sync()).isEqualTo(new SyncPolicy(SyncMode.QUORUM, true, 2));
        assertThat(config.standbyCluster()).isEmpty();
        assertThat(config.slots()).containsEntry("b", 0).containsKey("a");
        assertThat(config.ignoreSlots()).isEqualTo(List.of(Map.of("name", "c")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "{\"ttl\": \"x\"}                                  | 30 | 10 | 10 | ttl: x is not a whole number, using 30",
            "{\"ttl\": \"40\", \"loop_wait\": \"2\"}           | 40 | 2  | 10 |",
            "{\"ttl\": null}                                   | 30 | 10 | 10 |",
            "{\"ttl\": true}                                   | 30 | 10 | 10 | ttl: true is not a whole number, using 30",
            "{\"ttl\": [1]}                                    | 30 | 10 | 10 | ttl: the value is not a whole number, using 30",
            "{\"ttl\": 99999999999}                            | 30 | 10 | 10 | ttl: 99999999999 is out of range, using 30",
            "{\"ttl\": 10, \"retry_timeout\": 5}               | 20 | 10 | 5  | ttl: 10 is below the minimum, using 20",
            "{\"loop_wait\": 0, \"retry_timeout\": 1}          | 30 | 1  | 3  | loop_wait: 0 is below the minimum, using 1",
            "{\"loop_wait\": 20}                               | 30 | 10 | 10 | loop_wait: loop_wait + 2 * retry_timeout is more than ttl (20, 10, 30), using loop_wait 10",
            "{\"retry_timeout\": 20}                           | 30 | 1  | 14 | loop_wait: loop_wait + 2 * retry_timeout is more than ttl (10, 20, 30), using loop_wait 1 and retry_timeout 14"
    })
    void timesFitTogether(String json, int ttl, int loopWait, int retryTimeout, String warning) {
        DynamicConfigReader.Result result = read(json);
        assertThat(List.of(result.config().ttlSeconds(), result.config().loopWaitSeconds(),
                result.config().retryTimeoutSeconds())).containsExactly(ttl, loopWait, retryTimeout);
        if (warning == null) {
            assertThat(result.warnings()).isEmpty();
        } else {
            assertThat(result.warnings()).contains(warning.strip());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"true | ON", "\"on\" | ON", "1 | ON", "\"Quorum\" | QUORUM", "false | OFF",
            "\"off\" | OFF", "null | OFF", "\"perhaps\" | OFF", "{} | OFF"})
    void synchronousMode(String json, SyncMode mode) {
        assertThat(read("{\"synchronous_mode\": " + json + "}").config().sync().mode()).isEqualTo(mode);
    }

    @Test
    void aStandbyClusterIsNotSynchronous() {
        DynamicConfig config = read("""
                {"synchronous_mode": true, "standby_cluster": {"host": "h", "port": 5432, "primary_slot_name": "s",
                 "create_replica_methods": ["a", "basebackup"], "restore_command": "r", "archive_cleanup_command": "c",
                 "recovery_min_apply_delay": 5}}""").config();
        assertThat(config.isSynchronous()).isFalse();
        assertThat(config.standbyCluster()).contains(new StandbyCluster(Optional.of("h"), Optional.of("5432"),
                Optional.of("s"), List.of("a", "basebackup"), Optional.of("r"), Optional.of("c"), Optional.of("5")));
        assertThat(read("{\"standby_cluster\": {\"primary_slot_name\": \"s\"}}").config().standbyCluster()).isEmpty();
    }

    @Test
    void oldNamesServeWhereTheNewOnesAreAbsent() {
        DynamicConfig config = read("{\"master_start_timeout\": 0, \"master_stop_timeout\": \"7\"}").config();
        assertThat(config.primaryStartTimeoutSeconds()).isZero();
        assertThat(config.primaryStopTimeoutSeconds()).isEqualTo(7);
        assertThat(read("{\"master_start_timeout\": 0, \"primary_start_timeout\": 9}").config()
                .primaryStartTimeoutSeconds()).isEqualTo(9);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nope", "[]", "1", "null", "{\"a\":", "{} x"})
    void noJsonObjectKeepsWhatIsInForce(String json) {
        DynamicConfig before = read("{\"ttl\": 99}").config();
        DynamicConfigReader.Result result = DynamicConfigReader.read(json, before);
        assertThat(result.config()).isSameAs(before);
        assertThat(result.warnings()).hasSize(1).first().asString().startsWith("config: is no JSON");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ttl", "loop_wait", "retry_timeout", "maximum_lag_on_failover", "maximum_lag_on_syncnode",
            "primary_start_timeout", "primary_stop_timeout", "primary_race_backoff", "check_timeline", "pause",
            "failsafe_mode", "synchronous_mode", "synchronous_mode_strict", "synchronous_node_count",
            "max_timelines_history", "member_slots_ttl", "slots", "ignore_slots", "standby_cluster", "postgresql"})
    void aBadValueOfOneKeyNeverSpoilsTheRest(String key) {
        for (String bad : List.of("\"nonsense\"", "[[1]]", "-7777777777777777777777", "1e400", "\"\\u0000\"")) {
            DynamicConfigReader.Result result = read(
                    "{\"primary_race_backoff\": 3, \"zz\": 1.10, \"" + key + "\": " + bad + "}");
            assertThat(result.config().primaryRaceBackoffSeconds())
                    .isEqualTo(key.equals("primary_race_backoff") ? 0 : 3);
            assertThat(result.warnings()).as(key + " " + bad).isNotEmpty();
            assertThat(JsonTree.write(result.config().tree())).contains("\"zz\":1.10");
        }
    }

    @Test
    void validationSaysWhatReadingWouldChange() throws ConfigException {
        assertThat(DynamicConfigValidator.validate(JsonTree.readObject(
                """
                        {"ttl": 10, "loop_wait": "x", "pause": "maybe", "slots": {"a": "b", "c": {"type": "logical"}, "d": 0, "e": null},
                         "postgresql": {"parameters": {"max_connections": 5, "port": 1, "wal_level": "minimal", "work_mem": "4MB"},
                            "pg_hba": "all"}, "standby_cluster": {"port": "5432,70000"}, "whatever": {}}""")))
                .containsExactly("ttl: must be a whole number not below 20",
                        "loop_wait: must be a whole number not below 1", "pause: must be true or false",
                        "slots.a: must be a mapping", "slots.c: a logical slot needs database and plugin",
                        "postgresql.parameters.max_connections: must be a whole number not below 25",
                        "postgresql.parameters.port: cannot be set: it follows from other settings",
                        "postgresql.parameters.wal_level: must be replica or logical",
                        "postgresql.pg_hba: must be a list",
                        "standby_cluster.port: must be a port from 1 to 65535, or one for each host");
        assertThat(DynamicConfigValidator.validate(JsonTree.readObject("{\"loop_wait\": 20}")))
                .containsExactly("ttl: must not be less than loop_wait + 2 * retry_timeout, 40");
        assertThat(DynamicConfigValidator.validate(Map.of())).isEmpty();
    }
}
