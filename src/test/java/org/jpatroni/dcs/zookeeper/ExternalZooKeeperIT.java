package org.jpatroni.dcs.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.zookeeper.server.ServerCnxnFactory;
import org.apache.zookeeper.server.ZooKeeperServer;
import org.apache.zookeeper.server.auth.DigestAuthenticationProvider;
import org.apache.zookeeper.server.auth.ProviderRegistry;
import org.apache.zookeeper.server.auth.X509AuthenticationProvider;
import org.jpatroni.config.Secret;
import org.jpatroni.config.StoreConfig;
import org.jpatroni.dcs.Cas;
import org.jpatroni.dcs.KeyValueClient.Change.Put;
import org.jpatroni.dcs.StoreUnavailableException;
import org.jpatroni.runtime.Tasks;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.jspecify.annotations.Nullable;

/** The settings of the section {@code zookeeper}: TLS, credentials, permissions. */
class ExternalZooKeeperIT {

    private static final String KEY = "/service/secured/config";
    private static final String STORE_PASSWORD = "changeit";

    @TempDir Path folder = Path.of("unset");

    private final Map<String, String> properties = new TreeMap<>();
    private @Nullable ServerCnxnFactory connections;

    @BeforeEach
    void start() throws Exception {
        certificate("server");
        certificate("client");
        certificate("stranger");
        trust("server-trust", "client");
        property("ssl.keyStore.location", folder.resolve("server.p12").toString());
        property("ssl.keyStore.password", STORE_PASSWORD);
        property("ssl.trustStore.location", folder.resolve("server-trust.p12").toString());
        property("ssl.trustStore.password", STORE_PASSWORD);
        property("serverCnxnFactory", "org.apache.zookeeper.server.NettyServerCnxnFactory");
        property("authProvider.x509", X509AuthenticationProvider.class.getName());
        ProviderRegistry.addOrUpdateProvider("zookeeper.authProvider.x509");
        ServerCnxnFactory started = ServerCnxnFactory.createFactory();
        connections = started;
        started.configure(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0, -1, true);
        started.startup(new ZooKeeperServer(folder.resolve("data").toFile(), folder.resolve("data").toFile(), 500));
    }

    @AfterEach
    void stop() {
        if (connections != null) {
            connections.shutdown();
        }
        properties.keySet().forEach(System::clearProperty);
    }

    private void property(String name, String value) {
        properties.put("zookeeper." + name, value);
        System.setProperty("zookeeper." + name, value);
    }

    @Test
    void aCertifiedClientWritesWhatOnlyItsSubjectMayRead() throws Exception {
        try (ZooKeeperClient client = open(config("client", Optional.of("server.pem"), true, Map.of(),
                Map.of("CN=client", List.of("ALL"))))) {
            assertThat(client.refreshSession().isWon()).isTrue();
            assertThat(put(client).isWon()).isTrue();
            assertThat(client.get(KEY).orElseThrow().value()).isEqualTo("value");
            assertThat(client.session().orElseThrow().grantedTimeoutMillis()).as("asked for a slack").isEqualTo(10_000);
            assertThat(client.grantedTtlSeconds()).as("the most that such a server grants, less the slack")
                    .isEqualTo(8);
        }
    }

    @Test
    void permissionsAndCredentialsAreUsed() throws Exception {
        String owner = "digest:" + DigestAuthenticationProvider.generateDigest("patroni:secret");
        Map<String, List<String>> acls = Map.of(owner, List.of("CREATE", "READ", "WRITE", "DELETE", "ADMIN"));
        try (ZooKeeperClient client = open(config("client", Optional.of("server.pem"), true,
                Map.of("digest", new Secret("patroni:secret")), acls));
                ZooKeeperClient other = open(config("client", Optional.of("server.pem"), true,
                        Map.of("digest", new Secret("patroni:wrong")), acls))) {
            assertThat(client.refreshSession().isWon()).isTrue();
            assertThat(put(client).isWon()).isTrue();
            assertThat(client.list("/service/secured/")).hasSize(1);
            assertThat(other.refreshSession().isWon()).isTrue();
            assertThatThrownBy(() -> other.list("/service/secured/")).isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("/service").hasMessageContaining("NOAUTH").hasMessageNotContaining("wrong");
        }
    }

    @Test
    void serversAreVerifiedUnlessOneAsksNotTo() throws Exception {
        try (ZooKeeperClient wrong = open(config("client", Optional.of("stranger.pem"), true, Map.of(), Map.of()))) {
            assertThat(wrong.refreshSession()).isInstanceOf(Cas.Unknown.class);
        }
        try (ZooKeeperClient careless = open(
                config("client", Optional.of("stranger.pem"), false, Map.of(), Map.of()))) {
            assertThat(careless.refreshSession().isWon()).isTrue();
        }
        try (ZooKeeperClient stranger = open(config("stranger", Optional.of("server.pem"), true, Map.of(), Map.of()))) {
            assertThat(stranger.refreshSession()).as("the server verifies too").isInstanceOf(Cas.Unknown.class);
        }
    }

    @Test
    void aFileThatCannotBeUsedIsNamed() {
        assertThatThrownBy(() -> open(config("client", Optional.of("absent.pem"), true, Map.of(), Map.of())))
                .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("zookeeper: ")
                .hasMessageContaining("absent.pem");
    }

    private static ZooKeeperClient open(StoreConfig.ZooKeeper config) {
        return ZooKeeperClient.open(config, 30, Duration.ofSeconds(4), Tasks.system());
    }

    private static Cas<?> put(ZooKeeperClient client) {
        return client.transact(List.of(), List.of(new Put(KEY, "value", false)));
    }

    private StoreConfig.ZooKeeper config(String identity, Optional<String> cacert, boolean verify,
            Map<String, Secret> authData,
            Map<String, List<String>> acls) {
        int port = connections == null ? 0 : connections.getLocalPort();
        return new StoreConfig.ZooKeeper(List.of("127.0.0.1:" + port), true,
                cacert.map(name -> folder.resolve(name).toString()),
                Optional.of(folder.resolve(identity + ".pem").toString()),
                Optional.of(folder.resolve(identity + ".key").toString()), Optional.empty(), verify, authData, acls);
    }

    /** A certificate signed by itself, as key store and as PEM files. */
    private void certificate(String name) throws Exception {
        Path store = folder.resolve(name + ".p12");
        keytool("-genkeypair", "-keyalg", "EC", "-dname", "CN=" + name, "-alias", name, "-keystore", store.toString(),
                "-storepass",
                STORE_PASSWORD, "-validity", "2");
        KeyStore keys = KeyStore.getInstance(store.toFile(), STORE_PASSWORD.toCharArray());
        pem(name + ".pem", "CERTIFICATE", keys.getCertificate(name).getEncoded());
        pem(name + ".key", "PRIVATE KEY", keys.getKey(name, STORE_PASSWORD.toCharArray()).getEncoded());
    }

    private void trust(String store, String certificate) throws Exception {
        keytool("-importcert", "-noprompt", "-alias", certificate, "-file",
                folder.resolve(certificate + ".pem").toString(), "-keystore",
                folder.resolve(store + ".p12").toString(), "-storepass", STORE_PASSWORD);
    }

    private void pem(String file, String kind, byte[] der) throws IOException {
        Files.writeString(folder.resolve(file),
                "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder().encodeToString(der) + "\n-----END "
                        + kind + "-----\n");
    }

    private static void keytool(String... arguments) throws Exception {
        List<String> command = new java.util.ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        assertThat(process.waitFor()).isZero();
    }
}
