package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jpatroni.config.NodeConfig.BasicCredentials;
import org.jpatroni.config.RestApiConfig;
import org.jpatroni.config.Secret;
import org.jpatroni.json.PythonJsonReader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Who Patroni 4.1.4 let in, is let in; who it refused, is refused with the same bytes but for what HTTP/1.1 adds. */
class AccessGoldenTest {

    @Test
    void everyRecordedRefusalIsGivenAgain() throws Exception {
        List<String> faults = new ArrayList<>();
        int refusals = 0;
        for (Object row : rows()) {
            List<?> fields = (List<?>) Objects.requireNonNull(row);
            String statusLine = text(fields, 7);
            boolean refusedThere = statusLine.contains(" 401 ");
            refusals += refusedThere ? 1 : 0;
            String authorization = fields.get(6) == null ? null : text(fields, 6);
            RestApiConfig config = config(text(fields, 1));
            AccessVerdict verdict = AccessRules.decide(
                    new AccessRules.Question(access(text(fields, 4), text(fields, 5)), InetAddress.getLoopbackAddress(),
                            Optional.empty(), authorization, false),
                    AccessSettings.of(config), address -> false, address -> false);
            String what = text(fields, 4) + " " + text(fields, 5) + " [" + text(fields, 3) + "]";
            if (verdict instanceof AccessVerdict.Refused refused) {
                if (refusedThere) {
                    compare(fields, refused.response(), config, what, faults);
                } else {
                    faults.add(what + ": refused here, there " + statusLine);
                }
            } else if (refusedThere) {
                faults.add(what + ": let in");
            }
        }
        assertThat(faults).isEmpty();
        assertThat(refusals).isGreaterThan(260);
    }

    private static Route.Access access(String method, String path) {
        return WriteRoutes.TABLE.stream().filter(route -> route.method().equals(method) && route.path().equals(path))
                .findFirst().map(Route::access).orElse(Route.Access.AUTHENTICATED);
    }

    private static void compare(List<?> fields, Response response, RestApiConfig config, String what,
            List<String> faults) {
        String actual = new String(new WireFormat(config, "0.0.0").encode(response, false, false,
                new FixedTime().wall()), StandardCharsets.UTF_8);
        int headEnd = actual.indexOf("\r\n\r\n");
        List<String> lines = actual.substring(0, headEnd).lines().filter(line -> !line.startsWith("Date: ")
                && !line.startsWith("Content-Length: ") && !line.startsWith("Connection: ")).toList();
        List<String> wanted = new ArrayList<>(List.of(text(fields, 7)));
        for (Object header : (List<?>) Objects.requireNonNull(fields.get(8))) {
            String value = text((List<?>) Objects.requireNonNull(header), 1);
            wanted.add(text((List<?>) header, 0) + ": " + (value.startsWith("BaseHTTP") ? "JPatroni/0.0.0" : value));
        }
        if (!lines.equals(wanted) || !actual.substring(headEnd + 4).equals(text(fields, 9))) {
            faults.add(what + ": " + lines + " " + actual.substring(headEnd + 4) + " instead of " + wanted);
        }
    }

    private static RestApiConfig config(String state) {
        RestApiConfig plain = ApiServer.config("127.0.0.1", 8008);
        boolean minimal = state.contains("server_tokens: minimal");
        Map<String, String> extra = new LinkedHashMap<>();
        if (minimal) {
            extra.put("X-Frame-Options", "SAMEORIGIN");
            extra.put("X-XSS-Protection", "1; mode=block");
        }
        return new RestApiConfig(plain.listen(), plain.connectAddress(),
                Optional.of(new BasicCredentials("user", new Secret("pass"))), extra, Map.of(),
                minimal ? "minimal" : "original", 0, Optional.empty(), List.of(), false);
    }

    private static List<?> rows() throws Exception {
        try (InputStream in = AccessGoldenTest.class.getResourceAsStream("/golden/access.json")) {
            String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
            return (List<?>) Objects.requireNonNull(PythonJsonReader.read(text));
        }
    }

    private static String text(List<?> row, int index) {
        @Nullable Object value = row.get(index);
        return Objects.requireNonNull(value).toString();
    }
}
