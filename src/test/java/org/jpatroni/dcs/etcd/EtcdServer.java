package org.jpatroni.dcs.etcd;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jpatroni.testing.UnprivilegedUser;
import tools.jackson.databind.JsonNode;

/** A real etcd of one member on free ports of the loopback interface, in a folder of its own. */
public final class EtcdServer implements AutoCloseable {

    private final Path folder = UnprivilegedUser.newFolder("etcd");
    private final int clientPort = freePort();
    private final int peerPort = freePort();
    private final String scheme;
    private final List<String> extra;
    private final HttpClient http;
    private Process process;

    private EtcdServer(String scheme, List<String> extra, HttpClient http) {
        this.scheme = scheme;
        this.extra = extra;
        this.http = http;
        this.process = launch();
    }

    public static EtcdServer start() {
        EtcdServer server = new EtcdServer("http", List.of(), HttpClient.newHttpClient());
        server.awaitReady();
        return server;
    }

    /** With client certificates required; {@code http} is how the test itself gets in. */
    static EtcdServer startTls(Path ca, Path cert, Path key, HttpClient http) {
        EtcdServer server = new EtcdServer("https", List.of("--trusted-ca-file=" + ca, "--cert-file=" + cert,
                "--key-file=" + key, "--client-cert-auth"), http);
        server.awaitReady();
        return server;
    }

    private Process launch() {
        String peer = "http://127.0.0.1:" + peerPort;
        List<String> command = new ArrayList<>(List.of("etcd", "--name=one", "--data-dir=" + folder.resolve("data"),
                "--listen-client-urls=" + url(), "--advertise-client-urls=" + url(), "--listen-peer-urls=" + peer,
                "--initial-advertise-peer-urls=" + peer, "--initial-cluster=one=" + peer, "--heartbeat-interval=50",
                "--election-timeout=500", "--logger=zap", "--log-level=error"));
        command.addAll(extra);
        try {
            ProcessBuilder builder = new ProcessBuilder(command);
            // The tests' own surroundings must not configure it.
            builder.environment().keySet().removeIf(name -> name.startsWith("ETCD"));
            return builder.redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile()).start();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start etcd: is the package etcd-server installed?", e);
        }
    }

    private void awaitReady() {
        try {
            Awaitility.await("etcd answers").atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(50))
                    .ignoreExceptions().until(this::isReady);
        } catch (RuntimeException notReady) {
            close();
            throw notReady;
        }
    }

    private boolean isReady() {
        JsonNode answer = call("/kv/range", "{\"key\":\"YQ==\"}");
        return answer.has("header") || EtcdJson.text(answer, "error").contains("user name is empty");
    }

    public String url() {
        return scheme + "://127.0.0.1:" + clientPort;
    }

    /** Ends it hard and starts it again with the same data. */
    void restart() {
        kill();
        process = launch();
        awaitReady();
    }

    /** Ends it hard and starts it with nothing in it, under the same address. */
    void restartEmpty() {
        kill();
        UnprivilegedUser.delete(folder.resolve("data"));
        process = launch();
        awaitReady();
    }

    void kill() {
        process.destroyForcibly();
        process.onExit().join();
    }

    public void pause() {
        signal("STOP");
    }

    public void goOn() {
        signal("CONT");
    }

    private void signal(String name) {
        try {
            new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor(5, TimeUnit.SECONDS);
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Calls the gateway directly. */
    JsonNode call(String method, String body) {
        return call(method, body, Optional.empty());
    }

    JsonNode call(String method, String body, Optional<String> token) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url() + "/v3" + method))
                .timeout(Duration.ofSeconds(5)).POST(HttpRequest.BodyPublishers.ofString(body));
        token.ifPresent(text -> request.header("Authorization", text));
        try {
            return EtcdJson.readObject(http.send(request.build(), HttpResponse.BodyHandlers.ofString()).body())
                    .orElseThrow();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    public void put(String key, String value) {
        call("/kv/put",
                EtcdJson.object().put("key", EtcdJson.encode(key)).put("value", EtcdJson.encode(value)).toString());
    }

    void delete(String key) {
        call("/kv/deleterange", EtcdJson.object().put("key", EtcdJson.encode(key)).toString());
    }

    public Optional<String> read(String key) {
        JsonNode kvs = call("/kv/range", EtcdJson.object().put("key", EtcdJson.encode(key)).toString()).path("kvs");
        return kvs.isEmpty() ? Optional.empty() : Optional.of(EtcdJson.entry(kvs.get(0)).value());
    }

    void revoke(String lease) {
        call("/lease/revoke", EtcdJson.object().put("ID", lease).toString());
    }

    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        kill();
        http.close();
        UnprivilegedUser.delete(folder);
    }

    public String log() {
        try {
            return Files.readString(folder.resolve("log"));
        } catch (IOException e) {
            return "";
        }
    }
}
