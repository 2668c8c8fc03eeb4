package org.jpatroni.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ConfigDiffTest {

    private static ConfigDiff diff(String changed) throws ConfigException {
        return ConfigDiff.between(ConfigLoaderTest.minimal(), ConfigLoaderTest.load(changed).config());
    }

    @Test
    void nothingChanged() throws ConfigException {
        assertThat(diff(ConfigLoaderTest.MINIMAL).isEmpty()).isTrue();
    }

    @Test
    void whatChangesLive() throws ConfigException {
        assertThat(diff(ConfigLoaderTest.MINIMAL + "tags: {nosync: true}"))
                .isEqualTo(new ConfigDiff(false, false, false, true, false, false, false, List.of()));
        assertThat(diff(ConfigLoaderTest.MINIMAL + "log: {level: DEBUG}"))
                .isEqualTo(new ConfigDiff(false, false, false, false, true, false, false, List.of()));
        assertThat(diff(ConfigLoaderTest.MINIMAL + "  parameters: {work_mem: 1MB}"))
                .isEqualTo(new ConfigDiff(false, false, false, false, false, false, true, List.of()));
        assertThat(diff(
                ConfigLoaderTest.MINIMAL.replace("8008\"}", "8008\", authentication: {username: u, password: p}}")))
                .isEqualTo(new ConfigDiff(true, false, true, false, false, false, false, List.of()));
        assertThat(diff(ConfigLoaderTest.MINIMAL.replace("8008", "8009")))
                .isEqualTo(new ConfigDiff(true, true, false, false, false, false, false, List.of()));
    }

    @Test
    void whatNeedsANewAgent() throws ConfigException {
        assertThat(diff(ConfigLoaderTest.MINIMAL.replace("/data/pg1", "/data/pg2").replace("batman", "robin")
                + "etcd3: {host: 10.0.0.2}").needAgentRestart())
                .containsExactly("scope", "etcd3", "postgresql.data_dir");
    }
}
