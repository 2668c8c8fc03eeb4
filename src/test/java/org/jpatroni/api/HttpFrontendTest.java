package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import org.junit.jupiter.api.Test;

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
    void headAndOptionsGetTheStatusLineAndNothingMore() throws IOException {
        try (ApiServer server = new ApiServer(NodeFixture.leader())) {
            assertThat(server.exchange("OPTIONS /primary HTTP/1.1\r\nHost: x\r\n\r\n"))
                    .isEqualTo("HTTP/1.0 200 OK\r\n\r\n");
            assertThat(server.exchange("HEAD /replica HTTP/1.0\r\n\r\n"))
                    .isEqualTo("HTTP/1.0 503 Service Unavailable\r\n\r\n");
            assertThat(server.exchange("HEAD /liveness HTTP/1.1\r\n\r\n")).isEqualTo("HTTP/1.0 200 OK\r\n\r\n");
        }
    }
}
