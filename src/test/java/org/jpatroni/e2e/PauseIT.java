package org.jpatroni.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.jpatroni.e2e.TestCluster.AFTER_LEASE;
import static org.jpatroni.e2e.TestCluster.SOON;
import static org.jpatroni.e2e.TestCluster.TTL_SECONDS;
import static org.jpatroni.e2e.TestCluster.eventually;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import org.jpatroni.dcs.etcd.EtcdServer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Maintenance mode with real servers: hand work is left alone, a named candidate takes over, and the end of the pause puts things right. */
class PauseIT {

    private static final String PREFIX = "/service/e2e/";
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    /** The loop waits 5 s; the change must not wait for it. */
    private static final Duration AT_ONCE = Duration.ofMillis(2500);

    @AutoClose private final EtcdServer etcd = EtcdServer.start();

    @AutoClose
    @RegisterExtension final TestCluster cluster = TestCluster.overEtcd(etcd.url());

    @Test
    void anOperatorWorksOnThePausedCluster() throws Exception {
        cluster.startAll();
        TestNode first = cluster.awaitLeader(SOON);
        cluster.awaitWhole(first, SOON);
        pause(true);
        TestNode second = cluster.but(first).getFirst();
        aSwitchoverGoesToTheNamedCandidate(first, second);
        theAgentIsStartedAnewAndPostgresqlGoesOn(second);
        TestNode promoted = aPromotionByHandMakesASecondPrimary(second);
        theStoreMayBeAway(second, promoted);
        pause(false);
        TestNode kept = cluster.awaitLeader(AFTER_LEASE);
        cluster.awaitWhole(kept, AFTER_LEASE);
        assertThat(cluster.nodes.stream().filter(TestNode::isWritable)).containsExactly(kept);
        pause(true);
        nothingIsPromotedNorStarted(kept);
        pause(false);
        TestNode next = cluster.awaitLeader(AFTER_LEASE);
        cluster.awaitWhole(next, AFTER_LEASE);
        cluster.assertCleanLogs();
    }

    private void pause(boolean on) throws Exception {
        cluster.remark(on ? "pause" : "resume");
        long begun = System.nanoTime();
        assertThat(call("PATCH", cluster.nodes.getFirst(), "/config", "{\"pause\": " + (on ? "true" : "null") + "}"))
                .isEqualTo(200);
        await("each member key says it").atMost(AT_ONCE).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(10))
                .until(() -> cluster.nodes.stream()
                        .allMatch(node -> memberKey(node).path("pause").asBoolean(false) == on));
        System.out.printf("%s: in all member keys after %d ms%n", on ? "pause" : "resume",
                (System.nanoTime() - begun) / 1_000_000);
        assertThat(cluster.nodes).allSatisfy(
                node -> assertThat(node.get("/cluster").json().path("pause").asBoolean(false)).isEqualTo(on));
    }

    private JsonNode memberKey(TestNode node) {
        return JsonMapper.shared().readTree(etcd.read(PREFIX + "members/" + node).orElse("{}"));
    }

    private static int call(String method, TestNode node, String path, String body)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.restPort + path))
                .method(method, HttpRequest.BodyPublishers.ofString(body)).timeout(SOON).build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
    }

    private void aSwitchoverGoesToTheNamedCandidate(TestNode from, TestNode to) throws Exception {
        cluster.remark("switchover from " + from + " to " + to);
        assertThat(call("POST", from, "/switchover", "{\"leader\": \"" + from + "\"}")).isEqualTo(400);
        assertThat(call("POST", from, "/switchover",
                "{\"leader\": \"" + from + "\", \"candidate\": \"" + to + "\"}")).isEqualTo(200);
        assertThat(to.isWritable()).isTrue();
        cluster.awaitWhole(to, SOON);
        assertThat(etcd.read(PREFIX + "failover").orElse("{}")).isEqualTo("{}");
    }

    private void theAgentIsStartedAnewAndPostgresqlGoesOn(TestNode leader) {
        cluster.remark("SIGTERM of the agent of " + leader);
        long postmaster = leader.postmasterPid();
        leader.daemon.signal("TERM");
        await("the agent has ended").atMost(SOON).until(() -> !leader.daemon.isAlive());
        assertThat(etcd.read(PREFIX + "leader")).contains(leader.name);
        assertThat(leader.isWritable()).isTrue();
        await("the lease has ended").atMost(AFTER_LEASE).until(() -> etcd.read(PREFIX + "leader").isEmpty());
        await("nobody takes over").during(Duration.ofSeconds(3)).atMost(Duration.ofSeconds(6))
                .until(() -> etcd.read(PREFIX + "leader").isEmpty() && leader.isWritable());
        leader.daemon.start();
        await("/primary is 200 again").atMost(SOON).until(() -> leader.status("/primary") == 200);
        assertThat(leader.postmasterPid()).isEqualTo(postmaster);
        cluster.awaitWhole(leader, SOON);
    }

    private TestNode aPromotionByHandMakesASecondPrimary(TestNode leader) throws Exception {
        TestNode promoted = cluster.but(leader).getFirst();
        cluster.remark("pg_promote() on " + promoted);
        assertThat(promoted.query("SELECT pg_promote()")).containsExactly("t");
        eventually("it is shown", SOON,
                () -> assertThat(memberKey(promoted).path("role").asString("")).isEqualTo("primary"));
        assertThat(promoted.daemon.output()).contains("continue to run as primary without lock");
        assertThat(leader.status("/primary")).isEqualTo(200);
        assertThat(promoted.status("/primary")).isEqualTo(503);
        assertThat(promoted.isWritable() && leader.isWritable()).isTrue();
        return promoted;
    }

    private void theStoreMayBeAway(TestNode leader, TestNode promoted) {
        cluster.remark("SIGSTOP of etcd");
        etcd.pause();
        await("nobody is stopped").during(Duration.ofSeconds(TTL_SECONDS + 3))
                .atMost(Duration.ofSeconds(TTL_SECONDS + 10)).pollInterval(Duration.ofMillis(500))
                .until(() -> leader.isWritable() && promoted.isWritable());
        assertThat(leader.status("/primary")).isEqualTo(200);
        assertThat(promoted.status("/primary")).isEqualTo(503);
        assertThat(cluster.nodes).allSatisfy(node -> assertThat(node.status("/liveness")).isEqualTo(200));
        etcd.goOn();
        await("somebody has the lock again").atMost(AFTER_LEASE)
                .until(() -> List.of(leader.name, promoted.name).contains(etcd.read(PREFIX + "leader").orElse("")));
    }

    private void nothingIsPromotedNorStarted(TestNode leader) {
        cluster.remark("SIGKILL of the postmaster of " + leader);
        leader.killPostmaster();
        await("the key is given up").atMost(SOON).until(() -> etcd.read(PREFIX + "leader").isEmpty());
        eventually("shown as stopped", SOON,
                () -> assertThat(memberKey(leader).path("state").asString("")).isEqualTo("stopped"));
        leader.daemon.signal("TERM");
        await("the agent has ended").atMost(SOON).until(() -> !leader.daemon.isAlive());
        leader.daemon.start();
        eventually("the agent is back", SOON, () -> assertThat(leader.status("/liveness")).isEqualTo(200));
        await("nobody leads, and it stays down").during(Duration.ofSeconds(8)).atMost(Duration.ofSeconds(12))
                .until(() -> etcd.read(PREFIX + "leader").isEmpty() && leader.postmaster().isEmpty()
                        && cluster.nodes.stream().noneMatch(TestNode::isWritable));
    }
}
