package org.jpatroni.dcs.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jpatroni.config.StoreConfig;
import org.jpatroni.dcs.Cas;
import org.jpatroni.dcs.KeyValueClient.Change;
import org.jpatroni.dcs.KeyValueClient.Confirmed;
import org.jpatroni.dcs.KeyValueClient.Expect;
import org.jpatroni.dcs.StoreUnavailableException;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The client against servers that say what they are told to say. */
class EtcdClientTest {

    private static final String GRANT = "{\"header\":{\"cluster_id\":\"1\",\"raft_term\":\"5\"},\"ID\":\"77\",\"TTL\":\"30\"}";
    private static final List<Change> WRITE = List.of(new Change.Put("/k", "v", false));

    private static final Duration SHORT = Duration.ofMillis(300);

    private record Script(int status, String body) {
    }

    /** Answers what was scripted, the last answer for ever. */
    private static final class FakeServer {
        private final HttpServer http;
        private final ConcurrentLinkedQueue<Script> answers = new ConcurrentLinkedQueue<>();
        private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
        private volatile Script last = new Script(200, "{}");
        private volatile boolean hangsInBody;

        FakeServer() {
            try {
                http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            http.createContext("/", exchange -> {
                String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
                requests.add(exchange.getRequestURI() + " " + body);
                Script next = answers.poll();
                last = next == null ? last : next;
                byte[] bytes = last.body().getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(last.status(),
                        hangsInBody ? bytes.length + 1 : bytes.length == 0 ? -1 : bytes.length);
                exchange.getResponseBody().write(bytes);
                exchange.getResponseBody().flush();
                if (!hangsInBody) {
                    exchange.close();
                }
            });
            http.start();
        }

        FakeServer says(String... bodies) {
            Arrays.stream(bodies).forEach(body -> answers.add(new Script(200, body)));
            return this;
        }

        FakeServer says(int status, String body) {
            answers.add(new Script(status, body));
            return this;
        }

        String url() {
            return "http://127.0.0.1:" + http.getAddress().getPort();
        }
    }

    private final List<FakeServer> servers = new ArrayList<>();
    private final List<EtcdClient> clients = new ArrayList<>();

    @AfterEach
    void stop() {
        clients.forEach(EtcdClient::close);
        servers.forEach(server -> server.http.stop(0));
    }

    private FakeServer server() {
        FakeServer server = new FakeServer();
        servers.add(server);
        return server;
    }

    private EtcdClient client(FakeServer... of) {
        EtcdClient client = EtcdStoreIT.client(Arrays.stream(of).map(FakeServer::url).toList());
        client.setTimeouts(30, Duration.ofSeconds(10));
        clients.add(client);
        return client;
    }

    private static String answer(int term, String more) {
        return "{\"header\":{\"cluster_id\":\"1\",\"revision\":\"9\",\"raft_term\":\"" + term + "\"}" + more + "}";
    }

    @ParameterizedTest
    @ValueSource(strings = {"<html>hello</html>", "", "[]", "null", "{\"kvs\":", "5", "{\"a\":1"})
    void garbageIsNotTakenForAnAnswer(String garbage) {
        EtcdClient client = client(server().says(garbage));
        Cas<Confirmed> written = client.transact(List.of(), WRITE);
        assertThat(written).isInstanceOf(Cas.Unknown.class);
        assertThat(written.reason()).contains("HTTP 200 without a JSON object: is that etcd?").contains("127.0.0.1");
        client.setTimeouts(30, SHORT);
        assertThatThrownBy(() -> client.list("/p/")).isInstanceOf(StoreUnavailableException.class);
        assertThat(client.refreshSession()).isInstanceOf(Cas.Unknown.class);
    }

    @Test
    void anAnswerWithoutHeaderIsNotOneOfEtcd() {
        // Taken as it stands it would say that the store is empty, or that the session has expired.
        EtcdClient client = client(server().says("{}"));
        client.setTimeouts(30, SHORT);
        assertThatThrownBy(() -> client.list("/p/")).isInstanceOf(StoreUnavailableException.class);
        assertThat(client.transact(List.of(), WRITE)).isInstanceOf(Cas.Unknown.class);
        assertThat(client.refreshSession()).isInstanceOf(Cas.Unknown.class);
        assertThat(client.sessionId()).isEmpty();
    }

