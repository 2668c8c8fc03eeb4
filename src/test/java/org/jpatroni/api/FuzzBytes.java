package org.jpatroni.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Spoils requests: takes good and bad ones, changes bytes, copies and drops parts, glues several together, and cuts the whole into pieces. */
final class FuzzBytes {

    /**
     * What is sent.
     *
     * @param pieces written one after the other
     * @param resets the client resets the connection behind them
     */
    record Plan(List<String> pieces, boolean resets) {
    }

    private static final String AUTH = "Authorization: Basic dXNlcjpwYXNz\r\n";

    private static final List<String> CORPUS = List.of(
            "GET /primary HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.0\r\n\r\n", "OPTIONS /replica HTTP/1.1\r\n\r\n",
            "HEAD /metrics HTTP/1.1\r\n\r\n", "GET /metrics HTTP/1.1\r\n\r\n", "GET /cluster HTTP/1.1\r\n\r\n",
            "GET /replica?lag=10MB&tag_a=b HTTP/1.1\r\nConnection: close\r\n\r\n", "GET /openapi.json HTTP/1.1\r\n\r\n",
            "GET /config HTTP/1.1\r\nAccept: application/json\r\n\r\n",
            "GET /liveness HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
            "PATCH /config HTTP/1.1\r\n" + AUTH + "Content-Length: 10\r\n\r\n{\"ttl\":30}",
            "PATCH /config HTTP/1.1\r\n" + AUTH + "Content-Length: 11\r\n\r\n{\"foo\":\"b\"}",
            "PATCH /config HTTP/1.0\r\n" + AUTH + "Content-Length: 13\r\n\r\n{\"ttl\":\"abc\"}",
            "PUT /config HTTP/1.1\r\n" + AUTH + "Content-Length: 2\r\n\r\n{}",
            "PATCH /config HTTP/1.1\r\nContent-Length: 10\r\n\r\n{\"ttl\":30}",
            "PATCH /config HTTP/1.1\r\n" + AUTH
                    + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"ttl\r\n5\r\n\":30}\r\n0\r\n\r\n",
            "PATCH /config HTTP/1.1\r\n" + AUTH
                    + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\na;x=y\r\n{\"ttl\":30}\r\n0\r\nT: v\r\n\r\n",
            "PATCH /config HTTP/1.1\r\nExpect: 100-continue\r\n" + AUTH + "Content-Length: 10\r\n\r\n{\"ttl\":30}",
            "POST /failsafe HTTP/1.1\r\n" + AUTH
                    + "Content-Length: 48\r\n\r\n{\"name\":\"n\",\"conn_url\":\"u\",\"api_url\":\"v\",\"s\":1} ",
            "POST /mpp HTTP/1.1\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
            "POST /citus HTTP/1.1\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
            "POST /switchover HTTP/1.1\r\n" + AUTH + "Content-Length: 14\r\n\r\n{\"leader\":\"x\"}",
            "DELETE /switchover HTTP/1.1\r\n" + AUTH + "\r\n",
            "POST /restart HTTP/1.1\r\n" + AUTH + "Content-Length: 2\r\n\r\n[]",
            "BREW /pot HTTP/1.1\r\n\r\n", "GET /x HTTP/2.0\r\n\r\n", "GET /\r\n", "\r\n\r\n",
            "\u0016\u0003\u0001\u0002\u0000\u0001",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GET http://a/primary HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n");

    private static final List<String> SNIPPETS = List.of("\r\n", "\n", "\r", "\0", " ", "\t", ":", ": ", ",", ";",
            "\u000b", "\u0085",
            "\u00a0", "\u00ff", "%", "%00", "%2e", "../", "//", "?", "#", "&", "=", "\"", "{", "}", "[", "]", "0", "-1",
            "1e9",
            "99999999999999999999", "Content-Length: 5\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip\r\n", "Connection: close\r\n", "Connection: keep-alive\r\n",
            "Expect: 100-continue\r\n",
            "Expect: x\r\n", "Accept: application/json\r\n", AUTH, "Authorization: Basic eDp5\r\n", "HTTP/1.0",
            "HTTP/1.1", "HTTP/9.9",
            "GET ", "PATCH ", "0\r\n\r\n", "\r\n\r\n", "Host: \r\n", "If-Match: \"x\"\r\n",
            "X: " + "y".repeat(9_000) + "\r\n",
            "a".repeat(9_000), " folded\r\n");

    private FuzzBytes() {
    }

    static Plan plan(Random random) {
        StringBuilder all = new StringBuilder();
        for (int i = random.nextInt(10) < 6 ? 1 : 1 + random.nextInt(4); i > 0; i--) {
            all.append(spoiled(CORPUS.get(random.nextInt(CORPUS.size())), random));
        }
        List<String> pieces = new ArrayList<>();
        int at = 0;
        while (at < all.length()) {
            boolean whole = random.nextInt(3) > 0;
            int end = whole ? all.length() : Math.min(all.length(), at + 1 + random.nextInt(40));
            pieces.add(all.substring(at, end));
            at = end;
        }
        return new Plan(pieces, random.nextInt(25) == 0);
    }

    private static String spoiled(String text, Random random) {
        StringBuilder spoiled = new StringBuilder(text);
        for (int i = random.nextInt(4); i > 0 && !spoiled.isEmpty(); i--) {
            int at = random.nextInt(spoiled.length());
            int end = Math.min(spoiled.length(), at + random.nextInt(8));
            switch (random.nextInt(5)) {
                case 0 -> spoiled.setCharAt(at, (char) random.nextInt(256));
                case 1 -> spoiled.delete(at, end);
                case 2 -> spoiled.insert(at, spoiled.substring(at, end).repeat(1 + random.nextInt(3)));
                case 3 -> spoiled.setLength(at);
                default ->
                    spoiled.replace(at, random.nextBoolean() ? at : end, SNIPPETS.get(random.nextInt(SNIPPETS.size())));
            }
        }
        return spoiled.toString();
    }

    /** Whether what came is a row of whole answers, and not more of them than there can have been requests. */
    static Optional<String> malformed(String answers, String sent) {
        int at = 0;
        int finals = 0;
        while (at < answers.length()) {
            int headEnd = answers.indexOf("\r\n\r\n", at);
            if (headEnd < 0 || !answers.startsWith("HTTP/1.", at)) {
                return Optional.of("no answer begins at " + at);
            }
            String head = answers.substring(at, headEnd);
            int length = head.lines().filter(line -> line.startsWith("Content-Length: "))
                    .mapToInt(line -> Integer.parseInt(line.substring(16))).findFirst().orElse(0);
            at = headEnd + 4 + length;
            finals += head.startsWith("HTTP/1.1 100 ") ? 0 : 1;
            if (at > answers.length()) {
                return Optional.of("the last answer is cut");
            }
        }
        long lines = sent.chars().filter(c -> c == '\n').count() + 1;
        return finals > lines ? Optional.of(finals + " answers to " + lines + " lines") : Optional.empty();
    }

    static String shown(String text) {
        StringBuilder shown = new StringBuilder();
        text.chars().limit(3_000).forEach(c -> shown.append(
                c == '\n'
                        ? "\\n\n"
                        : c == '\r'
                                ? "\\r"
                                : c < ' ' || c > '~' ? String.format("\\x%02x", c) : String.valueOf((char) c)));
        return shown.toString();
    }
}
