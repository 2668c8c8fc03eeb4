package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jpatroni.config.HostPort;
import org.jpatroni.config.RestApiConfig;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same server over TLS, with certificates made for the test by the JDK's keytool. */
class TlsTest {

    private static final char[] PASSWORD = "changeit".toCharArray();

    @TempDir static Path folder;

    @BeforeAll
    static void makeCertificates() throws Exception {
        makeCertificate("server");
        makeCertificate("client");
        makeCertificate("stranger");
    }

    @Test
    void answersOverTls() throws Exception {
        try (ApiServer server = server(RestApiConfig.VerifyClient.NONE, Optional.empty());
                SSLSocket socket = connect(server, null)) {
            ApiServer.send(socket, "GET /primary HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(ApiServer.readOne(socket)).startsWith("HTTP/1.1 200 OK\r\n").contains("\r\nHttps: yes\r\n");
            ApiServer.send(socket, "OPTIONS /primary HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(ApiServer.readAll(socket)).isEqualTo("HTTP/1.0 200 OK\r\n\r\n");
        }
    }

    @Test
    void aRequiredClientCertificateIsAskedFor() throws Exception {
        Optional<String> authority = Optional.of(folder.resolve("client.crt").toString());
        try (ApiServer server = server(RestApiConfig.VerifyClient.REQUIRED, authority)) {
            try (SSLSocket socket = connect(server, "client")) {
                ApiServer.send(socket, "GET /primary HTTP/1.0\r\n\r\n");
                assertThat(ApiServer.readAll(socket)).startsWith("HTTP/1.0 200 OK");
            }
            for (String other : new String[]{"stranger", ""}) {
                assertThatThrownBy(() -> {
                    try (SSLSocket socket = connect(server, other.isEmpty() ? null : other)) {
                        ApiServer.send(socket, "GET /primary HTTP/1.0\r\n\r\n");
                        if (ApiServer.readAll(socket).isEmpty()) {
                            throw new IOException("closed");
                        }
                    }
                }).isInstanceOf(IOException.class);
            }
        }
    }

    @Test
    void plainHttpOnATlsPortIsCutAndCounted() throws Exception {
        try (ApiServer server = server(RestApiConfig.VerifyClient.NONE, Optional.empty());
                Socket socket = server.connect()) {
            ApiServer.send(socket, "GET /primary HTTP/1.0\r\n\r\n");
            try {
                ApiServer.readAll(socket);
            } catch (IOException reset) {
                assertThat(reset).hasMessageContaining("reset");
            }
            await().untilAsserted(() -> assertThat(
                    server.figure("jpatroni_api_connections_handshake_failed_total")).isEqualTo(1.0));
        }
    }

    @Test
    void aBadPairIsRefusedAndTheOldOneStays() throws Exception {
        try (ApiServer server = server(RestApiConfig.VerifyClient.NONE, Optional.empty())) {
            assertThatThrownBy(() -> server.frontend.reload(config(folder.resolve("server.crt"),
                    folder.resolve("client.key"), RestApiConfig.VerifyClient.NONE, Optional.empty())))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("is not the key of");
            Path broken = Files.writeString(folder.resolve("broken.key"), "not a key");
            assertThatThrownBy(() -> server.frontend.reload(config(folder.resolve("server.crt"), broken,
                    RestApiConfig.VerifyClient.NONE, Optional.empty())))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("restapi.keyfile")
                    .hasMessageContaining("broken.key");
            assertThatThrownBy(() -> server.frontend.reload(config(folder.resolve("server.crt"),
                    folder.resolve("missing.key"), RestApiConfig.VerifyClient.NONE, Optional.empty())))
                    .hasMessageMatching("restapi\\.keyfile .*missing\\.key cannot be read");
            try (SSLSocket socket = connect(server, null)) {
                assertThat(nameOf(socket)).isEqualTo("CN=server");
            }
            Path both = Files.writeString(folder.resolve("client.pem"), Files.readString(folder.resolve("client.crt"))
                    + Files.readString(folder.resolve("client.key")));
            server.frontend.reload(config(both, both, RestApiConfig.VerifyClient.NONE, Optional.empty()));
            try (SSLSocket socket = connect(server, null)) {
                assertThat(nameOf(socket)).isEqualTo("CN=client");
            }
        }
    }

    private static String nameOf(SSLSocket socket) throws IOException {
        socket.startHandshake();
        return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSubjectX500Principal().getName();
    }

    private static ApiServer server(RestApiConfig.VerifyClient verify, Optional<String> authority) throws IOException {
        return new ApiServer(NodeFixture.leader(),
                config(folder.resolve("server.crt"), folder.resolve("server.key"), verify, authority),
                ApiLimits.DEFAULT);
    }

    private static RestApiConfig config(Path certificate, Path key, RestApiConfig.VerifyClient verify,
            Optional<String> authority) {
        RestApiConfig.Tls tls = new RestApiConfig.Tls(certificate.toString(), Optional.of(key.toString()),
                Optional.empty(), authority, Optional.empty(), verify);
        return new RestApiConfig(new HostPort("127.0.0.1", 0), new HostPort("127.0.0.1", 8008), Optional.empty(),
                Map.of(), Map.of("Https", "yes"), "original", 0, Optional.of(tls), List.of(), false);
    }

    private static SSLSocket connect(ApiServer server, @Nullable String identity) throws Exception {
        KeyManager[] keys = new KeyManager[0];
        if (identity != null) {
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(store(identity), PASSWORD);
            keys = factory.getKeyManagers();
        }
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys, new TrustManager[]{new TrustAll()}, null);
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket();
        socket.connect(new InetSocketAddress("127.0.0.1", server.frontend.port()), 5_000);
        socket.setSoTimeout(5_000);
        return socket;
    }

    private static KeyStore store(String name) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(folder.resolve(name + ".p12"))) {
            store.load(in, PASSWORD);
        }
        return store;
    }

    private static void makeCertificate(String name) throws Exception {
        Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair", "-alias", name, "-keyalg", "EC", "-dname", "CN=" + name, "-ext",
                "san=ip:127.0.0.1", "-storetype", "PKCS12", "-keystore", folder.resolve(name + ".p12").toString(),
                "-storepass", new String(PASSWORD), "-validity", "2").redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        assertThat(keytool.waitFor(60, TimeUnit.SECONDS)).isTrue();
        KeyStore store = store(name);
        Certificate certificate = store.getCertificate(name);
        Files.writeString(folder.resolve(name + ".crt"), pem("CERTIFICATE", certificate.getEncoded()));
        Files.writeString(folder.resolve(name + ".key"),
                pem("PRIVATE KEY", store.getKey(name, PASSWORD).getEncoded()));
    }

    private static String pem(String kind, byte[] content) {
        return "-----BEGIN " + kind + "-----\n"
                + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(content)
                + "\n-----END " + kind + "-----\n";
    }

    /** The tests look at what the server presents, not at who signed it. */
    private static final class TrustAll implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {
            throw new IllegalStateException("a client only");
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {
            assertThat(chain).isNotEmpty();
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
