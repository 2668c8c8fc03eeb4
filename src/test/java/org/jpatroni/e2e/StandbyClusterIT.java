package org.jpatroni.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.jpatroni.e2e.TestCluster.SOON;
import static org.jpatroni.e2e.TestCluster.eventually;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jpatroni.dcs.etcd.EtcdServer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two clusters on real servers: one follows the other, changes its leader, becomes a cluster of its own, and follows again. */
class StandbyClusterIT {

    @AutoClose private final EtcdServer etcd = EtcdServer.start();

    @AutoClose
    @RegisterExtension final TestCluster main = new TestCluster(List.of("p1", "p2"), name -> store());

    @AutoClose
    @RegisterExtension final TestCluster site = new TestCluster(List.of("s1", "s2"), name -> store());

    private String store() {
        return "etcd3:\n  host: " + etcd.url().replace("http://", "") + "\n";
    }

    @Test
    void lifeOfAStandbyCluster() throws Exception {
        main.startAll();
        TestNode primary = main.awaitLeader(SOON);
        main.awaitWhole(primary, SOON);
        patch(primary, "{\"slots\": {\"site_2\": {\"type\": \"physical\"}}}");
        await("the slot").atMost(SOON).ignoreExceptions().until(() -> primary
                .query("SELECT count(*)::text FROM pg_replication_slots WHERE slot_name = 'site_2'").equals(
                        List.of("1")));
        primary.execute("CREATE TABLE t (i int)");
        follows(primary);
        TestNode other = theRemoteMoves(primary);
        switchover(other);
        TestNode independent = becomesACluster();
        independent.execute("INSERT INTO t VALUES (99)");
        followsAgain(independent, other);
        site.assertNoStackTraces();
    }

    private static void patch(TestNode node, String body) {
        assertThat(node.send("PATCH", "/config", body).status()).isEqualTo(200);
    }

    private String section() {
        return "{\"standby_cluster\": {\"host\": \"127.0.0.1,127.0.0.1\", \"port\": \"%d,%d\", \"primary_slot_name\": \"Site-2\"}}"
                .formatted(main.node("p1").sqlPort, main.node("p2").sqlPort);
    }

    private void follows(TestNode primary) throws Exception {
        for (TestNode node : site.nodes) {
            configure(node);
        }
        site.startAll();
        TestNode leader = awaitStandbyLeader(Optional.empty());
        assertThat(leader.status("/primary")).isEqualTo(503);
        assertThat(leader.get("/history").body()).isEqualTo("[]");
        insertAndAwait(primary, 1);
        assertThat(primary.query("SELECT active::text FROM pg_replication_slots WHERE slot_name = 'site_2'"))
                .containsExactly("true");
        assertThat(primary.query("SELECT application_name FROM pg_stat_replication")).contains(leader.name)
                .doesNotContain(site.but(leader).getFirst().name);
    }

    private void configure(TestNode node) throws IOException {
        String yaml = Files.readString(node.configuration());
        node.configure(yaml.replace("scope: e2e", "scope: site2").replace("  dcs:\n",
                "  dcs:\n    standby_cluster: " + section().substring(20, section().length() - 1) + "\n"));
    }

    /** Of the site: the one that leads and streams, with the other one streaming from it. */
    private TestNode awaitStandbyLeader(Optional<TestNode> but) {
        TestNode leader = await("a standby leader").atMost(TestCluster.AFTER_LEASE)
                .until(() -> site.nodes.stream().filter(node -> but.filter(node::equals).isEmpty())
                        .filter(node -> node.status("/standby_leader") == 200).findFirst(), Optional::isPresent)
                .orElseThrow();
        eventually("the other streams", SOON, () -> assertThat(TestCluster.members(leader)).containsExactlyInAnyOrder(
                leader + " standby_leader streaming", site.but(leader).getFirst() + " replica streaming"));
        return leader;
    }

    private void insertAndAwait(TestNode primary, int value) throws Exception {
        primary.execute("INSERT INTO t VALUES (" + value + ")");
        for (TestNode node : site.nodes) {
            TestCluster.awaitRow(node, "SELECT i::text FROM t", Integer.toString(value));
        }
    }

    private TestNode theRemoteMoves(TestNode primary) throws Exception {
        TestNode next = main.but(primary).getFirst();
        move(primary);
        insertAndAwait(next, 2);
        return next;
    }

    /** A candidate that does not answer in time, on a busy machine, is no candidate. */
    private static void move(TestNode leader) {
        eventually(leader + " hands over", SOON, () -> {
            TestNode.Answer answer = leader.post("/switchover", "{\"leader\": \"" + leader + "\"}");
            assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        });
    }

    private void switchover(TestNode primary) throws Exception {
        TestNode before = awaitStandbyLeader(Optional.empty());
        move(before);
        awaitStandbyLeader(Optional.of(before));
        insertAndAwait(primary, 3);
        assertThat(before.get("/history").body()).isEqualTo("[]");
    }

    private TestNode becomesACluster() throws Exception {
        TestNode leader = awaitStandbyLeader(Optional.empty());
        patch(leader, "{\"standby_cluster\": null}");
        site.awaitWhole(leader, SOON);
        assertThat(leader.isWritable()).isTrue();
        assertThat(TestCluster.timeline(leader)).isEqualTo(3);
        eventually("the timelines of the remote and the own one", SOON,
                () -> assertThat(leader.get("/history").body()).contains("[1, ", "[2, "));
        return leader;
    }

    /** What was written meanwhile is given up: both members are rewound to the remote primary. */
    private void followsAgain(TestNode leader, TestNode primary) throws Exception {
        patch(leader, section());
        await(leader + " leads on").atMost(TestCluster.AFTER_LEASE).pollInterval(Duration.ofMillis(200))
                .until(() -> leader.status("/standby_leader") == 200);
        insertAndAwait(primary, 4);
        assertThat(awaitStandbyLeader(Optional.empty())).isEqualTo(leader);
        for (TestNode node : site.nodes) {
            assertThat(node.query("SELECT i::text FROM t ORDER BY i")).containsExactly("1", "2", "3", "4");
        }
        assertThat(leader.daemon.output()).contains("running pg_rewind from 127.0.0.1,127.0.0.1:");
    }
}
