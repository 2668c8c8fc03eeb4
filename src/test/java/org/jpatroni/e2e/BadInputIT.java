package org.jpatroni.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.e2e.TestCluster.SOON;
import static org.jpatroni.e2e.TestCluster.eventually;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jpatroni.dcs.etcd.EtcdServer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What is wrong around the daemon ends in, or shows, one clear line that names the setting or the file; never in a stack trace, and never
 * in lost data.
 */
class BadInputIT {

    @AutoClose
    @RegisterExtension final TestCluster cluster = new TestCluster(List.of("alone"),
            name -> "etcd3: {host: '127.0.0.1:1'}\n");

    private final TestNode node = cluster.node("alone");

    /** Starts the daemon, which must end by itself with an error. */
    private void startFails(List<String> prefix) {
        node.daemon.start(prefix);
        assertThat(node.daemon.awaitExit(SOON)).as(node.daemon.output()).isNotZero();
    }

    private void startFails() {
        startFails(List.of());
    }

    /** One line says all of this, and no line is part of a stack trace. */
    private void assertOneClearLine(String... parts) {
        cluster.assertNoStackTraces();
        assertThat(node.daemon.output().lines().filter(line -> Stream.of(parts).allMatch(line::contains)))
                .as(String.join(" ... ", parts) + " in:\n" + node.daemon.output()).isNotEmpty();
    }

    private void change(String from, String to) throws IOException {
        String yaml = Files.readString(node.configuration());
        assertThat(yaml).contains(from);
        node.configure(yaml.replace(from, to));
    }

    private void useStore(EtcdServer etcd) throws IOException {
        useStore(etcd.url().replace("http://", ""));
    }

    private void useStore(String hostAndPort) throws IOException {
        change("127.0.0.1:1'", hostAndPort + "'");
    }

    @Test
    void brokenYaml() {
        node.configure("scope: e2e\nname: [alone\nrestapi: {}\n");
        startFails();
        assertOneClearLine(node.configuration() + ":3:");
    }

    @Test
    void configurationFileIsMissing() throws IOException {
        Files.delete(node.configuration());
        startFails();
        assertOneClearLine(node.configuration().toString());
    }

    @Test
    void wrongTypesAreToldAllAtOnce() throws IOException {
        change("restapi:\n  listen: 127.0.0.1:" + node.restPort, "restapi:\n  listen: 127.0.0.1:many");
        change("data_dir: " + node.dataDir(), "data_dir: [1, 2]");
        startFails();
        assertOneClearLine("restapi.listen: must be host:port", "node.yml:4");
        assertOneClearLine("postgresql.data_dir: must be text", "node.yml:");
        assertThat(node.daemon.output()).doesNotContain("is required");
    }

    @Test
    void restPortInUse() throws IOException {
        try (ServerSocket taken = new ServerSocket(node.restPort, 1, InetAddress.getLoopbackAddress())) {
            startFails();
            assertOneClearLine("restapi.listen", String.valueOf(taken.getLocalPort()), "in use");
        }
    }