    @Test
    void answersOfTheWrongShapeDoNoHarm() {
        EtcdClient client = client(server().says(answer(5, ",\"kvs\":[{\"key\":\"***\"}]")));
        assertThatThrownBy(() -> client.list("/p/")).hasMessageContaining("no base64");
        assertThat(client.refreshSession()).isInstanceOf(Cas.Unknown.class);
        EtcdClient other = client(server().says(GRANT, "{\"result\":" + answer(5, "") + "}"));
        assertThat(other.refreshSession().isWon()).isTrue();
        assertThat(other.refreshSession()).as("no lease in the answer").isInstanceOf(Cas.Unknown.class);
        assertThat(other.sessionId()).isEqualTo("77");
    }

    @Test
    void anAnswerThatStopsInTheMiddleIsWaitedForOnlySoLong() {
        FakeServer server = server().says("{\"header\":");
        server.hangsInBody = true;
        EtcdClient client = client(server);
        client.setTimeouts(30, SHORT);
        long before = Time.system().nanos();
        assertThat(client.transact(List.of(), WRITE)).isInstanceOf(Cas.Unknown.class);
        assertThat(Time.system().nanos() - before).isLessThan(Duration.ofSeconds(5).toNanos());
    }

    @ParameterizedTest
    @CsvSource({"3,Lost", "5,Lost", "7,Lost", "8,Lost", "9,Lost", "12,Lost", "2,Unknown", "4,Unknown", "10,Unknown",
            "13,Unknown", "14,Unknown", "15,Unknown"})
    void onlyDefiniteRefusalsAreLost(int code, String outcome) {
        EtcdClient client = client(server().says(503, "{\"error\":\"etcdserver: no\",\"code\":" + code + "}"));
        Cas<Confirmed> written = client.transact(List.of(), WRITE);
        assertThat(written.getClass().getSimpleName()).isEqualTo(outcome);
        assertThat(written.reason()).contains("etcdserver: no");
    }

    @Test
    void theErrorsOfStreamsAndOfNewerVersionsAreRead() {
        EtcdClient client = client(server().says(GRANT,
                "{\"error\":{\"grpc_code\":5,\"http_code\":404,\"message\":\"etcdserver: requested lease not found\"}}",
                GRANT));
        assertThat(client.refreshSession().isWon()).isTrue();
        assertThat(client.refreshSession()).isInstanceOf(Cas.Lost.class);
        assertThat(client.sessionId()).isEqualTo("77");
        assertThat(
                client(server().says(403, "{\"code\":7,\"message\":\"etcdserver: permission denied\",\"details\":[]}"))
                        .transact(List.of(), WRITE).reason())
                .contains("permission denied");
    }

    @Test
    void aVanishedLeaseIsLearnedFromAWriteToo() {
        FakeServer server = server().says(GRANT)
                .says(404, "{\"error\":\"etcdserver: requested lease not found\",\"code\":5}").says(GRANT);
        EtcdClient client = client(server);
        assertThat(client.refreshSession().isWon()).isTrue();
        assertThat(client.transact(List.of(), List.of(new Change.Put("/k", "v", true)))).isInstanceOf(Cas.Lost.class);
        assertThat(client.sessionId()).isEmpty();
        assertThat(client.transact(List.of(new Expect.OwnSession("/k")), List.of())).isInstanceOf(Cas.Lost.class);
        assertThat(server.requests).hasSize(2);
        assertThat(client.refreshSession()).isInstanceOf(Cas.Lost.class);
        assertThat(client.sessionId()).isEqualTo("77");
    }

    @Test
    void aCheckWithoutChangesReadsSoThatTheWholeClusterIsAsked() {
        FakeServer server = server().says(GRANT, answer(5, ",\"succeeded\":true"));
        EtcdClient client = client(server);
        client.refreshSession();
        assertThat(client.transact(List.of(new Expect.OwnSession("/k")), List.of()).isWon()).isTrue();
        assertThat(server.requests.getLast()).contains("\"target\":\"LEASE\"").contains("\"lease\":\"77\"")
                .contains("request_range");
    }

