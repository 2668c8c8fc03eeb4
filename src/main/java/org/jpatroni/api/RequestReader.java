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

        /** A head is complete, its body is awaited. */
        void bodyAwaited();

        /**
         * A request is complete.
         *
         * @param refusal the answer it gets, whatever it asks for; nothing after it can be read
         */
        void arrived(Request request, @Nullable Response refusal);
    }

    private final Sink sink;
    private final int bodyMax;
    private @Nullable Request incoming;
    private long bodyBytes;
    /** What has come of the body of a write; reads have none worth keeping. */
    private @Nullable ByteArrayOutputStream body;

    RequestReader(Sink sink, int bodyMax) {
        this.sink = sink;
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
        if (refusal != null) {
            incoming = null;
            sink.arrived(Request.of("GET", "/", http11, false, wantsJson, nowNanos), refusal);
            return;
        }
        bodyBytes = 0;
        Request request = Request.of(head.method().name(), head.uri(), http11, HttpUtil.isKeepAlive(head), wantsJson,
                nowNanos);
        body = request.isRead() ? null : new ByteArrayOutputStream();
        incoming = request.isRead() ? request : request.with(content(head.headers()));
        if (!(head instanceof LastHttpContent)) {
            sink.bodyAwaited();
        }
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
        Response refusal = null;
        if (bodyBytes > bodyMax) {
            refusal = Response.closingError(413, "the request body is too long", request.wantsJson(), "");
        } else if (content.decoderResult().isFailure()) {
            refusal = Response.closingError(400, "the request body cannot be read", request.wantsJson(), "");
        } else {
            keep(content);
        }
        if (refusal == null && !(content instanceof LastHttpContent)) {
            return;
        }
        incoming = null;
        sink.arrived(complete(request), refusal);
    }

    private void keep(HttpContent content) {
        ByteArrayOutputStream kept = body;
        if (kept != null) {
            byte[] bytes = new byte[content.content().readableBytes()];
            content.content().getBytes(content.content().readerIndex(), bytes);
            kept.writeBytes(bytes);
        }
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
