package org.jpatroni.api;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jpatroni.json.PythonJson;
import org.jspecify.annotations.Nullable;

/** An answer before it is put on the wire. The body is made when it is needed: HEAD and OPTIONS never need it. */
final class Response {

    static final String JSON = "application/json";

    /** How much of an answer there is. */
    enum Form {
        /** Headers and body. */
        FULL,
        /** A status without a body: Patroni sends the status line alone, we add what keep-alive needs. */
        EMPTY,
        /** An error outside of the routes' own vocabulary: without the configured extra headers, as Patroni does. */
        ERROR
    }

    private final int status;
    private final Form form;
    private final String contentType;
    private final Supplier<byte[]> body;
    private final String leadLines;
    private final String headerLines;
    private final boolean close;
    /** The whole answer for a keep-alive client of 1.1, kept by {@link WireFormat} for answers that go out many times. */
    private byte @Nullable [] encoded;

    private Response(int status, Form form, String contentType, Supplier<byte[]> body, String headerLines,
            boolean close) {
        this(status, form, contentType, body, "", headerLines, close);
    }

    private Response(int status, Form form, String contentType, Supplier<byte[]> body, String leadLines,
            String headerLines, boolean close) {
        this.status = status;
        this.form = form;
        this.contentType = contentType;
        this.body = body;
        this.leadLines = leadLines;
        this.headerLines = headerLines;
        this.close = close;
    }

    /** A body with its type and further header lines, each ended by CR LF. */
    static Response full(int status, String contentType, Supplier<byte[]> body, String headerLines) {
        return new Response(status, Form.FULL, contentType, body, headerLines, false);
    }

    /** The same with header lines in front of {@code Content-Type}, where Patroni's endpoints put theirs. */
    static Response leading(int status, String leadLines, String contentType, Supplier<byte[]> body) {
        return new Response(status, Form.FULL, contentType, body, leadLines, "", false);
    }

    static Response json(int status, @Nullable Object document, String headerLines) {
        return full(status, JSON, () -> PythonJson.write(document).getBytes(StandardCharsets.ISO_8859_1), headerLines);
    }

    static Response empty(int status, String headerLines) {
        return new Response(status, Form.EMPTY, "", () -> new byte[0], headerLines, false);
    }

    /** One plain line, or problem details (RFC 9457) for a client that asked for JSON. Never HTML, never an inner detail. */
    static Response error(int status, String line, boolean asJson) {
        return error(status, line, asJson, "", false);
    }

    /** The same with further header lines. */
    static Response error(int status, String line, boolean asJson, String headerLines) {
        return error(status, line, asJson, headerLines, false);
    }

    /** The same, and the connection ends: what follows on it cannot be trusted or is not wanted. */
    static Response closingError(int status, String line, boolean asJson, String headerLines) {
        return error(status, line, asJson, headerLines, true);
    }

    private static Response error(int status, String line, boolean asJson, String headerLines, boolean close) {
        if (!asJson) {
            byte[] body = (line + "\n").getBytes(StandardCharsets.UTF_8);
            return new Response(status, Form.ERROR, "text/plain; charset=utf-8", () -> body, headerLines, close);
        }
        Map<String, @Nullable Object> problem = new LinkedHashMap<>();
        problem.put("type", "about:blank");
        problem.put("title", WireFormat.phrase(status));
        problem.put("status", status);
        problem.put("detail", line);
        return problem(status, problem, headerLines, close);
    }

    /** Problem details (RFC 9457). */
    static Response problem(int status, Map<String, @Nullable Object> problem, String headerLines) {
        return problem(status, problem, headerLines, false);
    }

    private static Response problem(int status, Map<String, @Nullable Object> problem, String headerLines,
            boolean close) {
        byte[] body = PythonJson.write(problem).getBytes(StandardCharsets.ISO_8859_1);
        return new Response(status, Form.ERROR, "application/problem+json", () -> body, headerLines, close);
    }

    /** The same, and the connection ends behind it. */
    Response closing() {
        return close ? this : new Response(status, form, contentType, body, leadLines, headerLines, true);
    }

    int status() {
        return status;
    }

    Form form() {
        return form;
    }

    String contentType() {
        return contentType;
    }

    byte[] body() {
        return body.get();
    }

    String leadLines() {
        return leadLines;
    }

    String headerLines() {
        return headerLines;
    }

    boolean close() {
        return close;
    }

    byte @Nullable [] encoded() {
        return encoded;
    }

    void keepEncoded(byte[] bytes) {
        encoded = bytes;
    }
}
