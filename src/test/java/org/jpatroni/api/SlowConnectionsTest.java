package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * Slow and silent clients. Five idle connections silence Patroni's API for good; here whole crowds must not keep one health check
 * from its answer.
 */
class SlowConnectionsTest {

    private static final ApiLimits QUICK = new ApiLimits(2048, 1536, 256, 400, 400, 400, 600, 200, 8_192, 16_384,
            1_048_576, 32);

    /** The release test: 1,000 idle and 200 half-sent connections are held open while checks are answered. */
    @Test
    void checksAreAnsweredBesideAThousandIdleAndTwoHundredHalfSentConnections() throws IOException {
        List<Socket> held = new ArrayList<>();
        try (ApiServer server = new ApiServer(NodeFixture.leader())) {
            long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(4);
            List<Long> micros = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                held.add(server.connect());
            }
            for (int i = 0; i < 200; i++) {
                Socket socket = server.connect();
                ApiServer.send(socket, "GET /primary HTTP/1.1\r\nHost: ");
                held.add(socket);
            }
            while (System.nanoTime() < until) {
                for (String path : new String[]{"/primary", "/liveness", "/patroni", "/cluster", "/metrics"}) {
                    long start = System.nanoTime();
                    assertThat(server.get(path)).as(path).isEqualTo(200);
                    micros.add((System.nanoTime() - start) / 1_000);
                }
                assertThat(server.figure("jpatroni_api_connections")).isGreaterThanOrEqualTo(1_200.0);
            }
            micros.sort(null);
            assertThat(micros.size()).isGreaterThan(100);
            assertThat(micros.get(micros.size() * 99 / 100)).as("99th percentile, microseconds")
                    .isLessThan(500_000);
        } finally {
            closeAll(held);
        }
    }

    @Test
    void idleAndHalfSentConnectionsEndAtTheirDeadlines() throws IOException {
        try (ApiServer server = new ApiServer(NodeFixture.leader(), ApiServer.config("127.0.0.1", 0), QUICK)) {
            try (Socket idle = server.connect()) {
                assertThat(ApiServer.readAll(idle)).isEmpty();
            }
            try (Socket half = server.connect()) {
                ApiServer.send(half, "GET /primary HTTP/1.1\r\nHost: x\r\n");
                assertThat(ApiServer.readAll(half)).startsWith("HTTP/1.1 408 Request Timeout\r\n");
            }
            try (Socket body = server.connect()) {
                ApiServer.send(body, "POST /config HTTP/1.1\r\nContent-Length: 100\r\n\r\n{");
                assertThat(ApiServer.readAll(body)).startsWith("HTTP/1.1 408 Request Timeout\r\n");
            }
            try (Socket kept = server.connect()) {
                ApiServer.send(kept, "GET /liveness HTTP/1.1\r\n\r\n");
                assertThat(ApiServer.readAll(kept)).startsWith("HTTP/1.1 200 OK\r\n").doesNotContain("408");
            }
        }
    }

    @Test
    void aDrippedHeadIsCutAtTheAbsoluteDeadline() throws IOException, InterruptedException {
        try (ApiServer server = new ApiServer(NodeFixture.leader(), ApiServer.config("127.0.0.1", 0), QUICK);
                Socket socket = server.connect()) {
            Thread drip = Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < 1_000; i++) {
                        ApiServer.send(socket, "G");
                        TimeUnit.MILLISECONDS.sleep(20);
                    }
                } catch (IOException | InterruptedException cut) {
                    Thread.currentThread().interrupt();
                }
            });
            long start = System.nanoTime();
            assertThat(ApiServer.readAll(socket)).startsWith("HTTP/1.1 408 ");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
            drip.interrupt();
            drip.join();
        }
    }

    @Test
    void overTheLimitOnlyTheLaneIsServed() throws IOException {
        ApiLimits limits = new ApiLimits(20, 20, 64, 5_000, 5_000, 5_000, 5_000, 1_000, 8_192, 16_384, 1_048_576, 32);
        List<Socket> held = new ArrayList<>();
        try (ApiServer server = new ApiServer(NodeFixture.leader(), ApiServer.config("127.0.0.1", 0), limits)) {
            for (int i = 0; i < 20; i++) {
                held.add(server.connect());
            }
            await().until(() -> server.figure("jpatroni_api_connections") >= 20);
            for (String path : new String[]{"/primary", "/liveness", "/patroni"}) {
                assertThat(server.exchange("GET " + path + " HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 200 OK\r\n")
                        .contains("Connection: close\r\n");
            }
            assertThat(server.exchange("GET /cluster HTTP/1.1\r\n\r\n"))
                    .startsWith("HTTP/1.1 503 Service Unavailable\r\n").contains("Retry-After: 1\r\n");
            for (int i = 0; i < 30; i++) {
                held.add(server.connect());
            }
            assertThat(server.get("/primary")).isEqualTo(200);
            assertThat(server.exchange("OPTIONS /primary HTTP/1.0\r\n\r\n")).isEqualTo("HTTP/1.0 200 OK\r\n\r\n");
            assertThat(server.figure("jpatroni_api_connections_rejected_total{reason=\"total\"}"))
                    .isGreaterThan(30.0);
        } finally {
            closeAll(held);
        }
    }

    @Test
    void aFloodOfConnectionsDoesNotSilenceTheLane() throws IOException, InterruptedException {
        ApiLimits limits = new ApiLimits(50, 50, 256, 5_000, 5_000, 5_000, 5_000, 500, 8_192, 16_384, 1_048_576, 32);
        List<Socket> held = new ArrayList<>();
        try (ApiServer server = new ApiServer(NodeFixture.leader(), ApiServer.config("127.0.0.1", 0), limits)) {
            Thread flood = Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < 3_000 && !Thread.currentThread().isInterrupted(); i++) {
                        held.add(server.connect());
                    }
                } catch (IOException ended) {
                    Thread.currentThread().interrupt();
                }
            });
            int answered = 0;
            for (int i = 0; i < 50; i++) {
                answered += server.get("/primary") == 200 ? 1 : 0;
            }
            flood.interrupt();
            flood.join();
            assertThat(answered).isEqualTo(50);
        } finally {
            closeAll(held);
        }
    }

    @Test
    void aClientThatDoesNotReadIsCutOffAndHeldBackMeanwhile() throws IOException {
        try (ApiServer server = new ApiServer(NodeFixture.leader(), ApiServer.config("127.0.0.1", 0), QUICK);
                Socket socket = server.connect()) {
            socket.setSoTimeout(10_000);
            Thread writer = Thread.ofVirtual().start(() -> {
                try {
                    while (!Thread.currentThread().isInterrupted()) {
                        ApiServer.send(socket, "GET /metrics HTTP/1.1\r\n\r\n".repeat(50));
                    }
                } catch (IOException cut) {
                    Thread.currentThread().interrupt();
                }
            });
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> server.figure("jpatroni_api_connections_timeout_total{phase=\"write\"}") > 0);
            assertThat(server.get("/primary")).isEqualTo(200);
            writer.interrupt();
        }
    }

    private static void closeAll(List<Socket> sockets) throws IOException {
        for (Socket socket : List.copyOf(sockets)) {
            socket.close();
        }
    }
}