    @Test
    void embeddedStorePortInUse() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            change("etcd3: {host: '127.0.0.1:1'}", "embedded: {listen: '127.0.0.1:" + taken.getLocalPort() + "'}");
            startFails();
            assertOneClearLine("embedded.listen", String.valueOf(taken.getLocalPort()), "in use");
        }
    }

    @Test
    void programsAreMissing() throws Exception {
        try (EtcdServer etcd = EtcdServer.start()) {
            useStore(etcd);
            change("bin_dir: " + TestNode.PROGRAMS, "bin_dir: " + node.folder.resolve("nowhere"));
            startFails();
            assertOneClearLine("postgresql.bin_dir", node.folder.resolve("nowhere").toString());
        }
    }

    @Test
    void parentOfTheDataDirectoryCannotBeWritten() throws Exception {
        try (EtcdServer etcd = EtcdServer.start()) {
            useStore(etcd);
            Path file = Files.writeString(node.folder.resolve("file"), "not a folder");
            change("data_dir: " + node.dataDir(), "data_dir: " + file.resolve("data"));
            startFails();
            assertOneClearLine("ERROR", "initdb", file.resolve("data").toString());
            assertThat(file).hasContent("not a folder");
        }
    }

    @Test
    void dataOfAnotherPostgresVersion() throws Exception {
        try (EtcdServer etcd = EtcdServer.start()) {
            useStore(etcd);
            Files.createDirectories(node.dataDir().resolve("global"));
            Files.writeString(node.dataDir().resolve("PG_VERSION"), "13\n");
            node.daemon.start();
            eventually("the API is open and tells the truth", SOON, () -> {
                assertThat(node.status("/liveness")).isEqualTo(200);
                assertThat(node.daemon.output()).contains("data directory cannot be used");
            });
            assertOneClearLine("data directory cannot be used: " + node.dataDir(), "PostgreSQL 13", "version 15");
            assertThat(node.dataDir().resolve("PG_VERSION")).hasContent("13");
        }
    }

    @Test
    void noStoreIsReachable() {
        node.daemon.start();
        eventually("the API is open and tells the truth", SOON, () -> {
            assertThat(node.status("/liveness")).isEqualTo(200);
            assertThat(node.status("/primary")).isEqualTo(503);
            assertThat(node.get("/patroni").json().path("state").asString()).isNotEqualTo("running");
            assertThat(node.daemon.output()).contains("DCS is not accessible");
        });
        assertOneClearLine("DCS is not accessible", "http://127.0.0.1:1");
        assertThat(node.dataDir()).doesNotExist();
    }

    @Test
    void etcdAnswersGarbage() throws IOException {
        HttpServer garbage = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        garbage.createContext("/", exchange -> {
            byte[] page = "<html>Welcome to nginx!</html>".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, page.length);
            try (var body = exchange.getResponseBody()) {
                body.write(page);
            }
        });
        garbage.start();
        try {
            useStore("127.0.0.1:" + garbage.getAddress().getPort());
            node.daemon.start();
            eventually("the API is open and tells the truth", SOON, () -> {
                assertThat(node.status("/liveness")).isEqualTo(200);
                assertThat(node.status("/primary")).isEqualTo(503);
                assertThat(node.daemon.output()).contains("DCS is not accessible");
            });
            assertOneClearLine("DCS is not accessible", "http://127.0.0.1:" + garbage.getAddress().getPort());
            assertThat(node.dataDir()).doesNotExist();
        } finally {
            garbage.stop(0);
        }
    }

    @Test
    void diskFullDuringTheBootstrap() throws Exception {
        try (EtcdServer etcd = EtcdServer.start()) {
            useStore(etcd);
            // What a file may have at most; PostgreSQL's WAL needs 16 MB.
            startFails(List.of("sh", "-c", "ulimit -f 8000; exec \"$@\"", "sh"));
            assertOneClearLine("initdb", "File too large");
            assertThat(etcd.read("/service/e2e/initialize")).as("given back, so that another can try").isEmpty();
            cluster.remark("start with space");
            node.daemon.start();
            assertThat(cluster.awaitLeader(SOON)).isSameAs(node);
        }
    }

    @Test
    void dataOfAnotherCluster() throws Exception {
        try (EtcdServer etcd = EtcdServer.start()) {
            useStore(etcd);
            node.daemon.start();
            cluster.awaitLeader(SOON);
            node.execute("CREATE TABLE notes AS SELECT 'precious' AS text");
            String identifier = etcd.read("/service/e2e/initialize").orElseThrow();
            node.daemon.terminate();
            assertThat(node.daemon.awaitExit(SOON)).isZero();
            etcd.put("/service/e2e/initialize", "7000000000000000001");
            cluster.remark("start beside another cluster");
            startFails();
            assertOneClearLine("CRITICAL: system ID mismatch", "7000000000000000001", identifier);
            assertThat(node.postmaster()).isEmpty();
            etcd.put("/service/e2e/initialize", identifier);
            cluster.remark("start beside its own cluster");
            node.daemon.start();
            cluster.awaitLeader(SOON);
            eventually("nothing was lost", SOON,
                    () -> assertThat(node.query("SELECT text FROM notes")).containsExactly("precious"));
        }
    }
}
