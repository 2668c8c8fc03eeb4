package org.jpatroni.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One node: its folder, its ports, its daemon, and what can be asked of it. */
final class TestNode {

    static final Path PROGRAMS = Path.of("/usr/lib/postgresql/15/bin");

    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2)).build();
    private static final JsonMapper JSON = new JsonMapper();

    final String name;
    final Path folder;
    final int restPort;
    final int sqlPort;
    final NodeProcess daemon;

    TestNode(String name, Path folder, int restPort, int sqlPort) {
        this.name = name;
        this.folder = folder;
        this.restPort = restPort;
        this.sqlPort = sqlPort;
        this.daemon = new NodeProcess(folder);
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path configuration() {
        return folder.resolve("node.yml");
    }

    Path dataDir() {
        return folder.resolve("data");
    }

    /** Writes the configuration file. */
    void configure(String yaml) {
        try {
            Files.writeString(configuration(), yaml);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A whole answer of the REST API. */
    record Answer(int status, String body) {
        JsonNode json() {
            return JSON.readTree(body);
        }
    }

    /** Asks the REST API; no answer is status 0. */
    Answer get(String path) {
        return answer(to(path).timeout(Duration.ofSeconds(5)).build());
    }

    Answer post(String path, String body) {
        return send("POST", path, body);
    }

    /** Gives an order; orders take their time. */
    Answer send(String method, String path, String body) {
        return answer(to(path).timeout(Duration.ofMinutes(2))
                .method(method, HttpRequest.BodyPublishers.ofString(body)).build());
    }

    private HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + restPort + path));
    }

    private static Answer answer(HttpRequest request) {
        try {
            HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
            return new Answer(response.statusCode(), response.body());
        } catch (IOException unanswered) {
            return new Answer(0, String.valueOf(unanswered));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    int status(String path) {
        return get(path).status();
    }

    Connection connect() throws SQLException {
        return connect(sqlPort);
    }

    static Connection connect(int port) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", "postgres");
        properties.setProperty("password", TestCluster.PASSWORD);
        properties.setProperty("connectTimeout", "2");
        properties.setProperty("socketTimeout", "10");
        properties.setProperty("ApplicationName", "test");
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres", properties);
    }

    void execute(String sql) throws SQLException {
        try (Connection connection = connect(); Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** The first column of all rows, as text. */
    List<String> query(String sql) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            List<String> values = new ArrayList<>();
            while (rows.next()) {
                values.add(String.valueOf(rows.getString(1)));
            }
            return values;
        }
    }

    /** Whether PostgreSQL accepts writes. */
    boolean isWritable() {
        try {
            return query("SELECT pg_is_in_recovery()").equals(List.of("f"))
                    && query("SHOW transaction_read_only").equals(List.of("off"));
        } catch (SQLException down) {
            return false;
        }
    }

    /** The postmaster of the data directory, when it runs. */
    Optional<Long> postmaster() {
        try {
            long pid = Long.parseLong(Files.readAllLines(dataDir().resolve("postmaster.pid")).getFirst().strip());
            return Signals.isAlive(pid) ? Optional.of(pid) : Optional.empty();
        } catch (IOException | NumberFormatException | java.util.NoSuchElementException none) {
            return Optional.empty();
        }
    }

    long postmasterPid() {
        return postmaster().orElseThrow(() -> new AssertionError("PostgreSQL of " + name + " does not run"));
    }

    void killPostmaster() {
        Signals.send(postmasterPid(), "KILL");
    }

    /** The end of its log. */
    String story() {
        return "----- " + name + " (REST " + restPort + ", SQL " + sqlPort + ")\n" + daemon.tail();
    }

    @Override
    public String toString() {
        return name;
    }
}
