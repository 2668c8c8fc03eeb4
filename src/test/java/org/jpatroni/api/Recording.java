package org.jpatroni.api;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jpatroni.json.PythonJsonReader;

/**
 * One exchange recorded from Patroni.
 *
 * @param file the recording it comes from
 * @param state what the cluster was in, in words
 * @param nodeRole role of the asked node as the recorder saw it
 * @param headers names and values, without Date
 * @param dated whether there was a Date
 */
record Recording(String file, String state, String nodeRole, String node, String testCase, String method, String path,
        String statusLine, List<Map.Entry<String, String>> headers, boolean dated, String body) {

    int code() {
        return statusLine.isEmpty() ? 0 : Integer.parseInt(statusLine.substring(9, 12));
    }

    /** The path without its parameters. */
    String route() {
        return path.split("\\?", 2)[0];
    }

    /** What stays the same between exchanges with one node in one state. */
    String scene() {
        return file + "|" + state + "|" + node;
    }

    static List<Recording> load() {
        try (InputStream in = Recording.class.getResourceAsStream("/golden/read-side.json")) {
            String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
            Map<?, ?> root = (Map<?, ?>) Objects.requireNonNull(PythonJsonReader.read(text));
            List<?> bodies = list(root.get("bodies"));
            List<Recording> exchanges = new ArrayList<>();
            for (Object row : list(root.get("exchanges"))) {
                exchanges.add(of(list(row), bodies));
            }
            return exchanges;
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    static Recording of(List<?> row, List<?> bodies) {
        List<Map.Entry<String, String>> headers = new ArrayList<>();
        for (Object header : list(row.get(8))) {
            headers.add(Map.entry(text(list(header).get(0)), text(list(header).get(1))));
        }
        int body = ((Number) Objects.requireNonNull(row.get(10))).intValue();
        return new Recording(text(row.get(0)), text(row.get(1)), text(row.get(2)), text(row.get(3)), text(row.get(4)),
                text(row.get(5)), text(row.get(6)), text(row.get(7)), headers, Boolean.TRUE.equals(row.get(9)),
                text(bodies.get(body)));
    }

    private static List<?> list(@org.jspecify.annotations.Nullable Object value) {
        return (List<?>) Objects.requireNonNull(value);
    }

    private static String text(@org.jspecify.annotations.Nullable Object value) {
        return Objects.requireNonNull(value).toString();
    }
}
