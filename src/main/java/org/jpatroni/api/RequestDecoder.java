package org.jpatroni.api;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Netty's decoder, which refuses what two readers could understand differently (a length beside chunks, two lengths, a line that ends
 * without CR, a NUL): also of a client of HTTP/1.0, of whose two lengths Netty would take the first. White space behind credentials is
 * left where it is: to Patroni it is a part of them, so that they are wrong ones.
 */
final class RequestDecoder extends HttpRequestDecoder {

    private static final Pattern BLANK_BEHIND_CREDENTIALS = Pattern
            .compile("(?im)^" + HttpHeaderNames.AUTHORIZATION + ":.*[ \\t]\\r?$");

    private int lengths;
    private boolean inBody;
    private boolean blankBehindCredentials;

    RequestDecoder(HttpDecoderConfig config) {
        super(config);
    }

    /** A head ends with the call that gives the message; each call takes whole lines of it. */
    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
        int from = in.readerIndex();
        int given = out.size();
        super.decode(context, in, out);
        List<Object> fresh = out.subList(given, out.size());
        if (!inBody && mayHoldCredentials(fresh)) {
            blankBehindCredentials |= BLANK_BEHIND_CREDENTIALS
                    .matcher(in.toString(from, in.readerIndex() - from, StandardCharsets.ISO_8859_1)).find();
        }
        for (Object part : fresh) {
            if (part instanceof HttpRequest request) {
                inBody = true;
                restoreBlank(request);
            }
            if (part instanceof LastHttpContent) {
                inBody = false;
            }
        }
    }

    /** A part of a head, or a whole one that has them: most requests have none, and are not looked at twice. */
    private static boolean mayHoldCredentials(List<Object> fresh) {
        return fresh.isEmpty() || fresh.getFirst() instanceof HttpRequest request
                && request.headers().contains(HttpHeaderNames.AUTHORIZATION);
    }

    private void restoreBlank(HttpRequest request) {
        String credentials = request.headers().get(HttpHeaderNames.AUTHORIZATION);
        if (blankBehindCredentials && credentials != null && !credentials.isEmpty()) {
            request.headers().set(HttpHeaderNames.AUTHORIZATION, credentials + " ");
        }
        blankBehindCredentials = false;
    }

    @Override
    protected HttpMessage createMessage(String[] initialLine) throws Exception {
        lengths = 0;
        return super.createMessage(initialLine);
    }

    @Override
    protected AsciiString splitHeaderName(byte[] bytes, int start, int length) {
        AsciiString name = super.splitHeaderName(bytes, start, length);
        if (HttpHeaderNames.CONTENT_LENGTH.contentEqualsIgnoreCase(name) && ++lengths > 1) {
            throw new IllegalArgumentException("two lengths");
        }
        return name;
    }
}
