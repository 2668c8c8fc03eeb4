package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jpatroni.api.Route.Body;
import org.jpatroni.api.Route.Handler.OfCommand;
import org.jpatroni.config.RestApiConfig;
import org.jpatroni.json.PythonJsonReader;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.PostgresState;
import org.jpatroni.node.CommandReply;
import org.junit.jupiter.api.Test;
import org.jspecify.annotations.Nullable;

/** The description at {@code /openapi.json} against the live server: nothing is missing, and answers are as it says. */
class OpenApiTest {

    private static final String AUTH = "Authorization: Basic dXNlcjpwYXNz\r\n";

    private final List<Route> table = new ReadRoutes(new TestTime(), new ApiCounters(), List::of).router().table();
    private final SortedMap<String, SortedSet<Integer>> seen = new TreeMap<>();
    private final List<String> faults = new ArrayList<>();
    private Map<?, ?> document = Map.of();

    @Test
    void everyRouteIsDescribedOnce() throws IOException {
        try (ApiServer server = server(healthy())) {
            document = describe(server);
            assertThat(document.get("openapi")).isEqualTo("3.1.0");
            SortedSet<String> described = new TreeSet<>();
            List<Object> ids = new ArrayList<>();
            at(document, "paths").forEach((path, methods) -> ((Map<?, ?>) methods).forEach((method, operation) -> {
                described.add(String.valueOf(method).toUpperCase(Locale.ROOT) + " " + path);
                ids.add(((Map<?, ?>) operation).get("operationId"));
                assertThat(String.valueOf(((Map<?, ?>) operation).get("summary"))).as("%s %s", method, path)
                        .endsWith(".");
            }));
            assertThat(described).containsExactlyElementsOf(
                    new TreeSet<>(table.stream().map(route -> route.method() + " " + route.path()).toList()));
            assertThat(ids).doesNotHaveDuplicates();
            assertThat(server.exchange(get("/openapi.json", ""))).isEqualTo(server.exchange(get("/openapi.json", "")));
        }
    }

    /** Each route is asked in every way that gives another code; what comes must be described, and what is described must come. */
    @Test
    void answersAreAsDescribedAndAllComeAbout() throws IOException {
        try (ApiServer server = server(healthy())) {
            document = describe(server);
            askReads(server);
            askCommands(server);
        }
        NodeFixture ill = NodeFixture.replica();
        ill.storeSeen = false;
        ill.heartbeatAt = NodeFixture.NOW - 3_600_000_000_000L;
        ill.observed = false;
        ill.state = PostgresState.CRASHED;
        try (ApiServer server = server(ill)) {
            server.node.setCluster(Optional.empty());
            askReads(server);
        }
        NodeFixture replica = NodeFixture.replica();
        replica.snapshotAt = NodeFixture.NOW;
        try (ApiServer server = server(replica)) {
            askReads(server);
        }
        try (ApiServer server = new ApiServer(healthy(), strangersOnly(), ApiLimits.DEFAULT)) {
            askCommands(server);
        }
        NodeFixture bare = NodeFixture.leader();
        try (ApiServer server = server(bare)) {
            askReads(server);
            askCommands(server);
        }
        assertThat(faults).isEmpty();
        for (Route route : table) {
            String call = route.method() + " " + route.path();
            SortedSet<Integer> came = seen.getOrDefault(call, new TreeSet<>());
            SortedSet<Integer> wanted = new TreeSet<>();
            codes(route).keySet().forEach(code -> wanted.add(Integer.valueOf(String.valueOf(code))));
            if (route.handler() instanceof Route.Handler.OfStatus) {
                // Not every role is played here; HealthRulesTest has them all.
                assertThat(came).as(call).isNotEmpty().isSubsetOf(wanted);
            } else {
                assertThat(came).as(call).containsExactlyElementsOf(wanted);
            }
        }
    }

    private static NodeFixture healthy() {
        NodeFixture node = NodeFixture.leader();
        node.dynamic.put("failsafe_mode", true);
        node.failsafe.put("node1", "http://127.0.0.1:8008/patroni");
        node.config = Optional.of(new ClusterSnapshot.StoredConfig("{\"ttl\":30}", 1));
        return node;
    }

    private static ApiServer server(NodeFixture node) throws IOException {
        return ApiServer.guarded(node, ApiLimits.DEFAULT);
    }

    private static RestApiConfig strangersOnly() {
        RestApiConfig open = ApiServer.config("127.0.0.1", 0);
        return new RestApiConfig(open.listen(), open.connectAddress(), Optional.empty(), Map.of(), Map.of(), "original",
                0, Optional.empty(), List.of("192.0.2.1"), false);
    }

