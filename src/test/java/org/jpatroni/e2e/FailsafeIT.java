package org.jpatroni.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.jpatroni.e2e.TestCluster.AFTER_LEASE;
import static org.jpatroni.e2e.TestCluster.SOON;
import static org.jpatroni.e2e.TestCluster.TTL_SECONDS;
import static org.jpatroni.e2e.TestCluster.eventually;

import java.time.Duration;
import java.util.List;
import org.jpatroni.dcs.etcd.EtcdServer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Failsafe mode with real servers: the store stands still, the cluster goes on; a member is gone as well, it does not. */
class FailsafeIT {

    private static final Duration OUTAGE = Duration.ofSeconds(TTL_SECONDS + 8);

    @AutoClose private final EtcdServer etcd = EtcdServer.start();

    @AutoClose
    @RegisterExtension final TestCluster cluster = TestCluster.overEtcd(etcd.url());

    @Test
    void theClusterGoesOnWithoutItsStoreWhileAllAgree() throws Exception {
        cluster.startAll();
        TestNode primary = cluster.awaitLeader(SOON);
        cluster.awaitWhole(primary, SOON);
        turnOn(primary);
        List<String> acknowledged;
        try (Writer writer = Writer.start(primary, 1)) {
            cluster.remark("SIGSTOP of etcd");
            etcd.pause();
            writesGoOnForLongerThanALease(primary, writer);
            cluster.remark("SIGCONT of etcd");
            etcd.goOn();
            theStoreIsBackAndNothingJumps(primary, writer);
            cluster.remark("SIGSTOP of etcd again, and a member is killed");
            etcd.pause();
            awaitFailsafe(primary);
            TestNode lost = cluster.but(primary).getFirst();
            lost.daemon.kill();
            theMemberThatIsGoneCostsTheLead(primary);
            acknowledged = writer.acknowledgedIds();
            lost.daemon.start();
        }
        etcd.goOn();
        TestNode next = cluster.awaitLeader(AFTER_LEASE);
        cluster.awaitWhole(next, AFTER_LEASE);
        assertThat(next.query("SELECT id FROM written")).as("nothing acknowledged is lost").containsAll(acknowledged);
    }

    private void turnOn(TestNode primary) {
        assertThat(primary.send("PATCH", "/config", "{\"failsafe_mode\": true}").status()).isEqualTo(200);
        for (TestNode node : cluster.nodes) {
            eventually("all are named, says " + node, SOON, () -> {
                TestNode.Answer answer = node.get("/failsafe");
                assertThat(answer.status()).isEqualTo(200);
                assertThat(answer.json().propertyNames()).containsExactlyInAnyOrder("n1", "n2", "n3");
            });
        }
    }

    private static void awaitFailsafe(TestNode primary) {
        eventually("failsafe mode is active", Duration.ofSeconds(TTL_SECONDS),
                () -> assertThat(primary.get("/primary").body()).contains("failsafe_mode_is_active"));
    }

    private void writesGoOnForLongerThanALease(TestNode primary, Writer writer) {
        long stoppedAt = System.nanoTime();
        awaitFailsafe(primary);
        await("the lease alone would be over").atMost(OUTAGE.plus(SOON)).pollInterval(Duration.ofMillis(200))
                .until(() -> {
                    assertThat(primary.status("/primary")).isEqualTo(200);
                    assertThat(cluster.but(primary)).noneMatch(TestNode::isWritable);
                    return Duration.ofNanos(System.nanoTime() - stoppedAt).compareTo(OUTAGE) > 0;
                });
        writer.awaitMore(10, SOON);
        assertThat(cluster.but(primary)).allSatisfy(replica -> {
            assertThat(replica.status("/replica")).isEqualTo(200);
            assertThat(replica.get("/patroni").body()).contains("failsafe_mode_is_active");
        });
    }

    private void theStoreIsBackAndNothingJumps(TestNode primary, Writer writer) {
        eventually("the lease is the store's again", SOON,
                () -> assertThat(primary.get("/primary").body()).doesNotContain("failsafe_mode_is_active"));
        cluster.awaitWhole(primary, SOON);
        writer.awaitMore(10, SOON);
        assertThat(TestCluster.timeline(primary)).isEqualTo(1);
        assertThat(primary.daemon.output()).doesNotContain("demoting self");
    }

    private void theMemberThatIsGoneCostsTheLead(TestNode primary) {
        await("not the primary any more").atMost(Duration.ofSeconds(TTL_SECONDS)).pollInterval(Duration.ofMillis(50))
                .until(() -> primary.status("/primary") == 503);
        await("readable").atMost(SOON).until(() -> primary.status("/replica") == 200);
        assertThat(cluster.nodes).noneMatch(node -> node.daemon.isAlive() && node.isWritable());
    }
}
