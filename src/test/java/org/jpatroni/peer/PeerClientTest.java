package org.jpatroni.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import org.jpatroni.config.NodeConfig.BasicCredentials;
import org.jpatroni.config.NodeConfig.CtlConfig;
import org.jpatroni.config.Secret;
import org.jpatroni.model.Member;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.model.Tags;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.tls.ClientTls;
import org.jpatroni.tls.TestFiles;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls to members that are small servers of the JDK, with and without TLS. */
class PeerClientTest {

    private static final Duration LIMIT = Duration.ofSeconds(5);
    private static final String STATUS = "{\"state\": \"running\", \"role\": \"replica\", \"timeline\": 3, "
            + "\"xlog\": {\"received_location\": 100, \"replayed_location\": 90}}";

    @TempDir Path folder;

    private final List<String> seen = Collections.synchronizedList(new ArrayList<>());
    private final CountDownLatch patience = new CountDownLatch(1);
    private Optional<HttpServer> server = Optional.empty();

    @AfterEach
    void stop() {
        patience.countDown();
        server.ifPresent(running -> running.stop(0));
    }

    @Test
    void aPostCarriesCredentialsAndBody() throws Exception {
        Member member = member("http", start(HttpServer.create(anyPort(), 0)));
        try (PeerClient peers = new PeerClient(Tasks.system(), settings(false, null, null))) {
            PeerReply reply = peers.post(member, "/failsafe", "{\"name\": \"ä\"}", LIMIT);
            assertThat(reply.status()).isEqualTo(500);
            assertThat(reply.body()).isEqualTo("Running as a leader ä");
            assertThat(reply.header("lsn")).contains("67108960");
            assertThat(seen).containsExactly(
                    "POST /failsafe application/json Basic dXNlcjpwYXNz {\"name\": \"ä\"}");
        }
    }

    @Test
    void aQuestionGoesWithoutCredentials() throws Exception {
        Member member = member("http", start(HttpServer.create(anyPort(), 0)));
        try (PeerClient peers = new PeerClient(Tasks.system(), settings(false, null, null))) {
            assertThat(ask(peers, member).timeline()).hasValue(3);
            assertThat(seen).containsExactly("GET /patroni null null ");
        }
    }

    @Test
    void whoeverAnswersIsThere() throws Exception {
        int port = start(HttpServer.create(anyPort(), 0));
        try (PeerClient peers = new PeerClient(Tasks.system(), settings(false, null, null))) {
            assertThat(peers.answers(member("http", port), LIMIT)).isTrue();
            assertThat(seen).containsExactly("GET /liveness null null ");
            assertThat(peers.answers(member("https", port), LIMIT)).as("no TLS there").isFalse();
            server.orElseThrow().stop(0);
            assertThat(peers.answers(member("http", port), LIMIT)).as("nobody there").isFalse();
            assertThat(peers.answers(Member.named("node1"), LIMIT)).as("no address").isFalse();
        }
    }

    @Test
    void serversAreCheckedUnlessInsecure() throws Exception {
        int port = start(https("stranger", false));
        Member member = member("https", port);
        try (PeerClient peers = new PeerClient(Tasks.system(), settings(false, "ca.crt", null))) {
            assertThat(ask(peers, member).reachable()).as("another authority").isFalse();
            peers.reload(settings(false, "stranger.crt", null));
            assertThat(ask(peers, member).reachable()).as("another name").isFalse();
            assertThatThrownBy(() -> peers.post(member, "/restart", "{}", LIMIT)).isInstanceOf(SSLException.class);
            assertThat(seen).isEmpty();
            peers.reload(settings(true, "ca.crt", null));
            assertThat(ask(peers, member).reachable()).isTrue();
            assertThat(peers.post(member, "/restart", "{}", LIMIT).status()).isEqualTo(500);
        }
    }

