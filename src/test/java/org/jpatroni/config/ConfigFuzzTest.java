package org.jpatroni.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.PostgresRole;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is written, the end is a configuration or a line per problem, never another exception and never a secret. */
class ConfigFuzzTest {

    private static final String[] SNIPPETS = {"null", "true", "[]", "{}", "-1", "1e999999999", "1e9999999999",
            "99999999999999999999", "\"\"",
            "'\\0'", "\"\\0\"", "*x", "&x", "!t", "\n", "  ", "- ", ": ", ",", "{", "}", "[", "]", "\"", "'", "%", "@",
            "\t", "\u0001", "\u00fc", "0x", "1:2:3", "::", "[::1]:5", "70000", "<<: {a: 1}", "~", "#", "|", ">", "..."};

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void yaml(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < 250; round++) {
            String text = spoiled(SectionsTest.FULL, random);
            try {
                ConfigLoader.Loaded loaded = ConfigLoader.load(Optional.empty(), Map.of("PATRONI_CONFIGURATION", text));
                DynamicConfig dynamic = DynamicConfigReader.read(loaded.config().bootstrap().dcs()).config();
                assertThat(PostgresSettingsMerger.merge(loaded.config(), dynamic, PostgresRole.PRIMARY)).isNotNull();
                assertThat(loaded.config().toString()).isNotEmpty();
            } catch (ConfigException bad) {
                assertThat(bad.problems()).as(text).isNotEmpty().allSatisfy(
                        line -> assertThat(line).doesNotContain("\n").doesNotContain("Exception"));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void json(long seed) {
        String full = """
                {"ttl": 60, "loop_wait": 5, "retry_timeout": 8, "maximum_lag_on_failover": 7, "synchronous_mode": "quorum",
                 "standby_cluster": {"host": "h", "port": 5, "create_replica_methods": ["a"]}, "member_slots_ttl": "1h",
                 "slots": {"a": {"type": "logical", "database": "d", "plugin": "p"}, "b": 0}, "ignore_slots": [{"name": "c"}],
                 "postgresql": {"use_slots": false, "pg_hba": ["x"], "parameters": {"max_connections": 100, "work_mem": 1.10}}}""";
        Random random = new Random(seed);
        for (int round = 0; round < 400; round++) {
            DynamicConfigReader.Result result = DynamicConfigReader.read(spoiled(full, random), DynamicConfig.DEFAULT);
            assertThat(result.config()).isNotNull();
            assertThat(DynamicConfigValidator.validate(result.config().tree())).isNotNull();
            assertThat(JsonTree.write(result.config().tree())).isNotNull();
        }
    }

    private static String spoiled(String text, Random random) {
        StringBuilder spoiled = new StringBuilder(text);
        for (int i = random.nextInt(4); i >= 0; i--) {
            int at = random.nextInt(spoiled.length());
            int end = Math.min(spoiled.length(), at + random.nextInt(12));
            spoiled.replace(at, end, SNIPPETS[random.nextInt(SNIPPETS.length)]);
        }
        return spoiled.toString();
    }
}
