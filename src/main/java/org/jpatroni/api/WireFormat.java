package org.jpatroni.api;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jpatroni.config.RestApiConfig;

/**
 * Puts answers into bytes: the order of headers is Patroni's, then ours. One per set of settings and event loop, because it remembers
 * the current second.
 */
final class WireFormat {

    private static final DateTimeFormatter DATE = DateTimeFormatter
            .ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US).withZone(ZoneOffset.UTC);

    private static final byte[] OK_LINE = newStatusLine(200);
    private static final byte[] UNAVAILABLE_LINE = newStatusLine(503);

    private final String serverLine;
    private final String extraLines;
    private long dateSecond = Long.MIN_VALUE;
    private String dateLine = "";

    WireFormat(RestApiConfig config, String productVersion) {
        this.serverLine = "Server: " + serverToken(config.serverTokens(), productVersion) + "\r\n";
        // As Patroni merges them: of two with the same name the one for TLS wins, at the place of the other.
        Map<String, String> merged = new LinkedHashMap<>(config.httpExtraHeaders());
        if (config.tls().isPresent()) {
            merged.putAll(config.httpsExtraHeaders());
        }
        StringBuilder extra = new StringBuilder();
        merged.forEach((name, value) -> extra.append(headerLine(name, value)));
        this.extraLines = extra.toString();
    }

    /** {@code original} names this product; the other two are what Patroni sends. */
    private static String serverToken(String tokens, String productVersion) {
        return switch (tokens.toLowerCase(Locale.ROOT)) {
            case "productonly" -> "Patroni";
            case "minimal" -> "Patroni/" + StatusJson.CONTRACT_VERSION;
            default -> "JPatroni/" + productVersion;
        };
    }

    /** One header line; line breaks and other control characters in it become spaces, so that a setting cannot end the head. */
    static String headerLine(String name, String value) {
        StringBuilder line = new StringBuilder(name.length() + value.length() + 4);
        line.append(name).append(": ").append(value);
        for (int i = 0; i < line.length(); i++) {
            if (line.charAt(i) < ' ' || line.charAt(i) == 0x7F) {
                line.setCharAt(i, ' ');
            }
        }
        return line.append("\r\n").toString();
    }

    /** The status line and nothing more: what HAProxy reads of a check. Not to be changed by whoever gets it. */
    static byte[] statusLine(int status) {
        return status == 200 ? OK_LINE : status == 503 ? UNAVAILABLE_LINE : newStatusLine(status);
    }

    private static byte[] newStatusLine(int status) {
        return ("HTTP/1.0 " + status + " " + phrase(status) + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Head and body. */
    byte[] encode(Response response, boolean http11, boolean keepAlive, Instant now) {
        if (response.form() == Response.Form.EMPTY && !http11) {
            return statusLine(response.status());
        }
        byte[] body = response.body();
        StringBuilder head = new StringBuilder(384);
        head.append(http11 ? "HTTP/1.1 " : "HTTP/1.0 ").append(response.status()).append(' ')
                .append(phrase(response.status())).append("\r\n");
        if (response.form() != Response.Form.EMPTY) {
            head.append(serverLine).append(dateLine(now));
            head.append(response.leadLines());
            head.append("Content-Type: ").append(response.contentType()).append("\r\n");
        }
        if (response.form() == Response.Form.FULL) {
            head.append(extraLines);
        }
        head.append(response.headerLines());
        head.append("Content-Length: ").append(body.length).append("\r\n");
        if (!keepAlive) {
            head.append("Connection: close\r\n");
        }
        head.append("\r\n");
        byte[] bytes = new byte[head.length() + body.length];
        byte[] headBytes = head.toString().getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(headBytes, 0, bytes, 0, headBytes.length);
        System.arraycopy(body, 0, bytes, headBytes.length, body.length);
        if (http11 && keepAlive) {
            response.keepEncoded(bytes);
        }
        return bytes;
    }

    private String dateLine(Instant now) {
        if (now.getEpochSecond() != dateSecond) {
            dateSecond = now.getEpochSecond();
            dateLine = "Date: " + DATE.format(now) + "\r\n";
        }
        return dateLine;
    }

    static String phrase(int status) {
        return switch (status) {
            case 200 -> "OK";
            case 202 -> "Accepted";
            case 400 -> "Bad Request";
            case 401 -> "Unauthorized";
            case 403 -> "Forbidden";
            case 404 -> "Not Found";
            case 408 -> "Request Timeout";
            case 409 -> "Conflict";
            case 411 -> "Length Required";
            case 412 -> "Precondition Failed";
            case 413 -> "Request Entity Too Large";
            case 414 -> "Request-URI Too Long";
            case 417 -> "Expectation Failed";
            case 422 -> "Unprocessable Entity";
            case 431 -> "Request Header Fields Too Large";
            case 500 -> "Internal Server Error";
            case 501 -> "Not Implemented";
            case 502 -> "Bad Gateway";
            case 504 -> "Gateway Timeout";
            case 503 -> "Service Unavailable";
            case 505 -> "HTTP Version Not Supported";
            default -> "Status";
        };
    }
}
