package org.jpatroni.dcs.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jpatroni.config.Secret;
import org.jpatroni.config.StoreConfig;
import org.jpatroni.dcs.Cas;
import org.jpatroni.dcs.KeyValueClient.Change;
import org.jpatroni.dcs.KeyValueClient.Event;
import org.jpatroni.dcs.StoreUnavailableException;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;
import org.jpatroni.tls.ClientTls;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Users and certificates. */
class EtcdAccessIT {

    private static final String KEY = "/service/access/config";

    private static EtcdClient client(StoreConfig.Etcd3 config) {
        return EtcdClient.open(config, Time.system(), Tasks.system(), 30, Duration.ofSeconds(3));
    }

    private static StoreConfig.Etcd3 as(EtcdServer server, String user, String password) {
        return new StoreConfig.Etcd3(List.of(server.url()), Optional.empty(), Optional.empty(), Optional.of(user),
                Optional.of(new Secret(password)), Optional.empty(), Optional.empty(), Optional.empty());
    }

    private static Change put(String value) {
        return new Change.Put(KEY, value, false);
    }

    private static void enableAuthentication(EtcdServer server) {
        server.call("/auth/user/add", "{\"name\":\"root\",\"password\":\"rootpw\"}");
        server.call("/auth/user/grant", "{\"user\":\"root\",\"role\":\"root\"}");
        server.call("/auth/role/add", "{\"name\":\"patroni\"}");
        String key = EtcdJson.encode("/service/access/");
        String end = EtcdJson.prefixEnd("/service/access/");
        server.call("/auth/role/grant", "{\"name\":\"patroni\",\"perm\":{\"permType\":\"READWRITE\",\"key\":\"" + key
                + "\",\"range_end\":\"" + end + "\"}}");
        server.call("/auth/user/add", "{\"name\":\"agent\",\"password\":\"hunter2\"}");
        server.call("/auth/user/grant", "{\"user\":\"agent\",\"role\":\"patroni\"}");
        assertThat(server.call("/auth/enable", "{}").has("error")).isFalse();
    }

    @Test
    void aUserLogsInAndAgainWhenTheTokenIsGone() throws Exception {
        try (EtcdServer server = EtcdServer.start(); EtcdClient client = client(as(server, "agent", "hunter2"))) {
            ConcurrentLinkedQueue<Event> events = new ConcurrentLinkedQueue<>();
            assertThat(client.list("/service/access/")).as("no authentication yet").isEmpty();
            enableAuthentication(server);
            assertThat(client.refreshSession().isWon()).isTrue();
            assertThat(client.transact(List.of(), List.of(put("1"))).isWon()).isTrue();
            client.watch("/service/access/", events::add);
            await().until(() -> events.contains(Event.MISSED));
            // etcd keeps such tokens in memory only.
            server.restart();
            await().ignoreExceptions().atMost(Duration.ofSeconds(10)).until(() -> client.get(KEY).isPresent());
            assertThat(client.transact(List.of(), List.of(put("2"))).isWon()).isTrue();
            assertThat(client.get(KEY).orElseThrow().value()).isEqualTo("2");
            await().atMost(Duration.ofSeconds(15)).until(() -> events.contains(new Event(Event.Kind.WRITTEN, KEY)));
            // A change of roles makes all tokens old.
            String token = EtcdJson
                    .text(server.call("/auth/authenticate", "{\"name\":\"root\",\"password\":\"rootpw\"}"), "token");
            server.call("/auth/role/add", "{\"name\":\"another\"}", Optional.of(token));
            assertThat(client.transact(List.of(), List.of(put("3"))).isWon()).isTrue();
            assertThat(client.refreshSession().isWon()).isTrue();
            Cas<?> elsewhere = client.transact(List.of(), List.of(new Change.Put("/elsewhere", "1", false)));
            assertThat(elsewhere).isInstanceOf(Cas.Lost.class);
            assertThat(elsewhere.reason()).contains("permission denied");
        }
    }

