package org.jpatroni.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.jpatroni.e2e.TestCluster.AFTER_LEASE;
import static org.jpatroni.e2e.TestCluster.SOON;
import static org.jpatroni.e2e.TestCluster.TTL_SECONDS;
import static org.jpatroni.e2e.TestCluster.eventually;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jpatroni.dcs.etcd.EtcdServer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The store stands still for longer than a lease lasts, without closing a connection. */
class StoreOutageIT {

    private static final Duration OUTAGE = Duration.ofSeconds(TTL_SECONDS + 8);

    @AutoClose private final EtcdServer etcd = EtcdServer.start();

    @AutoClose
    @RegisterExtension final TestCluster cluster = TestCluster.overEtcd(etcd.url());

    @Test
    void theStoreStandsStill() throws Exception {
        cluster.startAll();
        TestNode primary = cluster.awaitLeader(SOON);
        cluster.awaitWhole(primary, SOON);
        cluster.remark("SIGSTOP of etcd");
        long stoppedAt;
        List<String> acknowledged;
        try (Writer writer = Writer.start(primary, 1)) {
            writer.awaitMore(10, SOON);
            etcd.pause();
            stoppedAt = System.nanoTime();
            thePrimaryStepsDownInTime(primary, writer, stoppedAt);
            acknowledged = writer.acknowledgedIds();
        }
        readsGoOnAndNobodyIsPromoted(stoppedAt);
        cluster.remark("SIGCONT of etcd");
        etcd.goOn();
        TestNode next = cluster.awaitLeader(AFTER_LEASE);
        cluster.awaitWhole(next, SOON);
        assertThat(next.isWritable()).isTrue();
        assertThat(next.query("SELECT id FROM written")).as("nothing acknowledged is lost").containsAll(acknowledged);
        assertThat(cluster.nodes.stream().filter(TestNode::isWritable)).containsExactly(next);
        cluster.assertCleanLogs();
    }

    /** Until then it takes writes and says so; from then on it does neither. */
    private void thePrimaryStepsDownInTime(TestNode primary, Writer writer, long stoppedAt) {
        writer.awaitMore(10, Duration.ofSeconds(5));
        assertThat(primary.status("/primary")).isEqualTo(200);
        await("/primary says 503").atMost(Duration.ofSeconds(TTL_SECONDS)).pollInterval(Duration.ofMillis(20))
                .until(() -> primary.status("/primary") == 503);
        await("no longer writable").atMost(Duration.ofSeconds(TTL_SECONDS)).until(() -> !primary.isWritable());
        Duration wroteFor = Duration.ofNanos(writer.lastAcknowledgedNanos() - stoppedAt);
        System.out.printf(Locale.ROOT,
                "etcd stands still: the last row is acknowledged after %.1f s of a lease of %d s%n",
                wroteFor.toMillis() / 1000.0, TTL_SECONDS);
        assertThat(primary.daemon.output()).as("stopped in order, so that the standbys have all that was acknowledged")
                .contains("received fast shutdown request");
        assertThat(wroteFor).isLessThan(Duration.ofSeconds(TTL_SECONDS))
                .isGreaterThan(Duration.ofSeconds(TTL_SECONDS / 4));
    }

    private void readsGoOnAndNobodyIsPromoted(long stoppedAt) {
        eventually("all three can be read", SOON, () -> {
            for (TestNode node : cluster.nodes) {
                assertThat(node.query("SELECT count(*) > 0 FROM written")).containsExactly("t");
            }
            assertAnswersAreQuickAndTrue();
        });
        await("nobody is promoted").atMost(OUTAGE.plus(SOON)).pollInterval(Duration.ofMillis(200)).until(() -> {
            assertThat(cluster.nodes).noneMatch(TestNode::isWritable);
            assertAnswersAreQuickAndTrue();
            return Duration.ofNanos(System.nanoTime() - stoppedAt).compareTo(OUTAGE) > 0;
        });
    }

    private void assertAnswersAreQuickAndTrue() {
        for (TestNode node : cluster.nodes) {
            long askedAt = System.nanoTime();
            TestNode.Answer members = node.get("/cluster");
            Duration took = Duration.ofNanos(System.nanoTime() - askedAt);
            assertThat(members.status()).as(members.body()).isEqualTo(200);
            assertThat(members.json().path("members")).hasSize(3);
            assertThat(took).as("/cluster of " + node).isLessThan(Duration.ofSeconds(1));
            assertThat(node.status("/primary")).isEqualTo(503);
            assertThat(node.status("/replica")).isEqualTo(200);
            assertThat(node.status("/liveness")).isEqualTo(200);
        }
    }
}
