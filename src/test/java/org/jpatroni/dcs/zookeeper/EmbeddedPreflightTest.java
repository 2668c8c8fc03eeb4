package org.jpatroni.dcs.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jpatroni.config.HostPort;
import org.jpatroni.config.StoreConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can be wrong with the embedded store is said in one line that names the setting. */
class EmbeddedPreflightTest {

    @TempDir Path folder = Path.of("unset");

    private StoreConfig.Embedded alone(String dataDir, int port) {
        return new StoreConfig.Embedded(dataDir, new HostPort("127.0.0.1", port), new LinkedHashMap<>());
    }

    private static void check(StoreConfig.Embedded config, String name) throws EmbeddedStoreException {
        EmbeddedPreflight.check(EmbeddedSettings.of(config, name));
    }

    @Test
    void aPortInUseIsNamed() throws Exception {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> check(alone(folder.resolve("data").toString(), other.getLocalPort()), "n"))
                    .isInstanceOf(EmbeddedStoreException.class)
                    .hasMessageStartingWith("embedded.listen: cannot listen on 127.0.0.1:")
                    .hasMessageContaining("in use");
        }
    }

    @Test
    void aFolderThatCannotBeIsNamed() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "x");
        assertThatThrownBy(() -> check(alone(file.resolve("data").toString(), 0), "n"))
                .isInstanceOf(EmbeddedStoreException.class)
                .hasMessageStartingWith("embedded.data_dir: cannot write to ");
    }

    @Test
    void theFolderIsMadeAndLeftOversAreRemoved() throws Exception {
        Path data = folder.resolve("a/b");
        check(alone(data.toString(), 0), "n");
        Files.writeString(data.resolve("zookeeper.configuration123.properties"), "old");
        check(alone(data.toString(), 0), "n");
        try (var files = Files.list(data)) {
            assertThat(files.map(file -> file.getFileName().toString()).toList()).containsExactly("myid");
        }
    }

    @Test
    void membersAreNumberedByNameAndAFolderOfAnotherIsRefused() throws Exception {
        Map<String, StoreConfig.EmbeddedMember> members = new LinkedHashMap<>();
        for (String name : new String[]{"c", "a", "b"}) {
            members.put(name, new StoreConfig.EmbeddedMember("127.0.0.1", 0, 0, 0));
        }
        var config = new StoreConfig.Embedded(folder.toString(), new HostPort("127.0.0.1", 0), members);
        check(config, "b");
        assertThat(Files.readString(folder.resolve("myid"))).isEqualTo("2\n");
        assertThatThrownBy(() -> check(config, "c")).isInstanceOf(EmbeddedStoreException.class)
                .hasMessageContaining("belongs to member number 2").hasMessageContaining("c is number 3");
        assertThatThrownBy(() -> check(config, "d")).isInstanceOf(EmbeddedStoreException.class)
                .hasMessageContaining("embedded.members does not name this member, d; it names a, b, c");
    }

    @Test
    void membersKnownByNameListenEverywhere() throws Exception {
        for (String host : new String[]{"10.0.0.1", "::1"}) {
            assertThat(settings(host).toProperties().getProperty("quorumListenOnAllIPs")).isEqualTo("false");
        }
        assertThat(settings("db1.example").toProperties().getProperty("quorumListenOnAllIPs")).isEqualTo("true");
        assertThat(settings("::1").toProperties().getProperty("server.1")).isEqualTo("[::1]:2:3");
    }

    private EmbeddedSettings settings(String host) throws EmbeddedStoreException {
        Map<String, StoreConfig.EmbeddedMember> members = new LinkedHashMap<>();
        members.put("a", new StoreConfig.EmbeddedMember(host, 1, 2, 3));
        members.put("b", new StoreConfig.EmbeddedMember("10.0.0.2", 1, 2, 3));
        return EmbeddedSettings.of(new StoreConfig.Embedded(folder.toString(), new HostPort("*", 1), members), "a");
    }
}
