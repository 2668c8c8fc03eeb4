package org.jpatroni.api;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A recorded answer beside ours.
 *
 * @param differences those that were decided
 * @param faults those that were not
 */
record Comparison(Set<GoldenDifference> differences, List<String> faults) {

    private static final String OWN_FIELD = ", \"jpatroni\": {\"version\": \"0.0.0\"}}";

    /** Headers that HTTP/1.1, the reason and conditional changes add. */
    private static final List<String> ADDED_HEADERS = List.of("Content-Length", "Connection", "X-Patroni-Reason",
            "ETag");

    static Comparison of(Recording recorded, String actual) {
        Comparison comparison = new Comparison(EnumSet.noneOf(GoldenDifference.class), new ArrayList<>());
        int headEnd = actual.indexOf("\r\n\r\n");
        String head = actual.substring(0, headEnd + 2);
        String body = actual.substring(headEnd + 4);
        comparison.compareStatus(recorded, head.substring(0, head.indexOf("\r\n")));
        if (recorded.body().startsWith("<!DOCTYPE") || recorded.code() == 502) {
            comparison.compareErrorPage(recorded, body);
        } else {
            comparison.compareHeaders(recorded, head);
            comparison.compareBody(recorded, body);
        }
        return comparison;
    }

    static Comparison fault(String text) {
        return new Comparison(EnumSet.noneOf(GoldenDifference.class), List.of(text));
    }

    static Comparison decided(GoldenDifference difference) {
        return new Comparison(EnumSet.of(difference), List.of());
    }

    private void compareStatus(Recording recorded, String statusLine) {
        boolean page = recorded.body().startsWith("<!DOCTYPE");
        // The text beside the code was part of the page: "501 Unsupported method ('POST')".
        if (statusLine.equals(recorded.statusLine()) || page && statusLine.startsWith("HTTP/1.0 " + recorded.code())) {
            return;
        }
        boolean special = List.of("/liveness", "/readiness", "/patroni", "/metrics", "/cluster", "/history", "/config",
                "/failsafe").contains(recorded.route());
        if (!recorded.method().equals("GET") && special && recorded.code() == 503) {
            differences.add(GoldenDifference.STATUS_OF_GET);
        } else {
            faults.add("status line " + statusLine + " instead of " + recorded.statusLine());
        }
    }

    private void compareErrorPage(Recording recorded, String body) {
        differences.add(GoldenDifference.NO_HTML);
        if (body.contains("<") || body.lines().count() != 1 || recorded.body().isEmpty()) {
            faults.add("error body is not one plain line: " + body);
        }
    }

    private void compareHeaders(Recording recorded, String head) {
        Map<String, String> actual = new LinkedHashMap<>();
        head.lines().skip(1).filter(line -> line.contains(": ")).forEach(line -> actual
                .put(line.substring(0, line.indexOf(": ")), line.substring(line.indexOf(": ") + 2)));
        boolean dated = actual.remove("Date") != null;
        List<String> names = new ArrayList<>(actual.keySet());
        names.removeAll(ADDED_HEADERS);
        List<String> wanted = recorded.headers().stream().map(Map.Entry::getKey).toList();
        if (dated != recorded.dated() || !names.equals(wanted)) {
            faults.add("headers " + names + (dated ? " with" : " without") + " Date instead of " + wanted);
        }
        for (Map.Entry<String, String> header : recorded.headers()) {
            String value = actual.getOrDefault(header.getKey(), "nothing");
            if (header.getValue().startsWith("BaseHTTP/") || value.equals(header.getValue())) {
                continue;
            }
            if (recorded.route().equals("/metrics") && value.equals(MetricsText.CONTENT_TYPE)) {
                differences.add(GoldenDifference.METRICS_CONTENT_TYPE);
            } else {
                faults.add("header " + header.getKey() + " is " + value + " instead of " + header.getValue());
            }
        }
    }

    private void compareBody(Recording recorded, String body) {
        String comparable = body;
        if (body.endsWith(OWN_FIELD)) {
            comparable = body.substring(0, body.length() - OWN_FIELD.length()) + "}";
            differences.add(GoldenDifference.OWN_FIELD);
        }
        if (recorded.route().equals("/metrics") && body.startsWith(recorded.body())
                && body.startsWith("# HELP patroni_master ", recorded.body().length())) {
            comparable = recorded.body();
            differences.add(GoldenDifference.FURTHER_METRICS);
        }
        if (!comparable.equals(recorded.body())) {
            int at = 0;
            while (at < Math.min(comparable.length(), recorded.body().length())
                    && comparable.charAt(at) == recorded.body().charAt(at)) {
                at++;
            }
            faults.add("body differs at " + at + ": " + excerpt(comparable, at) + " instead of "
                    + excerpt(recorded.body(), at));
        }
    }

    private static String excerpt(String text, int at) {
        return "..." + text.substring(Math.max(0, at - 40), Math.min(text.length(), at + 60)) + "...";
    }
}
