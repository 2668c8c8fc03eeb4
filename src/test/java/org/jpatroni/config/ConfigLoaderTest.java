package org.jpatroni.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.config.NodeConfig.WatchdogConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigLoaderTest {

    static final String MINIMAL = """
            scope: batman
            name: pg1
            restapi: {listen: "10.0.0.1:8008", connect_address: "10.0.0.1:8008"}
            postgresql:
              listen: 10.0.0.1:5432
              connect_address: 10.0.0.1:5432
              data_dir: /data/pg1
              authentication:
                superuser: {username: postgres, password: geheim}
                replication: {username: replicator, password: geheim}
            """;

    static NodeConfig minimal() throws ConfigException {
        return load(MINIMAL).config();
    }

    static ConfigLoader.Loaded load(String yaml) throws ConfigException {
        return ConfigLoader.load(Optional.empty(), Map.of("PATRONI_CONFIGURATION", yaml));
    }

    static List<String> problemsOf(String yaml) {
        try {
            load(yaml);
            return List.of();
        } catch (ConfigException bad) {
            return bad.problems();
        }
    }

    @Test
    void defaultsOfEverySection() throws ConfigException {
        ConfigLoader.Loaded loaded = load(MINIMAL);
        NodeConfig config = loaded.config();

        assertThat(loaded.warnings()).isEmpty();
        assertThat(config.namespace()).isEqualTo("/service/");
        assertThat(config.restApi()).isEqualTo(new RestApiConfig(new HostPort("10.0.0.1", 8008),
                new HostPort("10.0.0.1", 8008), Optional.empty(), Map.of(), Map.of(), "original", 1024,
                Optional.empty(), List.of(), false));
        assertThat(config.restApi().apiUrl()).isEqualTo("http://10.0.0.1:8008/patroni");
        assertThat(config.ctl()).isEqualTo(new NodeConfig.CtlConfig(false, Optional.empty(), Optional.empty(),
                Optional.empty(), Optional.empty(), Optional.empty()));
        assertThat(config.store()).isEqualTo(
                new StoreConfig.Embedded("/data/pg1.store", new HostPort("127.0.0.1", 2181), Map.of()));
        assertThat(config.watchdog())
                .isEqualTo(new WatchdogConfig(WatchdogConfig.Mode.AUTOMATIC, "/dev/watchdog", 5, "default"));
        assertThat(config.log()).isEqualTo(NodeConfig.LogConfig.DEFAULT);
        assertThat(config.tags().isEmpty()).isTrue();
        assertThat(config.bootstrap().method()).isEqualTo("initdb");
        assertThat(config.bootstrap().initdbOptions()).isEmpty();
        PostgresConfig postgres = config.postgres();
        assertThat(postgres.database()).isEqualTo("postgres");
        assertThat(postgres.pgpass()).isEqualTo(System.getProperty("user.home") + "/pgpass");
        assertThat(postgres.useUnixSocket()).isFalse();
        assertThat(postgres.rewind()).isEmpty();
        assertThat(postgres.superuser().username()).isEqualTo("postgres");
        assertThat(postgres.superuser().password()).contains(new Secret("geheim"));
    }

    @Test
    void secretsAreNotPrinted() throws ConfigException {
        assertThat(minimal().toString()).doesNotContain("geheim");
        assertThat(minimal().postgres().toString()).doesNotContain("geheim");
        assertThat(minimal().postgres().superuser().toString()).doesNotContain("geheim");
    }

    @Test
    void everythingThatIsMissingIsToldAtOnce() {
        assertThat(problemsOf("postgresql: {}")).containsExactlyInAnyOrder("scope: is required", "name: is required",
                "restapi.listen: is required", "postgresql.listen: is required (PATRONI_CONFIGURATION:1)".replace(
                        " (PATRONI_CONFIGURATION:1)", ""),
                "postgresql.data_dir: is required",
                "postgresql.authentication: is required, with superuser and replication");
    }

    @Test
    void problemsNamePathAndLine() {
        assertThat(problemsOf(MINIMAL.replace("10.0.0.1:5432\n  connect", "10.0.0.1:x\n  connect")))
                .containsExactly(
                        "postgresql.listen: must be host:port with a port from 1 to 65535 (PATRONI_CONFIGURATION:5)");
    }

    @Test
    void unknownKeysAreWarnedOfWithTheNearestKnownOne() throws ConfigException {
        assertThat(load(MINIMAL + "  data_dri: /x\nlgo: {}\nfrobnicate: 1\n").warnings()).containsExactly(
                "postgresql.data_dri: is not known, did you mean data_dir? (PATRONI_CONFIGURATION:11)",
                "lgo: is not known, did you mean log? (PATRONI_CONFIGURATION:12)",
                "frobnicate: is not known (PATRONI_CONFIGURATION:13)");
    }

    @Test
    void filesOfADirectoryAreMergedInOrderAndTheEnvironmentWins(@TempDir Path directory) throws Exception {
        Files.writeString(directory.resolve("10-base.yml"), MINIMAL);
        Files.writeString(directory.resolve("20-more.yaml"), "name: pg2\nrestapi: {listen: '10.0.0.1:8009'}\n");
        Files.writeString(directory.resolve("30-ignored.txt"), "name: no");

        NodeConfig config = ConfigLoader.load(Optional.of(directory), Map.of("PATRONI_NAME", "pg3",
                "PATRONI_ETCD3_HOST", "localhost:2379", "PATRONI_CONFIGURATION", "name: ignored")).config();

        assertThat(config.name()).isEqualTo("pg3");
        assertThat(config.restApi().listen().port()).isEqualTo(8009);
        assertThat(config.restApi().connectAddress().port()).isEqualTo(8008);
        assertThat(((StoreConfig.Etcd3) config.store()).endpoints()).containsExactly("http://localhost:2379");
    }

    @Test
    void brokenInputEndsInOneLineThatNamesTheFile(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("p.yml"), "scope: a\nname: [1, 2\n");
        assertThatThrownBy(() -> ConfigLoader.load(Optional.of(file), Map.of())).isInstanceOf(ConfigException.class)
                .hasMessageStartingWith(file + ":3:1: while parsing a flow sequence, expected ',' or ']'");
        Path absent = directory.resolve("absent.yml");
        assertThatThrownBy(() -> ConfigLoader.load(Optional.of(absent), Map.of()))
                .hasMessage(absent + ": cannot be read: there is no such file");
        Path list = Files.writeString(directory.resolve("list.yml"), "- a\n");
        assertThatThrownBy(() -> ConfigLoader.load(Optional.of(list), Map.of()))
                .hasMessage(list + ": must hold keys with values");
        Path binary = Files.write(directory.resolve("binary.yml"), new byte[]{'a', (byte) 0xff, (byte) 0xfe});
        assertThatThrownBy(() -> ConfigLoader.load(Optional.of(binary), Map.of()))
                .hasMessage(binary + ": is not UTF-8 text");
        assertThatThrownBy(() -> ConfigLoader.load(Optional.empty(), Map.of())).hasMessage("configuration: is empty");
    }
}
