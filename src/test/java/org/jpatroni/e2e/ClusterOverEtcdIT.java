package org.jpatroni.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.jpatroni.e2e.TestCluster.AFTER_LEASE;
import static org.jpatroni.e2e.TestCluster.SOON;
import static org.jpatroni.e2e.TestCluster.eventually;

import java.nio.file.Files;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jpatroni.dcs.etcd.EtcdServer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** The life of a cluster over etcd, from nothing to its second start: one long story, because each chapter needs the one before. */
class ClusterOverEtcdIT {

    private static final String TEXTS = "SELECT text FROM notes";

    @AutoClose private final EtcdServer etcd = EtcdServer.start();

    @AutoClose
    @RegisterExtension final TestCluster cluster = TestCluster.overEtcd(etcd.url());

    @Test
    void lifeOfACluster() throws Exception {
        TestNode first = bootstrap();
        writesReachEveryReplica(first);
        aKilledPostmasterComesBackInPlace(first);
        TestNode second = aLostNodeIsReplacedAfterTheLease(first);
        aDivergedPrimaryIsRewound(first, second);
        TestNode third = theLeaderHandsOverWhenItIsStopped(second);
        theWholeClusterIsStartedAgain(third);
        cluster.assertCleanLogs();
        assertThat(cluster.nodes).as("connections of watches are changed in silence")
                .allSatisfy(node -> assertThat(node.daemon.output()).doesNotContain("watching etcd was interrupted"));
    }

    private TestNode bootstrap() {
        cluster.startAll();
        TestNode leader = cluster.awaitLeader(SOON);
        cluster.awaitWhole(leader, SOON);
        assertHealthChecks(leader);
        JsonNode members = leader.get("/cluster").json().path("members");
        assertThat(members).allSatisfy(member -> {
            assertThat(member.path("timeline").asInt()).isEqualTo(1);
            assertThat(member.path("api_url").asString()).endsWith("/patroni");
        });
        assertThat(cluster.but(leader)).allSatisfy(
                replica -> assertThat(replica.get("/cluster").json().path("members")).hasSize(3));
        assertThat(etcd.read("/service/e2e/leader")).contains(leader.name);
        return leader;
    }

    /** What load balancers see on each node. */
    private void assertHealthChecks(TestNode leader) {
        Map<String, Integer> onLeader = new TreeMap<>(
                Map.of("/", 200, "/primary", 200, "/read-write", 200, "/leader", 200,
                        "/replica", 503, "/read-only", 200, "/health", 200, "/liveness", 200, "/readiness", 200));
        Map<String, Integer> onReplica = new TreeMap<>(
                Map.of("/", 503, "/primary", 503, "/read-write", 503, "/leader", 503,
                        "/replica", 200, "/read-only", 200, "/health", 200, "/liveness", 200, "/readiness", 200));
        eventually("health checks of " + leader, SOON, () -> {
            assertThat(answers(leader, onLeader)).isEqualTo(onLeader);
            for (TestNode replica : cluster.but(leader)) {
                assertThat(answers(replica, onReplica)).as(replica.name).isEqualTo(onReplica);
            }
        });
    }

    private static Map<String, Integer> answers(TestNode node, Map<String, Integer> paths) {
        Map<String, Integer> answers = new TreeMap<>();
        paths.keySet().forEach(path -> answers.put(path, node.status(path)));
        return answers;
    }

    private void writesReachEveryReplica(TestNode leader) throws SQLException {
        leader.execute("CREATE TABLE notes (text text)");
        leader.execute("INSERT INTO notes VALUES ('first')");
        cluster.but(leader).forEach(replica -> TestCluster.awaitRow(replica, TEXTS, "first"));
    }