    private void askReads(ApiServer server) throws IOException {
        for (Route route : table) {
            if (route.method().equals("GET")) {
                for (String accept : List.of("", "Accept: */*\r\n", "Accept: application/json\r\n")) {
                    take(route, accept, server.exchange(get(route.path(), accept)));
                }
            }
        }
    }

    private static String get(String path, String accept) {
        return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + accept + "Connection: close\r\n\r\n";
    }

    private void askCommands(ApiServer server) throws IOException {
        for (Route route : table) {
            if (!(route.handler() instanceof OfCommand command)) {
                continue;
            }
            for (String accept : List.of("", "Accept: */*\r\n", "Accept: application/json\r\n")) {
                String head = route.method() + " " + route.path() + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                        + accept;
                take(route, accept, server.exchange(head + "Content-Length: 7\r\n\r\n{\"a\":1}"));
                take(route, accept, server.exchange(head + AUTH + "Content-Length: 9999999\r\n\r\n"));
                if (command.body() != Body.IGNORED) {
                    take(route, accept, server.exchange(head + AUTH + "Content-Length: 1\r\n\r\n{"));
                }
                if (command.body() == Body.REQUIRED) {
                    take(route, accept, server.exchange(head + AUTH + "\r\n"));
                }
                for (RouteDoc.Answer answer : route.doc().answers()) {
                    server.commands.answer(asked -> reply(answer));
                    take(route, accept, server.exchange(head + AUTH + "Content-Length: 7\r\n\r\n{\"a\":1}"));
                }
                server.commands.answer(asked -> CommandReply.refusal(503, "shutting down"));
                take(route, accept, server.exchange(head + AUTH + "Content-Length: 7\r\n\r\n{\"a\":1}"));
            }
        }
    }

    private static CommandReply reply(RouteDoc.Answer answer) {
        return switch (answer.shape()) {
            case CONFIG -> CommandReply.document(answer.code(), Map.of("ttl", 30));
            case PREVIEW -> CommandReply.document(answer.code(), Map.of("dry_run", true));
            case LINE -> CommandReply.text(answer.code(), "said so");
            default -> CommandReply.refusal(answer.code(), "refused");
        };
    }

    /** One answer: its code is described, its type too, its body fits, and nobody gets JSON who did not ask for it. */
    private void take(Route route, String accept, String answer) {
        String call = route.method() + " " + route.path();
        int code = Integer.parseInt(answer.substring(9, 12));
        String body = answer.substring(answer.indexOf("\r\n\r\n") + 4);
        String type = answer.lines().filter(line -> line.startsWith("Content-Type: "))
                .map(line -> line.substring(14).split(";", 2)[0]).findFirst().orElse("");
        seen.computeIfAbsent(call, key -> new TreeSet<>()).add(code);
        Map<?, ?> described = codes(route);
        String what = call + " " + accept.strip() + " -> " + code + " " + type + ": ";
        if (!(described.get(String.valueOf(code)) instanceof Map<?, ?> response)) {
            faults.add(what + "not described");
            return;
        }
        Map<?, ?> content = response.get("content") instanceof Map<?, ?> some ? some : Map.of();
        if (content.isEmpty() != body.isEmpty() || !body.isEmpty() && !content.containsKey(type)) {
            faults.add(what + "described is " + content.keySet());
            return;
        }
        boolean asked = accept.contains("json");
        if (type.equals("application/problem+json") != (asked && content.containsKey("application/problem+json"))) {
            faults.add(what + "problem details where none are wanted, or none where they are");
        }
        if (!body.isEmpty()) {
            Map<?, ?> schema = at(content, type, "schema");
            Object value = type.endsWith("json") ? PythonJsonReader.read(body) : body;
            new SchemaCheck(document).problems(value, schema).forEach(problem -> faults.add(what + problem));
            if (type.equals("application/problem+json")
                    && !String.valueOf(((Map<?, ?>) Objects.requireNonNull(value)).get("status"))
                            .equals(String.valueOf(code))) {
                faults.add(what + "another status inside");
            }
        }
    }

    private Map<?, ?> codes(Route route) {
        return at(document, "paths", route.path(), route.method().toLowerCase(Locale.ROOT), "responses");
    }

    private static Map<?, ?> describe(ApiServer server) throws IOException {
        String answer = server.exchange(get("/openapi.json", ""));
        assertThat(answer).startsWith("HTTP/1.1 200 ").contains("Content-Type: application/json\r\n");
        return (Map<?, ?>) Objects
                .requireNonNull(PythonJsonReader.read(answer.substring(answer.indexOf("\r\n\r\n") + 4)));
    }

    private static Map<?, ?> at(Map<?, ?> tree, String... names) {
        @Nullable Object value = tree;
        for (String name : names) {
            value = ((Map<?, ?>) Objects.requireNonNull(value)).get(name);
        }
        return (Map<?, ?>) Objects.requireNonNull(value, String.join(" ", names));
    }
}
