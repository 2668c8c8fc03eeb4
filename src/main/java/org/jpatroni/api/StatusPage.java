package org.jpatroni.api;

import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.Map;
import org.jpatroni.json.PythonJson;
import org.jpatroni.node.NodeStatus;
import org.jspecify.annotations.Nullable;

/**
 * One answer of the node, shared by all requests that waited for it. The document is written once, and so is the answer to each check
 * without parameters; only that makes a burst of checks cheap. Used by one thread at a time.
 */
final class StatusPage {

    private record Answer(HealthReason reason, Response response) {
    }

    private final StatusView view;
    private final long nowNanos;
    private final ApiCounters counters;
    private final String productVersion;
    private final Map<HealthCheck, Answer> answers = new EnumMap<>(HealthCheck.class);
    private byte @Nullable [] document;

    StatusPage(NodeStatus status, long nowNanos, ApiCounters counters, String productVersion) {
        this.view = StatusView.of(status, nowNanos);
        this.nowNanos = nowNanos;
        this.counters = counters;
        this.productVersion = productVersion;
    }

    StatusView view() {
        return view;
    }

    String productVersion() {
        return productVersion;
    }

    byte[] document() {
        byte[] bytes = document;
        if (bytes == null) {
            bytes = PythonJson.write(StatusJson.document(view, productVersion)).getBytes(StandardCharsets.ISO_8859_1);
            document = bytes;
        }
        return bytes;
    }

    /** The answer to a check by role. */
    Response check(HealthCheck check, String query) {
        Answer answer = query.isEmpty()
                ? answers.computeIfAbsent(check, c -> evaluate(c, HealthQuery.NONE))
                : evaluate(check, HealthQuery.parse(query));
        counters.verdict(answer.reason());
        return answer.response();
    }

    private Answer evaluate(HealthCheck check, HealthQuery query) {
        HealthVerdict verdict = HealthRules.check(check, view, query, nowNanos);
        return new Answer(verdict.reason(),
                Response.full(verdict.code(), Response.JSON, this::document, reasonLine(verdict)));
    }

    Response readiness(String query) {
        HealthVerdict verdict = HealthRules.readiness(view, HealthQuery.parse(query), nowNanos);
        counters.verdict(verdict.reason());
        return Response.empty(verdict.code(), reasonLine(verdict));
    }

    static String reasonLine(HealthVerdict verdict) {
        return WireFormat.headerLine("X-Patroni-Reason", verdict.headerText());
    }
}
