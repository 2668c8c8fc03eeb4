package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jpatroni.config.DynamicConfigValidator;
import org.jpatroni.json.PythonJsonReader;
import org.jpatroni.model.Tree;
import org.junit.jupiter.api.Test;

/**
 * Spoiled requests against the real server: bytes of every kind, cut and glued and sent in pieces, and bodies of every shape for every call
 * that takes one. Each case has a seed of its own; a failure names it and the command that plays it again.
 */
class WireFuzzTest {

    private static final long FIRST_SEED = Long.getLong("fuzz.seed", 1);
    private static final int CASES = Integer.getInteger("fuzz.cases", 20_000);
    /** A slow machine does fewer cases, and says so. */
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(Integer.getInteger("fuzz.seconds", 17));
    private static final int BATCH = 500;
    private static final int CLIENTS = 4;

    /** One case; what is wrong with what came of it. */
    private interface Case {
        Optional<String> play(long seed) throws IOException;
    }

    @Test
    void bytes() throws Exception {
        try (FuzzTarget target = new FuzzTarget()) {
            run("bytes", target, seed -> playBytes(target, seed));
        }
    }

    @Test
    void bodies() throws Exception {
        try (FuzzTarget target = new FuzzTarget()) {
            FuzzBodies bodies = new FuzzBodies(target);
            try {
                run("bodies", target, bodies::play);
            } finally {
                bodies.close();
            }
        }
    }

    @Test
    void theChecksSeeWhatTheyAreFor() {
        assertThat(FuzzTarget.complaint("HTTP/1.1 500 Internal Server Error\r\n\r\n")).isPresent();
        assertThat(FuzzTarget.complaint("HTTP/1.1 400 Bad Request\r\n\r\njava.lang.X")).isPresent();
        assertThat(FuzzBytes.malformed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "a\n")).isPresent();
        assertThat(FuzzBytes.malformed("oops", "a\n")).isPresent();
        assertThat(FuzzBytes.malformed("HTTP/1.1 200 OK\r\n\r\n".repeat(3), "a\n")).isPresent();
        assertThat(FuzzBytes.malformed("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "a\n")).isEmpty();
    }

    private static void run(String test, FuzzTarget target, Case body) throws Exception {
        long begun = System.nanoTime();
        AtomicInteger next = new AtomicInteger();
        try (ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
            while (next.get() < CASES && System.nanoTime() - begun < LIMIT_NANOS) {
                int end = Math.min(CASES, next.get() + BATCH);
                String before = target.storedConfig();
                int writes = target.configWrites();
                List<Callable<String>> work = new ArrayList<>();
                for (int i = 0; i < CLIENTS; i++) {
                    work.add(() -> {
                        for (int at = next.getAndIncrement(); at < end; at = next.getAndIncrement()) {
                            Optional<String> wrong = playSafely(body, FIRST_SEED + at);
                            if (wrong.isPresent()) {
                                return wrong.get() + replay(test, FIRST_SEED + at);
                            }
                        }
                        return "";
                    });
                }
                for (Future<String> done : clients.invokeAll(work)) {
                    assertThat(done.get()).isEmpty();
                }
                next.set(end);
                target.checkAlive();
                assertThat(target.storedConfig().equals(before) || target.configWrites() > writes)
                        .as("nothing was accepted, but what is stored has changed; seeds before %d", FIRST_SEED + end)
                        .isTrue();
                assertThat(DynamicConfigValidator.refusals(Tree.copyOf(
                        (Map<?, ?>) Objects.requireNonNull(PythonJsonReader.read(target.storedConfig())))))
                        .as("nonsense was stored; seeds before %d", FIRST_SEED + end).isEmpty();
                assertThat(target.faults()).as("seeds before %d", FIRST_SEED + end).isEmpty();
            }
        }
        System.out.printf("wire fuzz, %s: %d cases in %d ms%n", test, next.get(),
                (System.nanoTime() - begun) / 1_000_000);
        await().atMost(Duration.ofSeconds(10)).until(() -> target.server.figure("jpatroni_api_connections") <= CLIENTS);
        assertThat(target.server.figure("jpatroni_api_connections_internal_error_total")).isZero();
        System.gc(); // Buffers that nobody released are noticed when they are collected, and told with the next one taken.
        target.checkAlive();
        assertThat(target.faults()).isEmpty();
    }

    private static Optional<String> playSafely(Case body, long seed) {
        try {
            return body.play(seed);
        } catch (IOException | RuntimeException broken) {
            return Optional.of(broken.toString());
        }
    }

    private static String replay(String test, long seed) {
        return "\nseed " + seed + "; to play it again: mvn -q test -Dtest=WireFuzzTest#" + test + " -Dfuzz.seed=" + seed
                + " -Dfuzz.cases=1";
    }

    private static Optional<String> playBytes(FuzzTarget target, long seed) throws IOException {
        Random random = new Random(seed);
        FuzzBytes.Plan plan = FuzzBytes.plan(random);
        try (Socket socket = target.server.connect()) {
            socket.setTcpNoDelay(true);
            boolean cut = false;
            for (String piece : plan.pieces()) {
                try {
                    socket.getOutputStream().write(piece.getBytes(StandardCharsets.ISO_8859_1));
                } catch (IOException closedBefore) {
                    cut = true; // It was refused before all of it was there.
                    break;
                }
            }
            if (plan.resets()) {
                socket.setSoLinger(true, 0);
                return Optional.empty();
            }
            String answers = read(socket, cut);
            String sent = String.join("", plan.pieces());
            return FuzzTarget.complaint(answers).or(() -> FuzzBytes.malformed(answers, sent))
                    .map(wrong -> wrong + "\n--- sent:\n" + FuzzBytes.shown(sent) + "\n--- came:\n"
                            + FuzzBytes.shown(answers));
        }
    }

    /** A time-out here is a hang: our side is closed, so the server has to come to an end. */
    private static String read(Socket socket, boolean cut) throws IOException {
        try {
            if (!cut) {
                socket.shutdownOutput();
            }
            return ApiServer.readAll(socket);
        } catch (java.net.SocketTimeoutException hang) {
            throw new IOException("no end within the deadline", hang);
        } catch (IOException reset) {
            return "";
        }
    }
}
