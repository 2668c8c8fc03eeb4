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
import org.jspecify.annotations.Nullable;

/**
 * One call of the write side recorded from Patroni.
 *
 * @param answer what Patroni answered, without the value of Date
 * @param request the bytes that were sent, one character each
 * @param halfClosed the client ended its side behind them
 */
record WriteRecording(Recording answer, String request, boolean halfClosed) {

    String body() {
        return request.substring(request.indexOf("\r\n\r\n") + 4);
    }

    /** As in the route table. */
    String call() {
        return answer.method() + " " + answer.path();
    }

    /** Patroni closed without a word, or waited for ever. */
    boolean isUnanswered() {
        return answer.statusLine().isEmpty();
    }

    boolean isErrorPage() {
        return answer.body().startsWith("<!DOCTYPE");
    }

    static List<WriteRecording> load() {
        try (InputStream in = WriteRecording.class.getResourceAsStream("/golden/write-side.json")) {
            String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
            Map<?, ?> root = (Map<?, ?>) Objects.requireNonNull(PythonJsonReader.read(text));
            List<?> bodies = list(root.get("bodies"));
            List<?> requests = list(root.get("requests"));
            List<WriteRecording> all = new ArrayList<>();
            for (Object row : list(root.get("exchanges"))) {
                List<?> columns = list(row);
                all.add(new WriteRecording(Recording.of(columns, bodies),
                        String.valueOf(requests.get(((Number) Objects.requireNonNull(columns.get(11))).intValue())),
                        Boolean.TRUE.equals(columns.get(12))));
            }
            return all;
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static List<?> list(@Nullable Object value) {
        return (List<?>) Objects.requireNonNull(value);
    }
}
