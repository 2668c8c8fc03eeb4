package org.jpatroni.api;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import org.jpatroni.api.Route.Body;
import org.jpatroni.api.Route.Handler.OfCommand;

/** Bodies of every shape for every call that takes one: fields that it knows, with values that it may not expect. */
final class FuzzBodies implements AutoCloseable {

    private static final List<String> SCALARS = List.of("null", "true", "false", "0", "-1", "1", "30", "1.5", "1e400",
            "-0", "1E-7", "NaN",
            "Infinity", "-Infinity", "123456789012345678901234567890", "9".repeat(400), "\"\"", "\"30\"", "\"abc\"",
            "\"on\"",
            "\"\\u0000\"", "\"\\ud800\"", "\"\\ud83d\\ude00\"", "\"é€😀\"", "\"2100-01-01T00:00Z\"",
            "\"2026-11-22T19:46:05+00:00\"",
            "\"now\"", "\"10MB\"", "\"15.1\"", "\"n1\"", "\"node1\"", "\"node0\"", "\"" + "x".repeat(5_000) + "\"",
            "\"'; drop table\"",
            "\"../../etc\"", "\"http://127.0.0.1:1/\"");
    private static final List<String> NAMES = List.of("ttl", "loop_wait", "retry_timeout", "postgresql", "parameters",
            "pg_hba", "pause",
            "synchronous_mode", "maximum_lag_on_failover", "slots", "standby_cluster", "a.b", "", "\\u0000", "é",
            "type", "host",
            "check_timeline", "ignore_slots", "use_slots", "failsafe_mode");

    private final FuzzTarget target;
    private final List<Route> routes = new ArrayList<>();
    private final ThreadLocal<Client> clients = ThreadLocal.withInitial(Client::new);
    private final List<Socket> open = new ArrayList<>();

    /** One thread's connection, opened again when the server has closed it. */
    private static final class Client {
        private Optional<Socket> socket = Optional.empty();
    }

    FuzzBodies(FuzzTarget target) {
        this.target = target;
        WriteRoutes.TABLE.stream()
                .filter(route -> route.handler() instanceof OfCommand command && command.body() != Body.IGNORED)
                .forEach(routes::add);
    }

    Optional<String> play(long seed) throws IOException {
        Random random = new Random(seed);
        Route route = routes.get(random.nextInt(routes.size()));
        byte[] body = body(route, random).getBytes(StandardCharsets.UTF_8);
        boolean dryRun = random.nextInt(4) == 0;
        String accept = random.nextInt(3) == 0 ? "Accept: application/json\r\n" : "";
        String head = route.method() + " " + route.path() + (dryRun ? "?dry_run" : "") + " HTTP/1.1\r\n" + accept
                + "Authorization: Basic dXNlcjpwYXNz\r\nContent-Length: " + body.length + "\r\n\r\n";
        String answer = exchange(head, body);
        int code = Integer.parseInt(answer.substring(9, 12));
        TreeSet<Integer> known = new TreeSet<>(List.of(400, 413, 503));
        route.doc().answers().forEach(described -> known.add(described.code()));
        Optional<String> wrong = FuzzTarget.complaint(answer);
        if (wrong.isEmpty() && !known.contains(code)) {
            wrong = Optional.of("a code that is not described: " + code);
        }
        return wrong
                .map(what -> what + "\n--- sent:\n" + head + FuzzBytes.shown(new String(body, StandardCharsets.UTF_8))
                        + "\n--- came:\n" + FuzzBytes.shown(answer));
    }

    private String exchange(String head, byte[] body) throws IOException {
        Client client = clients.get();
        Socket socket = client.socket.orElse(null);
        if (socket == null) {
            socket = target.server.connect();
            client.socket = Optional.of(socket);
            synchronized (open) {
                open.add(socket);
            }
        }
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(head.getBytes(StandardCharsets.ISO_8859_1));
        request.writeBytes(body);
        socket.getOutputStream().write(request.toByteArray());
        String answer = ApiServer.readOne(socket);
        if (answer.contains("Connection: close")) {
            socket.close();
            client.socket = Optional.empty();
        }
        return answer;
    }

    private static String body(Route route, Random random) {
        if (random.nextInt(30) == 0) {
            return value(random, 0);
        }
        StringBuilder body = new StringBuilder("{");
        List<RouteDoc.Field> fields = route.doc().fields();
        for (int i = random.nextInt(6); i >= 0; i--) {
            String name = !fields.isEmpty() && random.nextInt(5) > 0
                    ? fields.get(random.nextInt(fields.size())).name()
                    : NAMES.get(random.nextInt(NAMES.size()));
            body.append(body.length() > 1 ? "," : "").append('"').append(name).append("\":").append(value(random, 0));
        }
        body.append('}');
        if (random.nextInt(20) == 0) {
            body.setCharAt(random.nextInt(body.length()), (char) (32 + random.nextInt(96)));
        }
        return body.toString();
    }

    private static String value(Random random, int depth) {
        int kind = random.nextInt(100);
        if (kind < 70 || depth > 4) {
            return SCALARS.get(random.nextInt(SCALARS.size()));
        }
        if (kind == 70) {
            int levels = 1 + random.nextInt(1_000);
            return "[".repeat(levels) + "]".repeat(levels);
        }
        if (kind == 71) {
            int levels = 1 + random.nextInt(600);
            return "{\"a\":".repeat(levels) + "1" + "}".repeat(levels);
        }
        StringBuilder text = new StringBuilder();
        boolean list = kind < 82;
        for (int i = random.nextInt(4); i > 0; i--) {
            text.append(text.isEmpty() ? "" : ",");
            if (!list) {
                text.append('"').append(NAMES.get(random.nextInt(NAMES.size()))).append("\":");
            }
            text.append(value(random, depth + 1));
        }
        return list ? "[" + text + "]" : "{" + text + "}";
    }

    @Override
    public void close() {
        synchronized (open) {
            for (Socket socket : open) {
                try {
                    socket.close();
                } catch (IOException gone) {
                    // It is.
                }
            }
        }
    }
}
