package org.jpatroni.api;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jpatroni.api.Route.Access;
import org.jpatroni.api.Route.Body;
import org.jpatroni.api.Route.Handler.OfCluster;
import org.jpatroni.api.Route.Handler.OfCommand;
import org.jpatroni.api.RouteDoc.Answer;
import org.jpatroni.api.RouteDoc.Field;
import org.jpatroni.api.RouteDoc.Shape;
import org.jpatroni.json.PythonJson;
import org.jspecify.annotations.Nullable;

/** The description of the API (OpenAPI 3.1), made of the route table: whatever the table has is in it, and nothing else. */
final class OpenApi {

    private static final String ABOUT = "Patroni's REST API. HEAD and OPTIONS on every path of GET answer with its status line alone."
            + " Errors are one line of text, or problem details (RFC 9457) for a client that accepts JSON."
            + " Calls with security are open where no authentication is configured.";

    private OpenApi() {
    }

    /** The answer to all requests for it. */
    static Response response(List<Route> table) {
        byte[] bytes = PythonJson.write(document(table)).getBytes(StandardCharsets.ISO_8859_1);
        return Response.full(200, Response.JSON, () -> bytes, "");
    }

    static Map<String, @Nullable Object> document(List<Route> table) {
        Map<String, @Nullable Object> paths = new TreeMap<>();
        for (Route route : table) {
            Map<String, @Nullable Object> path = new LinkedHashMap<>();
            if (paths.get(route.path()) instanceof Map<?, ?> known) {
                known.forEach((method, operation) -> path.put(String.valueOf(method), operation));
            }
            path.put(route.method().toLowerCase(Locale.ROOT), operation(route));
            paths.put(route.path(), path);
        }
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        document.put("openapi", "3.1.0");
        document.put("info", tree("title", "JPatroni", "version", StatusJson.CONTRACT_VERSION, "description", ABOUT));
        document.put("paths", paths);
        document.put("components", tree("securitySchemes",
                tree("basic", tree("type", "http", "scheme", "basic")), "schemas", OpenApiSchemas.all()));
        return document;
    }

    /** Names and values in written order. */
    private static Map<String, @Nullable Object> tree(Object... pairs) {
        Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            tree.put(String.valueOf(pairs[i]), pairs[i + 1]);
        }
        return tree;
    }

    private static Map<String, @Nullable Object> operation(Route route) {
        RouteDoc doc = route.doc();
        Map<String, @Nullable Object> operation = new LinkedHashMap<>();
        operation.put("operationId", operationId(route));
        operation.put("summary", doc.summary());
        if (route.access() != Access.OPEN) {
            operation.put("security", List.of(tree("basic", List.of())));
        }
        List<Object> parameters = new ArrayList<>();
        for (Field parameter : doc.parameters()) {
            parameters.add(tree("name", parameter.name(), "in", "query", "required", false, "description",
                    parameter.description(), "schema", tree("type", parameter.types().getFirst())));
        }
        if (!parameters.isEmpty()) {
            operation.put("parameters", parameters);
        }
        if (route.handler() instanceof OfCommand command && command.body() != Body.IGNORED) {
            operation.put("requestBody", requestBody(doc, command.body()));
        }
        operation.put("responses", responses(route));
        return operation;
    }

    private static String operationId(Route route) {
        StringBuilder id = new StringBuilder(route.method().toLowerCase(Locale.ROOT));
        for (String word : route.path().split("[/.]", -1)) {
            for (String part : word.split("-", -1)) {
                id.append(part.isEmpty() ? "" : part.substring(0, 1).toUpperCase(Locale.ROOT) + part.substring(1));
            }
        }
        return route.path().equals("/") ? id.append("Root").toString() : id.toString();
    }

    private static Map<String, @Nullable Object> requestBody(RouteDoc doc, Body body) {
        Map<String, @Nullable Object> properties = new LinkedHashMap<>();
        List<String> required = new ArrayList<>();
        for (Field field : doc.fields()) {
            properties.put(field.name(), tree("type",
                    field.types().size() == 1 ? field.types().getFirst() : field.types(), "description",
                    field.description()));
            if (field.required()) {
                required.add(field.name());
            }
        }
        Map<String, @Nullable Object> schema = new LinkedHashMap<>();
        schema.put("type", "object");
        schema.put("properties", properties);
        if (!required.isEmpty()) {
            schema.put("required", required);
        }
        if (body == Body.REQUIRED) {
            schema.put("minProperties", 1);
        }
        return tree("required", body == Body.REQUIRED, "content", tree("application/json", tree("schema", schema)));
    }

    /** Those of the route's own, and those that follow from who may call it and what it is made of. */
    private static Map<String, @Nullable Object> responses(Route route) {
        Map<Integer, List<Answer>> byCode = new TreeMap<>();
        List<Answer> all = new ArrayList<>(route.doc().answers());
        if (route.access() != Access.OPEN) {
            all.add(new Answer(401, Shape.LINE, "no password, or a wrong one"));
            all.add(new Answer(403, Shape.LINE, "not from this address, or without a client certificate"));
        }
        switch (route.handler()) {
            case OfCommand command -> {
                if (command.body() != Body.IGNORED) {
                    all.add(new Answer(400, Shape.ERROR, "the body is no JSON object"));
                }
                if (command.body() == Body.REQUIRED) {
                    all.add(new Answer(411, Shape.ERROR, "a body is missing"));
                }
                all.add(new Answer(413, Shape.ERROR, "the body is too long"));
                all.add(new Answer(503, Shape.ERROR, "starting, shutting down, or too much to do"));
            }
            case OfCluster cluster -> all.add(new Answer(503, Shape.NOT_READ, "the store was never read"));
            case Route.Handler.OfLoop loop -> {
                // Always there.
            }
            case Route.Handler.OfStatus status -> {
                // Says so itself.
            }
        }
        all.forEach(answer -> byCode.computeIfAbsent(answer.code(), code -> new ArrayList<>()).add(answer));
        Map<String, @Nullable Object> responses = new LinkedHashMap<>();
        byCode.forEach((code, answers) -> responses.put(String.valueOf(code), oneOf(answers)));
        return responses;
    }

    private static Map<String, @Nullable Object> oneOf(List<Answer> answers) {
        Map<String, @Nullable Object> content = new LinkedHashMap<>();
        for (Answer answer : answers) {
            if (answer.shape() != Shape.NOTHING) {
                content.put(answer.shape().mediaType(), tree("schema", OpenApiSchemas.reference(answer.shape())));
            }
            if (answer.code() >= 400 && (answer.shape() == Shape.LINE || answer.shape() == Shape.ERROR)) {
                content.put("application/problem+json", tree("schema", OpenApiSchemas.problemReference()));
            }
        }
        Map<String, @Nullable Object> response = new LinkedHashMap<>();
        response.put("description", String.join("; ", answers.stream().map(Answer::description).distinct().toList()));
        if (!content.isEmpty()) {
            response.put("content", content);
        }
        return response;
    }
}