    @Test
    void aCertificateIsShownAndReadAgainWhenItChanges() throws Exception {
        Member member = member("https", start(https("server", true)));
        try (PeerClient without = new PeerClient(Tasks.system(), settings(false, "ca.crt", null))) {
            assertThat(ask(without, member).reachable()).isFalse();
        }
        place("stranger");
        PeerSettings settings = settings(false, "ca.crt", folder.resolve("own").toString());
        try (PeerClient peers = new PeerClient(Tasks.system(), settings)) {
            assertThat(ask(peers, member).reachable()).isFalse();
            place("client");
            peers.reload(settings);
            assertThat(ask(peers, member).reachable()).isTrue();
            Files.copy(TestFiles.file("stranger.key"), folder.resolve("own.key"),
                    StandardCopyOption.REPLACE_EXISTING);
            assertThatThrownBy(() -> peers.reload(settings)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("own.key is not the key of");
            assertThat(ask(peers, member).reachable()).as("the old one stays").isTrue();
            assertThat(peers.post(member, "/restart", "{}", LIMIT).status()).isEqualTo(500);
        }
    }

    @Test
    void aSilentMemberHoldsNobodyLongerThanTheLimit() throws Exception {
        Member member = member("http", start(HttpServer.create(anyPort(), 0)));
        try (PeerClient peers = new PeerClient(Tasks.system(), settings(false, null, null))) {
            // The head comes at once, the body never ends: that must not get around the limit.
            for (String path : new String[]{"/silent", "/dribble"}) {
                long start = Tasks.system().time().nanos();
                assertThatThrownBy(() -> peers.post(member, path, "{}", Duration.ofMillis(300)))
                        .isInstanceOf(HttpTimeoutException.class);
                assertThat(Tasks.system().time().nanos() - start).isLessThan(TimeUnit.SECONDS.toNanos(4));
            }
        }
    }

    @Test
    void whoCannotBeReachedIsAnError() throws Exception {
        int port;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = closed.getLocalPort();
        }
        try (PeerClient peers = new PeerClient(Tasks.system(), PeerSettings.PLAIN)) {
            assertThatThrownBy(() -> peers.post(member("http", port), "/failsafe", "{}", LIMIT))
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(() -> peers.post(Member.named("none"), "/failsafe", "{}", LIMIT))
                    .hasMessage("none has no REST API");
            assertThat(ask(peers, member("http", port)).reachable()).isFalse();
        }
    }

    @Test
    void settingsHideWhatTheyHold() {
        assertThat(settings(false, null, null).toString()).doesNotContain("dXNlcjpwYXNz").doesNotContain("pass");
    }

    private static PeerAnswer ask(PeerClient peers, Member member) throws InterruptedException {
        return peers.askStatus(List.of(member), LIMIT).getFirst();
    }

    private static PeerSettings settings(boolean insecure, @Nullable String cacert, @Nullable String identity) {
        return PeerSettings.of(new CtlConfig(insecure,
                Optional.ofNullable(cacert).map(name -> TestFiles.file(name).toString()),
                Optional.ofNullable(identity).map(base -> base + ".crt"),
                Optional.ofNullable(identity).map(base -> base + ".key"), Optional.empty(),
                Optional.of(new BasicCredentials("user", new Secret("pass")))));
    }

    private void place(String name) throws IOException {
        for (String kind : new String[]{".key", ".crt"}) {
            Files.copy(TestFiles.file(name + kind), folder.resolve("own" + kind), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    private static HttpServer https(String name, boolean needsCertificate) throws Exception {
        ClientTls files = new ClientTls(Optional.of(TestFiles.file("ca.crt")),
                Optional.of(TestFiles.file(name + ".crt")), Optional.of(TestFiles.file(name + ".key")),
                Optional.empty());
        KeyStore identity = files.identity(new char[0]).orElseThrow();
        assertThat(identity.size()).isEqualTo(1);
        SSLContext context = files.context();
        HttpsServer server = HttpsServer.create(anyPort(), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context) {
            @Override
            public void configure(HttpsParameters parameters) {
                SSLParameters own = context.getDefaultSSLParameters();
                own.setNeedClientAuth(needsCertificate);
                parameters.setSSLParameters(own);
            }
        });
        return server;
    }

    private int start(HttpServer created) {
        server = Optional.of(created);
        created.setExecutor(task -> Tasks.system().start("server", () -> {
            task.run();
            return null;
        }));
        created.createContext("/", exchange -> {
            Headers head = exchange.getRequestHeaders();
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            seen.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                    + head.getFirst("Content-Type") + " " + head.getFirst("Authorization") + " " + body);
            if (exchange.getRequestURI().getPath().equals("/silent")) {
                hold();
            }
            boolean question = exchange.getRequestMethod().equals("GET");
            byte[] answer = (question ? STATUS : "Running as a leader ä").getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("lsn", "67108960");
            exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
            exchange.sendResponseHeaders(question ? 200 : 500, 0);
            exchange.getResponseBody().write(answer);
            if (exchange.getRequestURI().getPath().equals("/dribble")) {
                exchange.getResponseBody().flush();
                hold();
            }
            exchange.close();
        });
        created.start();
        return created.getAddress().getPort();
    }

    private void hold() {
        try {
            assertThat(patience.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static Member member(String scheme, int port) {
        return new Member("node1", Optional.of(scheme + "://127.0.0.1:" + port + "/patroni"), Optional.empty(),
                Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Tags.NONE, Optional.empty(),
                Optional.empty(), Optional.empty(), Optional.empty(), OptionalInt.empty(), false,
                Collections.emptyMap(), Collections.emptyMap(), false, false, false);
    }
}
