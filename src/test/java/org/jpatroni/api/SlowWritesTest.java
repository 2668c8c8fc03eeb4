package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.jpatroni.config.RestApiConfig.VerifyClient;
import org.jpatroni.node.CommandReply;
import org.junit.jupiter.api.Test;

/** Slow, silent and greedy clients of the calls that change something: they end at their deadlines and leave room for others. */
class SlowWritesTest {

    private static final String AUTH = "Authorization: Basic dXNlcjpwYXNz\r\n";
    private static final ApiLimits QUICK = new ApiLimits(2048, 1536, 256, 400, 600, 400, 600, 200, 8_192, 16_384,
            1_048_576, 32);

    private static String head(String authorization, int length) {
        return "PATCH /config HTTP/1.1\r\n" + authorization + "Content-Length: " + length + "\r\n\r\n";
    }

    @Test
    void aDrippedBodyIsCutAtTheAbsoluteDeadline() throws Exception {
        try (ApiServer server = ApiServer.guarded(NodeFixture.leader(), QUICK); Socket socket = server.connect()) {
            ApiServer.send(socket, head(AUTH, 10_000));
            Thread drip = Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < 1_000; i++) {
                        ApiServer.send(socket, " ");
                        TimeUnit.MILLISECONDS.sleep(20);
                    }
                } catch (IOException | InterruptedException cut) {
                    Thread.currentThread().interrupt();
                }
            });
            long start = System.nanoTime();
            assertThat(ApiServer.readOne(socket)).startsWith("HTTP/1.1 408 ");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
            assertThat(server.commands.submitted).isEmpty();
            drip.interrupt();
            drip.join();
        }
    }

    /** What the bodies that have come so far may take together is bounded; those of strangers are not kept at all. */
    @Test
    void manyHalfSentBodiesLeaveTheMemoryAndTheOthersAlone() throws IOException {
        List<Socket> held = new ArrayList<>();
        try (ApiServer server = ApiServer.guarded(NodeFixture.leader(), ApiLimits.DEFAULT)) {
            String half = " ".repeat(900_000);
            for (int i = 0; i < 40; i++) {
                Socket stranger = server.connect();
                held.add(stranger);
                ApiServer.send(stranger, head("Authorization: Basic eDp5\r\n", 1_000_000) + half);
            }
            assertThat(server.exchange(head(AUTH + "Connection: close\r\n", 7) + "{\"a\":1}"))
                    .startsWith("HTTP/1.1 200 ");
            int refused = 0;
            for (int i = 0; i < 48; i++) {
                Socket socket = server.connect();
                held.add(socket);
                ApiServer.send(socket, head(AUTH, 1_000_000) + half);
            }
            for (Socket socket : held.subList(40, held.size())) {
                socket.setSoTimeout(300);
                try {
                    refused += ApiServer.readOne(socket).startsWith("HTTP/1.1 503 ") ? 1 : 0;
                } catch (SocketTimeoutException kept) {
                    // It waits for the rest.
                }
            }
            assertThat(refused).as("beyond the room for bodies").isPositive();
            assertThat(server.get("/primary")).isEqualTo(200);
            closeAll(held);
            await().until(() -> server.figure("jpatroni_api_connections") == 0);
            for (int i = 0; i < 4; i++) {
                String body = "{\"a\":1" + " ".repeat(999_993) + "}";
                assertThat(server.exchange(head(AUTH + "Connection: close\r\n", body.length()) + body))
                        .startsWith("HTTP/1.1 200 ");
            }
        } finally {
            closeAll(held);
        }
    }

    @Test
    void aClientThatWritesAndDoesNotReadIsHeldBackAndCutOff() throws Exception {
        try (ApiServer server = ApiServer.guarded(NodeFixture.leader(), QUICK); Socket socket = server.connect()) {
            server.commands.answer(command -> CommandReply.text(200, "x".repeat(20_000)));
            Thread writer = Thread.ofVirtual().start(() -> {
                try {
                    while (!Thread.currentThread().isInterrupted()) {
                        ApiServer.send(socket, (head(AUTH, 7) + "{\"a\":1}").repeat(50));
                    }
                } catch (IOException cut) {
                    Thread.currentThread().interrupt();
                }
            });
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> server.figure("jpatroni_api_connections_timeout_total{phase=\"write\"}") > 0);
            assertThat(server.get("/primary")).isEqualTo(200);
            writer.interrupt();
            writer.join();
        }
    }

    /** A handshake that is never begun, one that is never ended, and a body that does not come, each inside of TLS or before it. */
    @Test
    void slowClientsOfTlsEndAtTheSameDeadlines() throws Exception {
        try (ApiServer server = new ApiServer(NodeFixture.leader(), TlsTest.config("server", VerifyClient.NONE, null),
                QUICK)) {
            for (String begun : List.of("", "\u0016\u0003\u0001\u0002\u0000\u0001")) {
                try (Socket silent = server.connect()) {
                    ApiServer.send(silent, begun);
                    long start = System.nanoTime();
                    ApiServer.readAll(silent);
                    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
                }
            }
            try (SSLSocket slow = TlsTest.connect(server, null)) {
                ApiServer.send(slow, head("", 100) + "{");
                assertThat(ApiServer.readOne(slow)).startsWith("HTTP/1.1 408 ");
            }
            try (SSLSocket invited = TlsTest.connect(server, null)) {
                ApiServer.send(invited, "PATCH /config HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 7\r\n\r\n");
                assertThat(ApiServer.readOne(invited)).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
                ApiServer.send(invited, "{\"a\":1}");
                assertThat(ApiServer.readOne(invited)).startsWith("HTTP/1.1 200 ");
            }
            assertThat(server.commands.submitted).hasSize(1);
            await().until(() -> server.figure("jpatroni_api_connections") <= 1);
        }
    }

    @Test
    void beyondTheLimitsOnlyMembersAreHeard() throws IOException {
        ApiLimits limits = new ApiLimits(20, 20, 64, 5_000, 5_000, 5_000, 5_000, 1_000, 8_192, 16_384, 1_048_576, 32);
        List<Socket> held = new ArrayList<>();
        NodeFixture node = NodeFixture.replica();
        node.dynamic.put("failsafe_mode", true);
        try (ApiServer server = ApiServer.guarded(node, limits)) {
            for (int i = 0; i < 20; i++) {
                held.add(server.connect());
            }
            await().until(() -> server.figure("jpatroni_api_connections") >= 20);
            assertThat(server.exchange(head(AUTH, 7) + "{\"a\":1}")).startsWith("HTTP/1.1 503 ")
                    .contains("Retry-After: 1\r\n");
            assertThat(server.exchange("PATCH /config HTTP/1.1\r\nExpect: 100-continue\r\n" + AUTH
                    + "Content-Length: 7\r\n\r\n")).startsWith("HTTP/1.1 503 ");
            assertThat(server.commands.submitted).isEmpty();
            assertThat(server.exchange("POST /failsafe HTTP/1.1\r\n" + AUTH + "Content-Length: 7\r\n\r\n{\"a\":1}"))
                    .startsWith("HTTP/1.1 200 ");
        } finally {
            closeAll(held);
        }
    }

    private static void closeAll(List<Socket> sockets) throws IOException {
        for (Socket socket : List.copyOf(sockets)) {
            socket.close();
        }
    }
}
