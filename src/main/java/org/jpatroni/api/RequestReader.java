package org.jpatroni.api;

import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Puts the decoder's parts together to requests. The decoder only marks what it could not read; here that becomes an answer. */
final class RequestReader {

    /** What is told of the requests of one connection. */
    interface Sink {

        /**
         * A head is complete, its body is awaited.
         *
         * @param invited the client waits for an interim answer before it sends the body
         */
        void bodyAwaited(boolean invited);

        /**
         * A request is complete.
         *
         * @param refusal the answer it gets, whatever it asks for; nothing after it can be read
         */
        void arrived(Request request, @Nullable Response refusal);
    }

    private final Sink sink;
    private final BodyGate gate;
    private final int bodyMax;
    private int room;
    /** Bytes of bodies that were taken from the common room and not given back. */
    private int taken;
    private @Nullable Request incoming;
    private long bodyBytes;
    /** What has come of the body of a write; reads have none worth keeping. */
    private @Nullable ByteArrayOutputStream body;

    RequestReader(Sink sink, BodyGate gate, int bodyMax) {
        this.sink = sink;
        this.gate = gate;
        this.bodyMax = bodyMax;
    }

    /** Takes what the decoder made; does not keep or release it. */
    void read(Object message, long nowNanos) {
        if (message instanceof HttpRequest head) {
            readHead(head, nowNanos);
        }
        if (message instanceof HttpContent content) {
            readBody(content);
        }
    }

    private void readHead(HttpRequest head, long nowNanos) {
        String accept = head.headers().get(HttpHeaderNames.ACCEPT);
        boolean wantsJson = accept != null && accept.contains("application/") && accept.contains("json");
        HttpVersion version = head.protocolVersion();
        boolean http11 = version.majorVersion() == 1 && version.minorVersion() >= 1;
        Response refusal = null;
        if (head.decoderResult().isFailure()) {
            refusal = unreadable(head.decoderResult().cause(), wantsJson);
        } else if (version.majorVersion() != 1) {
            refusal = Response.closingError(505, "HTTP/1.0 and HTTP/1.1 are spoken here", wantsJson, "");
        }
        if (refusal == null) {
            refusal = unexpected(head, http11, wantsJson);
        }
        if (refusal != null) {
            incoming = null;
            sink.arrived(Request.of("GET", "/", http11, false, wantsJson, nowNanos), refusal);
            return;
        }
        bodyBytes = 0;
        Request request = Request.of(head.method().name(), head.uri(), http11, HttpUtil.isKeepAlive(head), wantsJson,
                nowNanos);
        int kept = request.isRead() ? 0 : gate.room(request.with(content(head.headers())));
        body = kept > 0 ? new ByteArrayOutputStream() : null;
        room = kept > 0 ? kept : bodyMax;
        incoming = request.isRead() ? request : request.with(content(head.headers()));
        awaitBody(head, incoming);
    }

    private void awaitBody(HttpRequest head, Request request) {
        long length = HttpUtil.getContentLength(head, 0L);
        boolean invited = request.http11() && head.headers().contains(HttpHeaderNames.EXPECT)
                && (length > 0 || HttpUtil.isTransferEncodingChunked(head));
        if (length > room) {
            refuse(request, 413, "the request body is too long");
            return;
        }
        Response denied = invited ? gate.early(request, null) : null;
        if (denied != null) {
            refuse(request, denied);
        } else {
            sink.bodyAwaited(invited);
        }
    }

    /** The client has ended its side: what is still awaited will not come. */
    void inputEnded() {
        Request request = incoming;
        if (request != null) {
            refuse(request, 400, "the request body is shorter than announced");
        }
    }

    boolean awaitsBody() {
        return incoming != null;
    }

    private void refuse(Request request, int status, String line) {
        Response fault = Response.closingError(status, line, request.wantsJson(), "");
        Response answer = gate.early(request, fault);
        refuse(request, answer == null ? fault : answer);
    }

    private void refuse(Request request, Response answer) {
        ByteArrayOutputStream unused = body;
        giveBack(unused == null ? 0 : unused.size());
        incoming = null;
        body = null;
        sink.arrived(request, answer.closing());
    }

    /** What is well formed but not spoken here; a client of 1.0 has no expectations. */
    private static @Nullable Response unexpected(HttpRequest head, boolean http11, boolean asJson) {
        String coding = head.headers().get(HttpHeaderNames.TRANSFER_ENCODING);
        if (coding != null && (!coding.trim().equalsIgnoreCase("chunked")
                || head.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING).size() > 1)) {
            return Response.closingError(501, "of transfer codings only chunked is understood", asJson, "");
        }
        String expectation = head.headers().get(HttpHeaderNames.EXPECT);
        if (http11 && expectation != null && !expectation.equalsIgnoreCase("100-continue")) {
            return Response.closingError(417, "of expectations only 100-continue is understood", asJson, "");
        }
        return null;
    }

    private static Request.Content content(HttpHeaders headers) {
        boolean lengthGiven = headers.contains(HttpHeaderNames.CONTENT_LENGTH)
                || headers.contains(HttpHeaderNames.TRANSFER_ENCODING);
        return new Request.Content(ByteBuffer.allocate(0), lengthGiven,
                Optional.ofNullable(headers.get(HttpHeaderNames.IF_MATCH)),
                Optional.ofNullable(headers.get(HttpHeaderNames.AUTHORIZATION)));
    }

    private static Response unreadable(@Nullable Throwable cause, boolean asJson) {
        if (cause instanceof TooLongHttpLineException) {
            return Response.closingError(414, "the request line is too long", asJson, "");
        }
        if (cause instanceof TooLongHttpHeaderException) {
            return Response.closingError(431, "the request head is too long", asJson, "");
        }
        return Response.closingError(400, "the request cannot be read", asJson, "");
    }

    private void readBody(HttpContent content) {
        Request request = incoming;
        if (request == null) {
            return;
        }
        bodyBytes += content.content().readableBytes();
        if (bodyBytes > room) {
            refuse(request, 413, "the request body is too long");
        } else if (content.decoderResult().isFailure()) {
            refuse(request, 400, "the request body cannot be read");
        } else if (!keep(content)) {
            refuse(request, Response.closingError(503, "too many request bodies at a time", request.wantsJson(),
                    WireFormat.headerLine("Retry-After", "1")));
        } else if (content instanceof LastHttpContent) {
            incoming = null;
            sink.arrived(complete(request), null);
        }
    }

    private boolean keep(HttpContent content) {
        ByteArrayOutputStream kept = body;
        int bytes = content.content().readableBytes();
        if (kept == null || bytes == 0) {
            return true;
        }
        if (!gate.takeRoom(bytes)) {
            return false;
        }
        taken += bytes;
        byte[] part = new byte[bytes];
        content.content().getBytes(content.content().readerIndex(), part);
        kept.writeBytes(part);
        return true;
    }

    /** Its body is not kept for the connection any more. */
    void released(Request request) {
        giveBack(request.content().body().capacity());
    }

    /** Nor is any other. */
    void close() {
        incoming = null;
        body = null;
        giveBack(taken);
    }

    private void giveBack(int bytes) {
        int returned = Math.min(bytes, taken);
        taken -= returned;
        gate.takeRoom(-returned);
    }

    private Request complete(Request request) {
        ByteArrayOutputStream kept = body;
        if (kept == null) {
            return request;
        }
        body = null;
        Request.Content head = request.content();
        return request.with(
                new Request.Content(ByteBuffer.wrap(kept.toByteArray()), head.lengthGiven(), head.ifMatch(),
                        head.authorization()));
    }
}