    @Test
    void aWrongPasswordIsOneClearLine() throws Exception {
        try (EtcdServer server = EtcdServer.start()) {
            enableAuthentication(server);
            try (EtcdClient client = client(as(server, "agent", "sesame"))) {
                assertThatThrownBy(() -> client.list(KEY)).isInstanceOf(StoreUnavailableException.class)
                        .hasMessageContaining("login as agent").hasMessageContaining("invalid user ID or password")
                        .hasMessageNotContaining("sesame");
                assertThat(client.refreshSession()).isInstanceOf(Cas.Unknown.class);
            }
            try (EtcdClient client = EtcdStoreIT.client(List.of(server.url()))) {
                assertThatThrownBy(() -> client.list(KEY)).hasMessageContaining("user name is empty");
            }
        }
    }

    @Test
    void certificatesAreCheckedOnBothSides(@TempDir Path folder) throws Exception {
        Path[] mine = selfSigned(folder, "mine");
        Path[] foreign = selfSigned(folder, "foreign");
        HttpClient ownWay = HttpClient.newBuilder().sslContext(
                new ClientTls(Optional.of(mine[0]), Optional.of(mine[0]), Optional.of(mine[1]), Optional.empty())
                        .context())
                .build();
        try (EtcdServer server = EtcdServer.startTls(mine[0], mine[0], mine[1], ownWay)) {
            try (EtcdClient client = client(tls(server, mine[0], mine[0], mine[1]))) {
                assertThat(client.refreshSession().isWon()).isTrue();
                assertThat(client.transact(List.of(), List.of(put("1"))).isWon()).isTrue();
                assertThat(client.get(KEY).orElseThrow().value()).isEqualTo("1");
            }
            try (EtcdClient client = client(tls(server, foreign[0], mine[0], mine[1]))) {
                assertThatThrownBy(() -> client.get(KEY)).hasMessageContaining("TLS:");
            }
            try (EtcdClient client = client(tls(server, mine[0], foreign[0], foreign[1]))) {
                assertThatThrownBy(() -> client.get(KEY)).isInstanceOf(StoreUnavailableException.class);
                assertThat(client.transact(List.of(), List.of(put("2"))).isWon()).isFalse();
            }
            assertThatThrownBy(() -> client(tls(server, folder.resolve("none"), mine[0], mine[1])))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("etcd3.cacert")
                    .hasMessageContaining(folder.resolve("none").toString());
            assertThatThrownBy(() -> client(tls(server, mine[0], mine[0], mine[0])))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining(mine[0].toString());
        }
    }

    private static StoreConfig.Etcd3 tls(EtcdServer server, Path ca, Path cert, Path key) {
        return new StoreConfig.Etcd3(List.of(server.url()), Optional.empty(), Optional.empty(), Optional.empty(),
                Optional.empty(), Optional.of(ca.toString()), Optional.of(cert.toString()),
                Optional.of(key.toString()));
    }

    /** Certificate and key in PEM, for 127.0.0.1, made by the JDK's own tool. */
    private static Path[] selfSigned(Path folder, String name) throws Exception {
        Path store = folder.resolve(name + ".p12");
        String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        Process made = new ProcessBuilder(keytool, "-genkeypair", "-alias", "a", "-keyalg", "EC", "-dname",
                "CN=" + name,
                "-ext", "san=ip:127.0.0.1", "-ext", "bc=ca:true", "-validity", "2", "-storetype", "PKCS12", "-keystore",
                store.toString(), "-storepass", "changeit").redirectErrorStream(true).start();
        String said = new String(made.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(made.waitFor()).as(said).isZero();
        KeyStore keys = KeyStore.getInstance(store.toFile(), "changeit".toCharArray());
        Certificate certificate = keys.getCertificate("a");
        Key key = keys.getKey("a", "changeit".toCharArray());
        return new Path[]{pem(folder.resolve(name + ".crt"), "CERTIFICATE", certificate.getEncoded()),
                pem(folder.resolve(name + ".key"), "PRIVATE KEY", key.getEncoded())};
    }

    private static Path pem(Path file, String kind, byte[] der) throws IOException {
        return Files.writeString(file, "-----BEGIN " + kind + "-----\n"
                + Base64.getMimeEncoder(64, new byte[]{'\n'}).encodeToString(der) + "\n-----END " + kind + "-----\n");
    }
}