    @Test
    void aSessionConfirmedByAFormerLeaderIsConfirmedAgain() {
        FakeServer server = server().says(GRANT, answer(6, ",\"succeeded\":true"),
                "{\"result\":" + answer(6, ",\"ID\":\"77\",\"TTL\":\"30\"") + "}");
        EtcdClient client = client(server);
        client.refreshSession();
        assertThat(client.transact(List.of(new Expect.OwnSession("/k")), WRITE).isWon()).isTrue();
        assertThat(server.requests.getLast()).startsWith("/v3/lease/keepalive");
        server.says(answer(7, ",\"succeeded\":true"), "{\"result\":" + answer(7, ",\"ID\":\"77\"") + "}");
        assertThat(client.transact(List.of(new Expect.OwnSession("/k")), WRITE)).isInstanceOf(Cas.Unknown.class);
    }

    @Test
    void aMemberThatIsBehindIsNotBelieved() {
        FakeServer cutOff = server();
        FakeServer good = server();
        EtcdClient client = client(good, cutOff);
        good.says(GRANT, "{\"result\":" + answer(6, ",\"ID\":\"77\",\"TTL\":\"30\"") + "}").says(500, "oops");
        assertThat(client.refreshSession().isWon()).isTrue();
        assertThat(client.refreshSession().isWon()).isTrue();
        cutOff.says("{\"result\":" + answer(5, ",\"ID\":\"77\",\"TTL\":\"30\"") + "}");
        client.setTimeouts(30, Duration.ofSeconds(1));
        assertThat(client.refreshSession()).isInstanceOf(Cas.Unknown.class);
        assertThat(cutOff.requests).isNotEmpty();
    }

    @Test
    void membersThatEtcdNamesAreAskedWhenTheConfiguredOneIsGone() throws Exception {
        FakeServer known = server();
        FakeServer named = server().says(answer(5, ""));
        known.says(answer(5, ""), answer(5, ",\"members\":[{\"clientURLs\":[\"" + named.url() + "\",\"::\"]},"
                + "{\"isLearner\":true,\"clientURLs\":[\"http://127.0.0.1:1\"]}]"));
        StoreConfig.Etcd3 config = new StoreConfig.Etcd3(List.of(known.url()), Optional.empty(), Optional.empty(),
                Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
        EtcdClient client = EtcdClient.open(config, Time.system(), Tasks.system(), 30, Duration.ofSeconds(10));
        clients.add(client);
        assertThat(client.list("/p/")).isEmpty();
        await().until(() -> known.requests.size() == 2);
        known.http.stop(0);
        assertThat(client.list("/p/")).isEmpty();
        assertThat(named.requests).hasSize(1);
    }

    @Test
    void theSamePathsUnderTheOlderNameAreFound() throws Exception {
        FakeServer server = server().says(404, "404 page not found\n").says(answer(5, ""));
        EtcdClient client = client(server);
        assertThat(client.list("/p/")).isEmpty();
        assertThat(client.list("/p/")).isEmpty();
        assertThat(server.requests).hasSize(3);
        assertThat(server.requests.get(0)).startsWith("/v3/kv/range");
        assertThat(server.requests.get(2)).startsWith("/v3beta/kv/range");
    }

    @Test
    void somethingElseThanEtcdIsSaid() {
        EtcdClient client = client(server().says(404, "not found"));
        client.setTimeouts(30, Duration.ofSeconds(1));
        assertThatThrownBy(() -> client.list("/p/")).isInstanceOf(StoreUnavailableException.class);
        assertThat(client.transact(List.of(), WRITE).reason()).contains("no JSON gateway for version 3");
    }

    @Test
    void anotherTtlOpensAnotherSession() {
        FakeServer server = server().says(GRANT, answer(5, ",\"ID\":\"78\",\"TTL\":\"20\""));
        EtcdClient client = client(server);
        client.refreshSession();
        client.setTimeouts(20, Duration.ofSeconds(10));
        assertThat(client.refreshSession().isWon()).isTrue();
        assertThat(client.sessionId()).isEqualTo("78");
        assertThat(client.grantedTtlSeconds()).isEqualTo(20);
    }
}