    private void aKilledPostmasterComesBackInPlace(TestNode leader) throws SQLException {
        cluster.remark("SIGKILL of the postmaster of " + leader);
        try (Writer writer = Writer.start(leader, 1)) {
            writer.awaitMore(20, SOON);
            long pid = leader.postmasterPid();
            leader.killPostmaster();
            long killedAt = System.nanoTime();
            await("/primary says 503").atMost(Duration.ofSeconds(2)).pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(1)).until(() -> leader.status("/primary") == 503);
            long noticedMillis = (System.nanoTime() - killedAt) / 1_000_000;
            writer.awaitMore(20, Duration.ofSeconds(15));
            long writableMillis = (System.nanoTime() - killedAt) / 1_000_000;
            System.out.printf("SIGKILL of the postmaster: /primary 503 after %d ms, twenty rows later %d ms%n",
                    noticedMillis,
                    writableMillis);
            assertThat(noticedMillis).isLessThan(100);
            assertThat(writableMillis).isLessThan(10_000);
            assertThat(leader.postmasterPid()).isNotEqualTo(pid);
        }
        cluster.awaitWhole(leader, SOON);
        assertThat(TestCluster.timeline(leader)).isEqualTo(1);
    }

    private TestNode aLostNodeIsReplacedAfterTheLease(TestNode lost) throws SQLException {
        cluster.remark("SIGKILL of agent and postmaster of " + lost);
        lost.daemon.kill();
        lost.killPostmaster();
        TestNode leader = cluster.awaitLeader(AFTER_LEASE);
        eventually(leader + " is writable", SOON, () -> assertThat(leader.isWritable()).isTrue());
        leader.execute("INSERT INTO notes VALUES ('second')");
        assertThat(leader.query(TEXTS)).contains("first", "second");
        eventually("timeline 2 and the switch in the history", SOON, () -> {
            assertThat(TestCluster.timeline(leader)).isEqualTo(2);
            JsonNode history = leader.get("/history").json();
            assertThat(history).hasSize(1);
            assertThat(history.get(0).get(0).asInt()).isEqualTo(1);
            assertThat(history.get(0).get(4).asString()).isEqualTo(leader.name);
        });
        assertThat(leader.get("/patroni").body()).doesNotContain("pending_restart");
        TestNode other = cluster.but(leader).stream().filter(node -> node != lost).findFirst().orElseThrow();
        TestCluster.awaitRow(other, TEXTS, "second");
        return leader;
    }

    /** While its agent was away somebody started the old primary by hand, and wrote. */
    private void aDivergedPrimaryIsRewound(TestNode diverged, TestNode leader) throws Exception {
        HandStarted byHand = HandStarted.start(diverged);
        byHand.execute("INSERT INTO notes SELECT 'nobody may see this' FROM generate_series(1, 1000)");
        byHand.stop();
        cluster.remark("start of the diverged " + diverged);
        int before = diverged.daemon.outputLength();
        diverged.daemon.start();
        cluster.awaitWhole(leader, SOON);
        assertThat(diverged.daemon.outputSince(before)).contains("pg_rewind");
        TestCluster.awaitRow(diverged, TEXTS, "second");
        assertThat(diverged.query(TEXTS)).doesNotContain("nobody may see this");
        assertThat(TestCluster.timeline(diverged)).isEqualTo(2);
    }

    private TestNode theLeaderHandsOverWhenItIsStopped(TestNode stopped) throws SQLException {
        cluster.remark("SIGTERM of " + stopped);
        stopped.execute("INSERT INTO notes VALUES ('third')");
        long begunAt = System.nanoTime();
        stopped.daemon.terminate();
        TestNode leader = await("another leader").atMost(SOON).pollInterval(Duration.ofMillis(20))
                .until(cluster::leader, found -> found.filter(node -> node != stopped).isPresent()).orElseThrow();
        long seconds = (System.nanoTime() - begunAt) / 1_000_000_000L;
        assertThat(seconds).as("well before the end of a lease").isLessThan(TestCluster.TTL_SECONDS / 2);
        assertThat(stopped.daemon.awaitExit(SOON)).isZero();
        assertThat(stopped.postmaster()).isEmpty();
        eventually(leader + " has all that was acknowledged", SOON,
                () -> assertThat(leader.query(TEXTS)).contains("third"));
        stopped.daemon.start();
        cluster.awaitWhole(leader, SOON);
        assertThat(TestCluster.timeline(leader)).isEqualTo(3);
        return leader;
    }

    private void theWholeClusterIsStartedAgain(TestNode last) throws Exception {
        cluster.remark("SIGTERM of all");
        String identifier = last.query("SELECT system_identifier::text FROM pg_control_system()").getFirst();
        cluster.but(last).forEach(node -> node.daemon.terminate());
        cluster.but(last).forEach(node -> assertThat(node.daemon.awaitExit(SOON)).isZero());
        last.daemon.terminate();
        assertThat(last.daemon.awaitExit(SOON)).isZero();
        assertThat(cluster.nodes).allSatisfy(node -> assertThat(node.postmaster()).isEmpty());
        assertThat(Files.exists(last.dataDir().resolve("PG_VERSION"))).isTrue();
        cluster.remark("all start again");
        cluster.startAll();
        TestNode leader = cluster.awaitLeader(AFTER_LEASE);
        cluster.awaitWhole(leader, SOON);
        assertThat(leader.query(TEXTS)).containsExactlyElementsOf(List.of("first", "second", "third"));
        assertThat(leader.query("SELECT system_identifier::text FROM pg_control_system()")).containsExactly(identifier);
        assertHealthChecks(leader);
    }
}
