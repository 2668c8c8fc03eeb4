package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.jpatroni.config.HostPort;
import org.jpatroni.config.RestApiConfig;
import org.jpatroni.config.RestApiConfig.VerifyClient;
import org.jpatroni.config.Secret;
import org.jpatroni.tls.ForcedIdentity;
import org.jpatroni.tls.TestFiles;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The same server over TLS: real handshakes with certificates that OpenSSL made. */
class TlsTest {

    private static final String CHECK = "GET /primary HTTP/1.1\r\nHost: x\r\n\r\n";

    @TempDir Path folder;

    @Test
    void answersOverTls() throws Exception {
        try (ApiServer server = server(VerifyClient.NONE); SSLSocket socket = connect(server, null)) {
            ApiServer.send(socket, CHECK);
            assertThat(ApiServer.readOne(socket)).startsWith("HTTP/1.1 200 OK\r\n").contains("\r\nHttps: yes\r\n")
                    .contains("\r\nBoth: secure\r\n").doesNotContain("plain");
            ApiServer.send(socket, "OPTIONS /primary HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(ApiServer.readAll(socket)).isEqualTo("HTTP/1.0 200 OK\r\n\r\n");
        }
    }

    @Test
    void extraHeadersForTlsStayAwayWithoutIt() {
        RestApiConfig tls = config("server", VerifyClient.NONE, null);
        RestApiConfig plain = new RestApiConfig(tls.listen(), tls.connectAddress(), tls.authentication(),
                tls.httpExtraHeaders(), tls.httpsExtraHeaders(), "original", 0, Optional.empty(), List.of(), false);
        Socketless api = new Socketless(new FakeNode(NodeFixture.leader()), new FixedTime(), plain);
        assertThat(api.bytes("GET", "/primary")).contains("\r\nBoth: plain\r\n").doesNotContain("Https:");
    }

    @ParameterizedTest
    @CsvSource({"TLSv1.3,true", "TLSv1.2,true", "TLSv1.1,false", "TLSv1,false"})
    void onlyCurrentVersionsOfTls(String version, boolean taken) throws Exception {
        try (ApiServer server = server(VerifyClient.NONE)) {
            if (taken) {
                try (SSLSocket socket = connect(server, null)) {
                    socket.setEnabledProtocols(new String[]{version});
                    socket.startHandshake();
                    assertThat(socket.getSession().getProtocol()).isEqualTo(version);
                }
            } else {
                // The JDK's client would not even try, so the first message of the old versions is sent by hand.
                byte[] answer = OldClientHello.send(server, version.equals("TLSv1.1") ? 2 : 1);
                assertThat(OldClientHello.isProtocolVersionAlert(answer)).as("an alert, no server hello").isTrue();
                await().untilAsserted(() -> assertThat(
                        server.figure("jpatroni_api_connections_handshake_failed_total")).isEqualTo(1.0));
            }
        }
    }

    /** Columns: verify_client, the client's certificate, whether a check is answered. */
    @ParameterizedTest
    @CsvSource({"NONE,,true", "NONE,client,true", "NONE,stranger,true", "OPTIONAL,,true", "OPTIONAL,client,true",
            "OPTIONAL,stranger,false", "OPTIONAL,expired,false", "REQUIRED,,false", "REQUIRED,client,true",
            "REQUIRED,stranger,false", "REQUIRED,expired,false"})
    void clientCertificates(VerifyClient verify, @Nullable String certificate, boolean answered) throws Exception {
        try (ApiServer server = server(verify)) {
            if (answered) {
                try (SSLSocket socket = connect(server, certificate)) {
                    ApiServer.send(socket, CHECK);
                    assertThat(ApiServer.readOne(socket)).startsWith("HTTP/1.1 200 OK");
                }
            } else {
                assertThatThrownBy(() -> {
                    try (SSLSocket socket = connect(server, certificate)) {
                        ApiServer.send(socket, CHECK);
                        ApiServer.readOne(socket);
                    }
                }).isInstanceOf(IOException.class);
            }
        }
    }

    @Test
    void ciphersAreTheConfiguredOnes() throws Exception {
        RestApiConfig.Tls tls = tls("server", VerifyClient.NONE, "ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256");
        try (ApiServer server = new ApiServer(NodeFixture.leader(), config(tls), ApiLimits.DEFAULT)) {
            for (String version : new String[]{"TLSv1.2", "TLSv1.3"}) {
                try (SSLSocket socket = connect(server, null)) {
                    socket.setEnabledProtocols(new String[]{version});
                    socket.startHandshake();
                    assertThat(socket.getSession().getCipherSuite()).contains("AES_128_GCM_SHA256");
                }
            }
            try (SSLSocket socket = connect(server, null)) {
                socket.setEnabledCipherSuites(new String[]{"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"});
                assertThatThrownBy(socket::startHandshake).isInstanceOf(SSLException.class);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"HIHG", "kRSA", "aNULL"})
    void badCiphersAreRefusedAtStart(String ciphers) {
        RestApiConfig config = config(tls("server", VerifyClient.NONE, ciphers));
        assertThatThrownBy(() -> new ApiServer(NodeFixture.leader(), config, ApiLimits.DEFAULT))
                .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("restapi.ciphers: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rsa-pkcs1.pem", "rsa-pkcs1-aes256.pem", "rsa-pkcs8-default.pem", "server-both.pem"})
    void keysInOtherForms(String keyfile) throws Exception {
        RestApiConfig.Tls tls = new RestApiConfig.Tls(TestFiles.file("server.crt").toString(),
                Optional.of(TestFiles.file(keyfile).toString()), Optional.of(new Secret("secret")), Optional.empty(),
                Optional.empty(), VerifyClient.NONE);
        try (ApiServer server = new ApiServer(NodeFixture.leader(), config(tls), ApiLimits.DEFAULT)) {
            assertThat(nameOf(server)).isEqualTo("CN=server");
        }
    }

    @Test
    void plainHttpOnATlsPortIsCutAndCounted() throws Exception {
        try (ApiServer server = server(VerifyClient.NONE); Socket socket = server.connect()) {
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
    void newSettingsThatCannotBeUsedChangeNothing() throws Exception {
        try (ApiServer server = server(VerifyClient.NONE)) {
            assertRefused(server, "server.crt", TestFiles.file("client.key"), "is not the key of");
            Path broken = Files.writeString(folder.resolve("broken.key"), "not a key");
            assertRefused(server, "server.crt", broken, "broken.key");
            assertRefused(server, "server.crt", folder.resolve("missing.key"),
                    "restapi.keyfile " + folder.resolve("missing.key") + " cannot be read");
            assertThat(nameOf(server)).isEqualTo("CN=server");
            server.frontend.reload(config("server-renewed", VerifyClient.NONE, null));
            assertThat(nameOf(server)).isEqualTo("CN=server-renewed");
        }
    }

    private static void assertRefused(ApiServer server, String certificate, Path key, String words) {
        RestApiConfig.Tls tls = new RestApiConfig.Tls(TestFiles.file(certificate).toString(),
                Optional.of(key.toString()), Optional.empty(), Optional.empty(), Optional.empty(), VerifyClient.NONE);
        assertThatThrownBy(() -> server.frontend.reload(config(tls))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("restapi.keyfile").hasMessageContaining(words);
    }

    @Test
    void changedFilesAreTakenOverUnderOpenConnections() throws Exception {
        place("server");
        try (ApiServer server = new ApiServer(NodeFixture.leader(), placed(), ApiLimits.DEFAULT);
                SSLSocket open = connect(server, null)) {
            int port = server.frontend.port();
            ApiServer.send(open, CHECK);
            assertThat(ApiServer.readOne(open)).startsWith("HTTP/1.1 200 OK");
            double before = server.figure(expiry());
            assertThat(before).isGreaterThan(99 * 365 * 86_400.0);

            place("server-renewed");
            await().untilAsserted(() -> assertThat(nameOf(server)).isEqualTo("CN=server-renewed"));
            ApiServer.send(open, CHECK);
            assertThat(ApiServer.readOne(open)).as("the connection goes on").startsWith("HTTP/1.1 200 OK");
            assertThat(server.frontend.port()).isEqualTo(port);
        }
    }

    @Test
    void aBadPairOnDiskIsRefusedAndTheOldOneStays() throws Exception {
        place("server");
        try (ApiServer server = new ApiServer(NodeFixture.leader(), placed(), ApiLimits.DEFAULT)) {
            Files.copy(TestFiles.file("server-renewed.crt"), folder.resolve("own.crt"),
                    StandardCopyOption.REPLACE_EXISTING);
            // Other settings must not wait for the certificate: the same reload takes them over.
            RestApiConfig changed = withHeader(placed(), "Changed", "yes");
            server.frontend.reload(changed);
            try (SSLSocket socket = connect(server, null)) {
                ApiServer.send(socket, CHECK);
                assertThat(ApiServer.readOne(socket)).contains("\r\nChanged: yes\r\n");
                assertThat(nameOf(socket)).isEqualTo("CN=server");
            }
            Files.delete(folder.resolve("own.key"));
            server.frontend.reload(placed());
            assertThat(nameOf(server)).isEqualTo("CN=server");
            Files.copy(TestFiles.file("server-renewed.key"), folder.resolve("own.key"));
            server.frontend.reload(placed());
            assertThat(nameOf(server)).as("at once, when the operator says so").isEqualTo("CN=server-renewed");
        }
    }

    @Test
    void anAuthorityThatIsReplacedCountsForNewConnections() throws Exception {
        place("server");
        RestApiConfig.Tls tls = new RestApiConfig.Tls(folder.resolve("own.crt").toString(),
                Optional.of(folder.resolve("own.key").toString()), Optional.empty(),
                Optional.of(folder.resolve("ca.crt").toString()), Optional.empty(), VerifyClient.REQUIRED);
        Files.copy(TestFiles.file("ca.crt"), folder.resolve("ca.crt"));
        try (ApiServer server = new ApiServer(NodeFixture.leader(), config(tls), ApiLimits.DEFAULT)) {
            assertThat(answers(server, "client")).isTrue();
            assertThat(answers(server, "stranger")).isFalse();
            Files.copy(TestFiles.file("stranger.crt"), folder.resolve("ca.crt"), StandardCopyOption.REPLACE_EXISTING);
            await().until(() -> answers(server, "stranger"));
            assertThat(answers(server, "client")).isFalse();
        }
    }

    private static boolean answers(ApiServer server, String certificate) throws Exception {
        try (SSLSocket socket = connect(server, certificate)) {
            ApiServer.send(socket, CHECK);
            return ApiServer.readOne(socket).startsWith("HTTP/1.1 200 OK");
        } catch (IOException refused) {
            return false;
        }
    }

    private String expiry() {
        return "jpatroni_certificate_expiry_seconds{usage=\"server\",file=\"" + folder.resolve("own.crt") + "\"}";
    }

    /** As tools that renew certificates do: key and certificate are replaced one after the other. */
    private void place(String name) throws IOException {
        for (String kind : new String[]{".key", ".crt"}) {
            Path next = Files.copy(TestFiles.file(name + kind), folder.resolve("next" + kind),
                    StandardCopyOption.REPLACE_EXISTING);
            Files.move(next, folder.resolve("own" + kind), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private RestApiConfig placed() {
        return config(new RestApiConfig.Tls(folder.resolve("own.crt").toString(),
                Optional.of(folder.resolve("own.key").toString()), Optional.empty(), Optional.empty(),
                Optional.empty(), VerifyClient.NONE));
    }

    private static RestApiConfig withHeader(RestApiConfig config, String name, String value) {
        return new RestApiConfig(config.listen(), config.connectAddress(), config.authentication(),
                Map.of(name, value), config.httpsExtraHeaders(), config.serverTokens(), 0, config.tls(), List.of(),
                false);
    }

    private static String nameOf(ApiServer server) throws Exception {
        try (SSLSocket socket = connect(server, null)) {
            return nameOf(socket);
        }
    }

    private static String nameOf(SSLSocket socket) throws IOException {
        socket.startHandshake();
        return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSubjectX500Principal().getName();
    }

    private static ApiServer server(VerifyClient verify) throws IOException {
        return new ApiServer(NodeFixture.leader(), config("server", verify, null), ApiLimits.DEFAULT);
    }

    static RestApiConfig config(String name, VerifyClient verify, @Nullable String ciphers) {
        return config(tls(name, verify, ciphers));
    }

    private static RestApiConfig.Tls tls(String name, VerifyClient verify, @Nullable String ciphers) {
        return new RestApiConfig.Tls(TestFiles.file(name + ".crt").toString(),
                Optional.of(TestFiles.file(name + ".key").toString()), Optional.empty(),
                Optional.of(TestFiles.file("ca.crt").toString()), Optional.ofNullable(ciphers), verify);
    }

    private static RestApiConfig config(RestApiConfig.Tls tls) {
        return new RestApiConfig(new HostPort("127.0.0.1", 0), new HostPort("127.0.0.1", 8008), Optional.empty(),
                Map.of("Both", "plain"), Map.of("Https", "yes", "Both", "secure"), "original", 0, Optional.of(tls),
                List.of(), false);
    }

    /** The tests look at what the server presents, not at who signed it. */
    static SSLSocket connect(ApiServer server, @Nullable String identity) throws Exception {
        SSLContext context = ForcedIdentity.context(identity == null ? null : identity + ".crt",
                identity == null ? null : (identity.equals("expired") ? "client" : identity) + ".key");
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket();
        socket.connect(new InetSocketAddress("127.0.0.1", server.frontend.port()), 5_000);
        socket.setSoTimeout(5_000);
        return socket;
    }
}
