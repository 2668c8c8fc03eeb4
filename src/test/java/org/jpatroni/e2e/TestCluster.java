package org.jpatroni.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.awaitility.core.ThrowingRunnable;
import org.jpatroni.testing.UnprivilegedUser;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import tools.jackson.databind.JsonNode;

/**
 * Nodes of one cluster with short times. Register it as an extension: a test that fails shows the logs of all daemons. Closing ends every
 * process of it, whatever state it is in.
 */
final class TestCluster implements AfterTestExecutionCallback, AutoCloseable {

    /** The smallest ttl that is accepted. */
    static final int TTL_SECONDS = 20;
    static final String SCOPE = "e2e";
    static final String PASSWORD = "from-the-test";

    /** For what takes a moment, on a machine that has other things to do. */
    static final Duration SOON = Duration.ofSeconds(60);
    /** For what begins with the end of a lease. */
    static final Duration AFTER_LEASE = Duration.ofSeconds(TTL_SECONDS).plus(SOON);

    final Path folder;
    final List<TestNode> nodes = new ArrayList<>();

    /**
     * @param storeSection the section of the store for each node, given the names; empty for none
     */
    TestCluster(List<String> names, Function<String, String> storeSection) {
        folder = UnprivilegedUser.newFolder("e2e");
        List<Integer> ports = freePorts(2 * names.size());
        for (int i = 0; i < names.size(); i++) {
            TestNode node = new TestNode(names.get(i), folder.resolve(names.get(i)), ports.get(2 * i),
                    ports.get(2 * i + 1));
            node.configure(yaml(node, storeSection.apply(node.name)));
            nodes.add(node);
        }
    }

    /** Three nodes with an etcd server. */
    static TestCluster overEtcd(String etcdUrl) {
        return new TestCluster(List.of("n1", "n2", "n3"),
                name -> "etcd3:\n  host: " + etcdUrl.replace("http://", "") + "\n");
    }

    /** Three nodes that carry the store themselves. */
    static TestCluster withEmbeddedEnsemble() {
        List<String> names = List.of("n1", "n2", "n3");
        List<Integer> ports = freePorts(3 * names.size());
        StringBuilder section = new StringBuilder("embedded:\n  members:\n");
        for (int i = 0; i < names.size(); i++) {
            section.append(
                    "    %s: 127.0.0.1:%d:%d:%d%n".formatted(names.get(i), ports.get(3 * i), ports.get(3 * i + 1),
                            ports.get(3 * i + 2)));
        }
        return new TestCluster(names, name -> section.toString());
    }

    /** Ports that nobody uses now. */
    static List<Integer> freePorts(int count) {
        List<ServerSocket> sockets = new ArrayList<>();
        List<Integer> ports = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                ServerSocket socket = new ServerSocket();
                sockets.add(socket);
                socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                ports.add(socket.getLocalPort());
            }
            for (ServerSocket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return ports;
    }

    private String yaml(TestNode node, String storeSection) {
        return """
                scope: %s
                name: %s
                restapi:
                  listen: 127.0.0.1:%d
                  connect_address: 127.0.0.1:%d
                %sbootstrap:
                  dcs:
                    ttl: %d
                    loop_wait: 5
                    retry_timeout: 5
                    postgresql:
                      use_pg_rewind: true
                      parameters:
                        max_connections: 30
                        shared_buffers: 8MB
                  initdb:
                  - encoding: UTF8
                  - data-checksums
                postgresql:
                  listen: 127.0.0.1:%d
                  connect_address: 127.0.0.1:%d
                  data_dir: %s
                  bin_dir: %s
                  pgpass: %s
                  authentication:
                    superuser: {username: postgres, password: %s}
                    replication: {username: replicator, password: %s}
                    rewind: {username: rewinder, password: %s}
                  parameters:
                    unix_socket_directories: %s
                    fsync: 'off'
                  pg_hba:
                  - local all all scram-sha-256
                  - host all all 127.0.0.1/32 scram-sha-256
                  - host replication replicator 127.0.0.1/32 scram-sha-256
                """.formatted(SCOPE, node.name, node.restPort, node.restPort, storeSection, TTL_SECONDS, node.sqlPort,
                node.sqlPort, node.dataDir(), TestNode.PROGRAMS, node.folder.resolve("pgpass"), PASSWORD, PASSWORD,
                PASSWORD, node.folder);
    }

