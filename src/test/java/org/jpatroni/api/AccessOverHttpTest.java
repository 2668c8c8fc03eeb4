package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jpatroni.config.HostPort;
import org.jpatroni.config.NodeConfig.BasicCredentials;
import org.jpatroni.config.RestApiConfig;
import org.jpatroni.config.RestApiConfig.VerifyClient;
import org.jpatroni.config.Secret;
import org.jpatroni.tls.ForcedIdentity;
import org.jpatroni.tls.TestFiles;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Access as a client sees it, on real sockets: what is refused is not even read, and never reaches the node. */
class AccessOverHttpTest {

    private static final String HEAD = "PATCH /config HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n";
    private static final String BODY = "\r\n{\"ttl\":30}";
    private static final String RIGHT = "Authorization: Basic dXNlcjpwYXNz\r\n";

    @Test
    void aPasswordIsAskedForAndMayBeSentOnTheSameConnection() throws Exception {
        try (ApiServer server = server(config("127.0.0.1", List.of(), null)); Socket socket = server.connect()) {
            ApiServer.send(socket, HEAD + BODY);
            assertThat(ApiServer.readOne(socket)).startsWith("HTTP/1.1 401 Unauthorized\r\n")
                    .contains("\r\nWWW-Authenticate: Basic realm=\"Patroni\"\r\nContent-Type: text/html\r\n")
                    .endsWith("\r\n\r\nno auth header received");
            ApiServer.send(socket, HEAD + "Authorization: Basic d3Jvbmc=\r\n" + BODY);
            assertThat(ApiServer.readOne(socket)).startsWith("HTTP/1.1 401 ").endsWith("\r\n\r\nnot authenticated");
            assertThat(server.commands.submitted).isEmpty();
            ApiServer.send(socket, HEAD + RIGHT + BODY);
            assertThat(ApiServer.readOne(socket)).startsWith("HTTP/1.1 200 OK\r\n");
            assertThat(server.commands.submitted).hasSize(1);
            ApiServer.send(socket, "GET /primary HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(ApiServer.readOne(socket)).as("reads stay open").startsWith("HTTP/1.1 200 OK\r\n");
        }
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1,127.0.0.0/8,200", "127.0.0.1,10.0.0.0/8,403", "::,127.0.0.1,200", "::,10.0.0.0/8,403",
            "127.0.0.1,localhost,200"})
    void theListOfAddresses(String listen, String allowlist, int status) throws Exception {
        try (ApiServer server = server(config(listen, List.of(allowlist), null))) {
            // A name is looked up beside; until then it lets nobody in.
            await().untilAsserted(() -> assertThat(status(server, HEAD + RIGHT + BODY)).isEqualTo(status));
            assertThat(server.get("/primary")).isEqualTo(200);
        }
    }

    @Test
    void newSettingsCountOnOpenConnections() throws Exception {
        try (ApiServer server = server(config("127.0.0.1", List.of(), null)); Socket socket = server.connect()) {
            ApiServer.send(socket, HEAD + RIGHT + BODY);
            assertThat(ApiServer.readOne(socket)).startsWith("HTTP/1.1 200 OK\r\n");
            server.frontend.reload(config("127.0.0.1", List.of("10.0.0.0/8"), null));
            ApiServer.send(socket, HEAD + RIGHT + BODY);
            assertThat(ApiServer.readOne(socket)).startsWith("HTTP/1.1 403 Forbidden\r\n")
                    .endsWith("\r\n\r\nAccess is denied");
        }
    }

    @ParameterizedTest
    @CsvSource({"NONE,,200", "OPTIONAL,,403", "OPTIONAL,client,200", "REQUIRED,client,200"})
    void certificatesForUnsafeCalls(VerifyClient verify, @Nullable String certificate, int status) throws Exception {
        try (ApiServer server = server(config("127.0.0.1", List.of(), verify));
                Socket socket = connect(server, certificate)) {
            ApiServer.send(socket, "GET /primary HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(ApiServer.readOne(socket)).startsWith("HTTP/1.1 200 OK\r\n");
            ApiServer.send(socket, HEAD + RIGHT + BODY);
            String answer = ApiServer.readOne(socket);
            assertThat(answer).startsWith("HTTP/1.1 " + status);
            if (status == 403) {
                assertThat(answer).endsWith("\r\n\r\nclient certificate required");
                assertThat(server.commands.submitted).isEmpty();
            }
        }
    }

    @Test
    void certificatesComeToBeNeededOnOpenConnectionsToo() throws Exception {
        try (ApiServer server = server(config("127.0.0.1", List.of(), null)); Socket socket = server.connect()) {
            server.frontend.reload(config("127.0.0.1", List.of(), VerifyClient.OPTIONAL));
            ApiServer.send(socket, HEAD + RIGHT + BODY);
            assertThat(ApiServer.readOne(socket)).startsWith("HTTP/1.1 403 ");
        }
    }

    private static int status(ApiServer server, String request) throws IOException {
        try (Socket socket = server.connect()) {
            ApiServer.send(socket, request);
            return Integer.parseInt(ApiServer.readOne(socket).substring(9, 12));
        }
    }

    private static ApiServer server(RestApiConfig config) throws IOException {
        return new ApiServer(NodeFixture.leader(), config, ApiLimits.DEFAULT);
    }

    private static RestApiConfig config(String listen, List<String> allowlist, @Nullable VerifyClient verify) {
        Optional<RestApiConfig.Tls> tls = Optional.ofNullable(verify)
                .map(mode -> new RestApiConfig.Tls(TestFiles.file("server.crt").toString(),
                        Optional.of(TestFiles.file("server.key").toString()), Optional.empty(),
                        Optional.of(TestFiles.file("ca.crt").toString()), Optional.empty(), mode));
        return new RestApiConfig(new HostPort(listen, 0), new HostPort("127.0.0.1", 8008),
                Optional.of(new BasicCredentials("user", new Secret("pass"))), Map.of(), Map.of(), "original", 0, tls,
                allowlist, false);
    }

    private static Socket connect(ApiServer server, @Nullable String identity) throws Exception {
        SSLContext context = ForcedIdentity.context(identity == null ? null : identity + ".crt",
                identity == null ? null : identity + ".key");
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket();
        socket.connect(new InetSocketAddress("127.0.0.1", server.frontend.port()), 5_000);
        socket.setSoTimeout(5_000);
        return socket;
    }
}
