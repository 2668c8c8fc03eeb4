package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Inet6Address;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.config.HostPort;
import org.jpatroni.config.RestApiConfig;
import org.jpatroni.model.PostgresState;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The server with real sockets: bytes as clients see them. */
class HttpFrontendTest {

    @Test
    void keepAliveClientGetsTwoAnswersOnOneConnection() throws IOException {
        try (ApiServer server = new ApiServer(NodeFixture.leader()); Socket socket = server.connect()) {
            ApiServer.send(socket, "GET /primary HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(ApiServer.readOne(socket)).startsWith("HTTP/1.1 200 OK\r\nServer: JPatroni/0.0.0\r\n"
                    + "Date: Sun, 22 Nov 2026 19:46:04 GMT\r\nContent-Type: application/json\r\n"
                    + "X-Patroni-Reason: ok\r\nContent-Length: ").contains("\r\n\r\n{\"state\": \"running\", ");
            ApiServer.send(socket, "GET /replica HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(ApiServer.readOne(socket)).startsWith("HTTP/1.1 503 Service Unavailable\r\n")
                    .contains("X-Patroni-Reason: not-a-replica; primary\r\n");
        }
    }

    @Test
    void clientOf10GetsThatAndAClose() throws IOException {
        try (ApiServer server = new ApiServer(NodeFixture.leader())) {
            assertThat(server.exchange("GET /primary HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"))
                    .startsWith("HTTP/1.0 200 OK\r\nServer: ").contains("\r\nConnection: close\r\n\r\n{\"state\"");
            assertThat(server.exchange("GET /liveness HTTP/1.0\r\n\r\n")).isEqualTo("HTTP/1.0 200 OK\r\n\r\n");
        }
    }

    @Test
    void statusWithoutBodyKeepsTheConnection() throws IOException {
        try (ApiServer server = new ApiServer(NodeFixture.leader()); Socket socket = server.connect()) {
            for (int i = 0; i < 2; i++) {
                ApiServer.send(socket, "GET /liveness HTTP/1.1\r\nHost: x\r\n\r\n");
                assertThat(ApiServer.readOne(socket))
                        .isEqualTo("HTTP/1.1 200 OK\r\nX-Patroni-Reason: ok\r\nContent-Length: 0\r\n\r\n");
            }
        }
    }

    @Test
    void headAndOptionsGetTheStatusLineAndNothingMore() throws IOException {
        try (ApiServer server = new ApiServer(NodeFixture.leader())) {
            assertThat(server.exchange("OPTIONS /primary HTTP/1.1\r\nHost: x\r\n\r\n"))
                    .isEqualTo("HTTP/1.0 200 OK\r\n\r\n");
            assertThat(server.exchange("HEAD /replica HTTP/1.0\r\n\r\n"))
                    .isEqualTo("HTTP/1.0 503 Service Unavailable\r\n\r\n");
            assertThat(server.exchange("HEAD /liveness HTTP/1.1\r\n\r\n")).isEqualTo("HTTP/1.0 200 OK\r\n\r\n");
            assertThat(server.exchange("HEAD /failsafe HTTP/1.1\r\n\r\n"))
                    .isEqualTo("HTTP/1.0 502 Bad Gateway\r\n\r\n");
            assertThat(server.exchange("OPTIONS /cluster HTTP/1.1\r\n\r\n")).isEqualTo("HTTP/1.0 200 OK\r\n\r\n");
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws IOException {
        try (ApiServer server = new ApiServer(NodeFixture.leader()); Socket socket = server.connect()) {
            StringBuilder requests = new StringBuilder();
            for (int i = 0; i < 100; i++) {
                requests.append(i % 3 == 0 ? "GET /liveness" : i % 3 == 1 ? "GET /replica" : "GET /primary")
                        .append(" HTTP/1.1\r\nHost: x\r\n\r\n");
            }
            ApiServer.send(socket, requests.toString());
            for (int i = 0; i < 100; i++) {
                assertThat(ApiServer.readOne(socket)).startsWith(i % 3 == 1 ? "HTTP/1.1 503" : "HTTP/1.1 200");
            }
        }
    }

    @Test
    void burstSharesFewQuestions() throws IOException {
        try (ApiServer server = new ApiServer(NodeFixture.leader()); Socket socket = server.connect()) {
            server.node.hold();
            Socket[] others = new Socket[20];
            for (int i = 0; i < others.length; i++) {
                others[i] = server.connect();
                ApiServer.send(others[i], "GET /primary HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            }
            await().until(() -> server.node.statusQuestions.get() > 0);
            server.node.release();
            for (Socket other : others) {
                assertThat(ApiServer.readAll(other)).startsWith("HTTP/1.1 200");
                other.close();
            }
            assertThat(server.node.statusQuestions.get()).isLessThanOrEqualTo(20);
            assertThat(socket.isConnected()).isTrue();
        }
    }

    @Test
    void aNodeThatNeverAnswersDoesNotHoldTheCheck() throws IOException {
        try (ApiServer server = new ApiServer(NodeFixture.leader())) {
            server.node.hold();
            long start = System.nanoTime();
            String answer = server.exchange("GET /replica HTTP/1.0\r\n\r\n");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
            assertThat(answer).startsWith("HTTP/1.0 503").contains("{\"state\": \"unknown\", \"role\": \"primary\"");
        }
    }

    @Test
    void deathOfThePostmasterTurnsTheNextAnswer() throws IOException {
        NodeFixture node = NodeFixture.leader();
        try (ApiServer server = new ApiServer(node)) {
            assertThat(server.get("/primary")).isEqualTo(200);
            node.state = PostgresState.CRASHED;
            assertThat(server.get("/primary")).isEqualTo(503);
            assertThat(server.get("/leader")).isEqualTo(503);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "GET|400", "GET /x|400", "GET /x HTTP/2.0|505", "GET / / /|400", "GET /primary HTTP/abc|400"})
    void unreadableRequestsGetOnePlainLine(String line, int code) throws IOException {
        try (ApiServer server = new ApiServer(NodeFixture.leader())) {
            String answer = server.exchange(line + "\r\n\r\n");
            assertThat(answer).startsWith("HTTP/1.").contains(" " + code + " ")
                    .contains("Content-Type: text/plain; charset=utf-8\r\n").contains("Connection: close\r\n")
                    .doesNotContain("<");
            assertThat(answer.substring(answer.indexOf("\r\n\r\n") + 4).lines()).hasSize(1);
        }
    }

    @Test
    void tooLongRequestsAreRefused() throws IOException {
        try (ApiServer server = new ApiServer(NodeFixture.leader())) {
            assertThat(server.exchange("GET /" + "x".repeat(20_000) + " HTTP/1.1\r\nHost: x\r\n\r\n"))
                    .contains(" 414 Request-URI Too Long\r\n").endsWith("the request line is too long\n");
            assertThat(server.exchange("GET / HTTP/1.1\r\nX: " + "x".repeat(40_000) + "\r\n\r\n"))
                    .contains(" 431 Request Header Fields Too Large\r\n").endsWith("the request head is too long\n");
        }
    }

    @Test
    void requestsThatNobodyServesAreRefusedWithTheirBodyRead() throws IOException {
        try (ApiServer server = new ApiServer(NodeFixture.leader())) {
            assertThat(server.exchange("POST /nothing HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"))
                    .startsWith("HTTP/1.1 501 Not Implemented\r\n").endsWith("Unsupported method ('POST')\n");
            assertThat(server.exchange("POST /x HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n" + "x".repeat(1_500_000)))
                    .startsWith("HTTP/1.1 413 ");
        }
    }

    @Test
    void aGetMayCarryABody() throws IOException {
        try (ApiServer server = new ApiServer(NodeFixture.leader()); Socket socket = server.connect()) {
            ApiServer.send(socket, "GET /liveness HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
            assertThat(ApiServer.readOne(socket)).startsWith("HTTP/1.1 200");
            ApiServer.send(socket, "GET /liveness HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
            assertThat(ApiServer.readOne(socket)).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void halfClosedClientGetsItsAnswer() throws IOException {
        try (ApiServer server = new ApiServer(NodeFixture.leader()); Socket socket = server.connect()) {
            ApiServer.send(socket, "GET /primary HTTP/1.1\r\nHost: x\r\n\r\n");
            socket.shutdownOutput();
            assertThat(ApiServer.readAll(socket)).startsWith("HTTP/1.1 200 OK");
        }
    }

    @Test
    void resetsAreCountedOnly() throws IOException {
        try (ApiServer server = new ApiServer(NodeFixture.leader())) {
            for (int i = 0; i < 10; i++) {
                try (Socket socket = server.connect()) {
                    socket.setSoLinger(true, 0);
                    ApiServer.send(socket, "GET /primary HTTP/1.1\r\nHost: x\r\n\r\n");
                }
            }
            await().untilAsserted(() -> assertThat(server.figure("jpatroni_api_connections"))
                    .isEqualTo(0.0));
            assertThat(server.figure("jpatroni_api_connections_internal_error_total")).isEqualTo(0.0);
            assertThat(server.get("/primary")).isEqualTo(200);
        }
    }

    @Test
    void dualStackTakesBothFamilies() throws IOException {
        Assumptions.assumeTrue(hasIpv6Loopback());
        for (String host : new String[]{"*", "", "::"}) {
            try (ApiServer server = new ApiServer(NodeFixture.leader(), ApiServer.config(host, 0), ApiLimits.DEFAULT)) {
                for (String address : new String[]{"127.0.0.1", "::1"}) {
                    try (Socket socket = server.connect(address)) {
                        ApiServer.send(socket, "OPTIONS /primary HTTP/1.0\r\n\r\n");
                        assertThat(ApiServer.readAll(socket)).isEqualTo("HTTP/1.0 200 OK\r\n\r\n");
                    }
                }
            }
        }
    }

    private static boolean hasIpv6Loopback() throws IOException {
        return NetworkInterface.networkInterfaces().flatMap(NetworkInterface::inetAddresses)
                .anyMatch(address -> address instanceof Inet6Address && address.isLoopbackAddress());
    }

    @Test
    void aPortInUseIsOneClearMessage() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            RestApiConfig config = ApiServer.config("127.0.0.1", taken.getLocalPort());
            assertThatThrownBy(() -> new ApiServer(NodeFixture.leader(), config, ApiLimits.DEFAULT).close())
                    .isInstanceOf(IOException.class).hasMessage("restapi.listen: cannot listen on 127.0.0.1:"
                            + taken.getLocalPort() + ": Address already in use");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"no.such.host.invalid", "192.0.2.1"})
    void anAddressThatIsNotOursIsSaid(String host) {
        assertThatThrownBy(
                () -> new ApiServer(NodeFixture.leader(), ApiServer.config(host, 0), ApiLimits.DEFAULT).close())
                .isInstanceOf(IOException.class).hasMessageStartingWith("restapi.listen: ").hasMessageContaining(host);
    }

    @Test
    void reloadSwapsHeadersBehindTheOpenListenerAndMovesWhenAsked() throws IOException {
        try (ApiServer server = new ApiServer(NodeFixture.leader()); Socket socket = server.connect()) {
            RestApiConfig first = ApiServer.config("127.0.0.1", 0);
            server.frontend.reload(new RestApiConfig(first.listen(), first.connectAddress(), Optional.empty(),
                    Map.of("X-Frame-Options", "SAMEORIGIN\r\nEvil: 1"), Map.of("Https-Only", "1"), "ProductOnly", 0,
                    Optional.empty(), first.allowlist(), false));
            ApiServer.send(socket, "GET /primary HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(ApiServer.readOne(socket)).contains("\r\nServer: Patroni\r\n")
                    .contains("\r\nX-Frame-Options: SAMEORIGIN  Evil: 1\r\n").doesNotContain("Https-Only");
            int before = server.frontend.port();
            server.frontend.reload(new RestApiConfig(new HostPort("localhost", 0), first.connectAddress(),
                    Optional.empty(), Map.of(), Map.of(), "original", 0, Optional.empty(), first.allowlist(), false));
            assertThat(server.frontend.port()).isNotEqualTo(before);
            assertThat(server.get("/primary")).isEqualTo(200);
        }
    }
}
