package org.jpatroni.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.e2e.TestCluster.SOON;
import static org.jpatroni.e2e.TestCluster.eventually;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jpatroni.dcs.etcd.EtcdServer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Planned moves of the leader on real servers, with clients that write: nothing acknowledged is lost. */
class SwitchoverIT {

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @AutoClose private final EtcdServer etcd = EtcdServer.start();

    @AutoClose
    @RegisterExtension final TestCluster cluster = TestCluster.overEtcd(etcd.url());

    private final Set<String> acknowledged = new HashSet<>();
    private long nextId = 1;

    @Test
    void movesOfTheLeader() throws Exception {
        cluster.startAll();
        TestNode first = cluster.awaitLeader(SOON);
        cluster.awaitWhole(first, SOON);
        impossibleOnesAreRefused(first);
        TestNode second = cluster.but(first).getFirst();
        TestNode third = cluster.but(first).getLast();
        move(first, second, first, "/switchover", switchover(first, second), "Successfully switched over to ");
        move(second, third, first, "/switchover", switchover(second, third), "Successfully switched over to ");
        move(third, first, second, "/failover", "{\"candidate\": \"" + first + "\"}", "Successfully failed over to ");
        cancelled(first, second);
        scheduled(first, second);
        paused(second, third);
        cluster.assertCleanLogs();
    }

    private static String switchover(TestNode leader, TestNode candidate) {
        return "{\"leader\": \"%s\", \"candidate\": \"%s\"}".formatted(leader, candidate);
    }

    private static String send(String method, TestNode node, String path, String body)
            throws IOException, InterruptedException {
        HttpResponse<String> answer = HTTP.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.restPort + path))
                        .header("Accept", path.contains("?") ? "application/json" : "*/*")
                        .timeout(Duration.ofSeconds(60)).method(method, BodyPublishers.ofString(body)).build(),
                HttpResponse.BodyHandlers.ofString());
        return answer.statusCode() + " " + answer.body();
    }

    private void impossibleOnesAreRefused(TestNode leader) throws Exception {
        TestNode replica = cluster.but(leader).getFirst();
        assertThat(send("POST", replica, "/switchover", switchover(replica, leader)))
                .isEqualTo("412 leader name does not match");
        assertThat(send("POST", leader, "/switchover", "{\"leader\": \"" + leader + "\", \"candidate\": \"nobody\"}"))
                .isEqualTo("412 candidate does not exists");
        assertThat(send("POST", leader, "/failover?why", "{\"candidate\": \"" + leader + "\"}")).startsWith("412 ")
                .contains("failover is not possible: no good candidates have been found",
                        "candidate.not-in-recovery");
        assertThat(send("POST", replica, "/switchover?dry_run", switchover(leader, replica))).startsWith("200 ")
                .contains("\"possible\": true", "\"new_leader\": \"" + replica + "\"", "candidate.good");
        assertThat(cluster.leader()).contains(leader);
        assertThat(etcd.read("/service/e2e/failover").orElse("{}")).isEqualTo("{}");
    }

    /** With a writer on each of the two. When the call returns, the new leader takes writes, and it has every acknowledged row. */
    private void move(TestNode from, TestNode to, TestNode asked, String path, String body, String expected)
            throws Exception {
        cluster.remark("POST " + path + " " + body + " to " + asked);
        List<Writer.Acknowledged> rows = new ArrayList<>();
        long begunAt;
        try (Writer old = Writer.start(from, nextId); Writer successor = Writer.append(to, nextId + 1_000_000)) {
            old.awaitMore(20, SOON);
            begunAt = System.nanoTime();
            assertThat(send("POST", asked, path, body)).isEqualTo("200 " + expected + "\"" + to + "\"");
            long millis = (System.nanoTime() - begunAt) / 1_000_000;
            assertThat(to.isWritable()).as("writable when the call returns").isTrue();
            successor.awaitMore(20, SOON);
            long gap = (successor.acknowledged().getFirst().atNanos() - old.lastAcknowledgedNanos()) / 1_000_000;
            System.out.printf("%s sent to the %s: the call took %d ms, %d ms without writes%n", path,
                    asked == from ? "leader" : "replica", millis, gap);
            rows.addAll(old.acknowledged());
            rows.addAll(successor.acknowledged());
        }
        nextId += 2_000_000;
        rows.forEach(row -> acknowledged.add(Long.toString(row.id())));
        assertThat(new HashSet<>(to.query("SELECT id::text FROM written"))).containsAll(acknowledged);
        cluster.awaitWhole(to, SOON);
        assertThat(from.daemon.output()).doesNotContain("pg_rewind -D");
    }

    private void cancelled(TestNode leader, TestNode candidate) throws Exception {
        assertThat(send("POST", candidate, "/switchover", scheduledAt(leader, candidate, 3600)))
                .isEqualTo("202 Switchover scheduled");
        eventually("/cluster shows it", SOON,
                () -> assertThat(leader.get("/cluster").body()).contains("scheduled_switchover"));
        assertThat(send("DELETE", candidate, "/switchover", "")).isEqualTo("200 scheduled switchover deleted");
        assertThat(send("DELETE", leader, "/switchover", "")).isEqualTo("404 no switchover is scheduled");
        assertThat(cluster.leader()).contains(leader);
    }

    private static String scheduledAt(TestNode leader, TestNode candidate, int seconds) {
        return "{\"leader\": \"%s\", \"candidate\": \"%s\", \"scheduled_at\": \"%s\"}".formatted(leader, candidate,
                OffsetDateTime.now(ZoneOffset.UTC).plusSeconds(seconds));
    }

    private void scheduled(TestNode from, TestNode to) throws Exception {
        long begunAt = System.nanoTime();
        assertThat(send("POST", from, "/switchover", scheduledAt(from, to, 3))).isEqualTo("202 Switchover scheduled");
        cluster.awaitWhole(to, SOON);
        assertThat(Duration.ofNanos(System.nanoTime() - begunAt)).isGreaterThan(Duration.ofSeconds(3));
    }

    private void paused(TestNode from, TestNode to) throws Exception {
        assertThat(send("PATCH", from, "/config", "{\"pause\": true}")).startsWith("200 ");
        assertThat(send("POST", from, "/switchover", "{\"leader\": \"" + from + "\"}"))
                .isEqualTo("400 Switchover is possible only to a specific candidate in a paused state");
        assertThat(send("POST", from, "/switchover", switchover(from, to)))
                .isEqualTo("200 Successfully switched over to \"" + to + "\"");
        assertThat(send("PATCH", to, "/config", "{\"pause\": null}")).startsWith("200 ");
        cluster.awaitWhole(to, SOON);
        assertRows(to);
    }

    private void assertRows(TestNode leader) throws SQLException {
        assertThat(new HashSet<>(leader.query("SELECT id::text FROM written"))).containsAll(acknowledged);
    }
}
