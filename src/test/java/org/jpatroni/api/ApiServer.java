package org.jpatroni.api;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jpatroni.config.HostPort;
import org.jpatroni.config.RestApiConfig;
import org.jpatroni.node.MetricFamily;

/** A server on a free port of the loopback, and bytes to and from it. */
final class ApiServer implements AutoCloseable {

    final HttpFrontend frontend;
    final FakeNode node;
    final FakeCommands commands = new FakeCommands();

    ApiServer(NodeFixture fixture) throws IOException {
        this(fixture, config("127.0.0.1", 0), ApiLimits.DEFAULT);
    }

    ApiServer(NodeFixture fixture, RestApiConfig config, ApiLimits limits) throws IOException {
        node = new FakeNode(fixture);
        frontend = HttpFrontend.start(config, node, commands, new TestTime(), "0.0.0", limits);
    }

    static RestApiConfig config(String host, int port) {
        return new RestApiConfig(new HostPort(host, port), new HostPort("127.0.0.1", 8008), Optional.empty(), Map.of(),
                Map.of(), "original", 0, Optional.empty(), List.of(), false);
    }

    /** A server that wants {@code user:pass} for what changes something. */
    static ApiServer guarded(NodeFixture fixture, ApiLimits limits) throws IOException {
        return new ApiServer(fixture, GuardedConfig.of(config("127.0.0.1", 0), Map.of()), limits);
    }

    Socket connect() throws IOException {
        return connect("127.0.0.1");
    }

    Socket connect(String host) throws IOException {
        Socket socket = new Socket();
        socket.connect(new InetSocketAddress(host, frontend.port()), 5_000);
        socket.setSoTimeout(5_000);
        return socket;
    }

    static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** All that comes until the server closes. */
    static String readAll(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }

    /** One answer with {@code Content-Length}. */
    static String readOne(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("closed after: " + head.toString(StandardCharsets.ISO_8859_1));
            }
            head.write(next);
        }
        String text = head.toString(StandardCharsets.ISO_8859_1);
        int length = text.lines().filter(line -> line.startsWith("Content-Length: "))
                .mapToInt(line -> Integer.parseInt(line.substring(16))).findFirst().orElse(0);
        return text + new String(in.readNBytes(length), StandardCharsets.ISO_8859_1);
    }

    /** Sends one request on a connection of its own and reads until the end. */
    String exchange(String request) throws IOException {
        try (Socket socket = connect()) {
            send(socket, request);
            return readAll(socket);
        }
    }

    /** The same, and our side of the connection is closed behind the request. */
    String exchangeHalfClosed(String request) throws IOException {
        try (Socket socket = connect()) {
            send(socket, request);
            socket.shutdownOutput();
            return readAll(socket);
        }
    }

    /** The status codes of answers, interim ones included, in the order in which they came. */
    static List<Integer> codes(String answers) {
        return Pattern.compile("HTTP/1\\.[01] (\\d{3}) ").matcher(answers).results()
                .map(found -> Integer.valueOf(found.group(1))).toList();
    }

    /** The status code of a GET on a connection of its own. */
    int get(String target) throws IOException {
        String answer = exchange("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        return Integer.parseInt(answer.substring(9, 12));
    }

    /** One of the API's own metrics, by name and labels but those of the node. */
    double figure(String name) {
        return figure(frontend.metrics(), name);
    }

    static double figure(List<MetricFamily> families, String name) {
        for (MetricFamily family : families) {
            for (MetricFamily.Sample sample : family.samples()) {
                String labels = sample.labels().stream().map(label -> label.name() + "=\"" + label.value() + "\"")
                        .collect(Collectors.joining(",", "{", "}"));
                if (name.equals(family.name() + sample.suffix() + (sample.labels().isEmpty() ? "" : labels))) {
                    return sample.value();
                }
            }
        }
        return Double.NaN;
    }

    @Override
    public void close() {
        node.release();
        frontend.close();
    }
}