    TestNode node(String name) {
        return nodes.stream().filter(node -> node.name.equals(name)).findFirst().orElseThrow();
    }

    /** The nodes but this one. */
    List<TestNode> but(TestNode one) {
        return nodes.stream().filter(node -> node != one).toList();
    }

    void startAll() {
        nodes.forEach(node -> node.daemon.start());
    }

    /** The node that says of itself that it is the primary. */
    Optional<TestNode> leader() {
        return leaderAmong(nodes);
    }

    private static Optional<TestNode> leaderAmong(List<TestNode> candidates) {
        return candidates.stream().filter(node -> node.daemon.isAlive() && node.status("/primary") == 200).findFirst();
    }

    TestNode awaitLeader(Duration limit) {
        return awaitLeaderAmong(nodes, limit);
    }

    static TestNode awaitLeaderAmong(List<TestNode> candidates, Duration limit) {
        return await("a leader").atMost(limit).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(20))
                .failFast("no daemon runs", () -> candidates.stream().noneMatch(node -> node.daemon.isAlive()))
                .until(() -> leaderAmong(candidates), Optional::isPresent).orElseThrow();
    }

    /** Waits until this one leads and all others stream from it, as the leader's /cluster tells. */
    void awaitWhole(TestNode leader, Duration limit) {
        eventually("one leader " + leader + ", the others streaming", limit, () -> {
            List<String> seen = members(leader);
            assertThat(seen).containsExactlyInAnyOrderElementsOf(nodes.stream()
                    .map(node -> node == leader ? node + " leader running" : node + " replica streaming").toList());
        });
    }

    /** Each member as {@code name role state}, as one node tells it. */
    static List<String> members(TestNode node) {
        TestNode.Answer answer = node.get("/cluster");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        List<String> rows = new ArrayList<>();
        for (JsonNode member : answer.json().path("members")) {
            rows.add(member.path("name").asString() + " " + member.path("role").asString() + " "
                    + member.path("state").asString());
        }
        return rows;
    }

    static int timeline(TestNode node) {
        return node.get("/patroni").json().path("timeline").asInt(0);
    }

    /** Waits until the assertion holds. */
    static void eventually(String what, Duration limit, ThrowingRunnable assertion) {
        await(what).atMost(limit).pollInterval(Duration.ofMillis(100)).ignoreExceptionsInstanceOf(SQLException.class)
                .untilAsserted(assertion);
    }

    /** Waits until the replica has a row that the leader has. */
    static void awaitRow(TestNode replica, String sql, String value) {
        await(replica + " shows " + value).atMost(SOON).pollInterval(Duration.ofMillis(50))
                .ignoreExceptionsInstanceOf(SQLException.class)
                .until(() -> replica.query(sql).contains(value));
    }

    /** What no daemon should ever have to say. */
    void assertCleanLogs() {
        assertNoStackTraces();
        assertThat(nodes).allSatisfy(node -> assertThat(node.daemon.output()).doesNotContain("CRITICAL"));
    }

    /** Whatever happens, it is told in words. */
    void assertNoStackTraces() {
        assertThat(nodes).allSatisfy(node -> assertThat(
                node.daemon.output().lines().filter(line -> line.startsWith("\tat "))).as(node.name).isEmpty());
    }

    /** A line in the log of every daemon, so that they can be read beside each other. */
    void remark(String text) {
        nodes.forEach(node -> node.daemon.remark(text));
    }

    @Override
    public void afterTestExecution(ExtensionContext context) {
        if (context.getExecutionException().isPresent()) {
            System.err.println(context.getDisplayName() + " failed: " + context.getExecutionException().get());
            nodes.forEach(node -> System.err.println(node.story()));
        }
    }

    @Override
    public void close() {
        nodes.forEach(node -> node.daemon.kill());
        // PostgreSQL servers, guards, and whatever else lives in the folder.
        eventually("every process in " + folder + " has ended", SOON, () -> {
            List<ProcessHandle> left = Signals.of(folder);
            left.forEach(ProcessHandle::destroyForcibly);
            assertThat(left).isEmpty();
        });
        UnprivilegedUser.delete(folder);
    }
}
