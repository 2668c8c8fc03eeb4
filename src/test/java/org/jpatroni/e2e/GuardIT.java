package org.jpatroni.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.jpatroni.e2e.TestCluster.AFTER_LEASE;
import static org.jpatroni.e2e.TestCluster.SOON;
import static org.jpatroni.e2e.TestCluster.eventually;

import java.time.Duration;
import org.jpatroni.dcs.etcd.EtcdServer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The agent of the primary dies or stands still, and nothing else: never do two primaries take writes. */
class GuardIT {

    private static final String LEADER_KEY = "/service/e2e/leader";
    private static final String CONFIG_KEY = "/service/e2e/config";
    private static final String GUARD_ACTED = "guard: the leader lock was not renewed in time by the agent; stopped PostgreSQL";

    @AutoClose private final EtcdServer etcd = EtcdServer.start();

    @AutoClose
    @RegisterExtension final TestCluster cluster = TestCluster.overEtcd(etcd.url());

    @Test
    void agentsDieAndStandStill() throws Exception {
        cluster.startAll();
        TestNode first = cluster.awaitLeader(SOON);
        cluster.awaitWhole(first, SOON);
        anAgentThatIsBackInTimeFindsItsPrimary(first);
        TestNode second = theGuardStopsThePrimaryOf(first, "KILL", 1);
        first.daemon.start();
        cluster.awaitWhole(second, SOON);
        TestNode third = theGuardStopsThePrimaryOf(second, "STOP", 1_000_000);
        aFrozenAgentThatGoesOnRejoins(second, third);
        nothingIsStoppedInAPausedCluster(third);
        cluster.assertCleanLogs();
    }

    private void anAgentThatIsBackInTimeFindsItsPrimary(TestNode leader) throws Exception {
        cluster.remark("SIGKILL of the agent of " + leader + ", and start");
        try (Writer writer = Writer.start(leader, 500_000)) {
            long postmaster = leader.postmasterPid();
            leader.daemon.kill();
            leader.daemon.start();
            await("/primary is 200 again").atMost(Duration.ofSeconds(15)).until(() -> leader.status("/primary") == 200);
            cluster.awaitWhole(leader, SOON);
            writer.awaitMore(10, SOON);
            assertThat(leader.postmasterPid()).isEqualTo(postmaster);
            assertThat(TestCluster.timeline(leader)).isEqualTo(1);
        }
    }

    /** Kills or freezes the leader's agent while a client writes to its PostgreSQL; the next leader. */
    private TestNode theGuardStopsThePrimaryOf(TestNode old, String signal, long firstId) throws Exception {
        cluster.remark("SIG" + signal + " of the agent of " + old);
        try (Writer writer = Writer.start(old, firstId)) {
            writer.awaitMore(20, SOON);
            old.daemon.signal(signal);
            await("the guard stops PostgreSQL").atMost(Duration.ofSeconds(TestCluster.TTL_SECONDS + 2))
                    .pollInterval(Duration.ofMillis(10)).until(() -> old.postmaster().isEmpty());
            long stoppedAt = System.nanoTime();
            assertThat(etcd.read(LEADER_KEY)).as("the lease has not ended yet").contains(old.name);
            TestNode next = TestCluster.awaitLeaderAmong(cluster.but(old), AFTER_LEASE);
            eventually(next + " is writable", SOON, () -> assertThat(next.isWritable()).isTrue());
            writer.close();
            assertThat(old.daemon.output()).contains(GUARD_ACTED);
            assertThat(writer.lastAcknowledgedNanos()).as("nothing is acknowledged by a server that was stopped")
                    .isLessThan(stoppedAt);
            System.out.printf("SIG%s of the agent: %d rows acknowledged until the guard acted%n", signal,
                    writer.acknowledged().size());
            assertThat(next.query("SELECT id FROM written")).as("what was acknowledged is on the next primary")
                    .containsAll(writer.acknowledgedIds());
            return next;
        }
    }

    private void aFrozenAgentThatGoesOnRejoins(TestNode frozen, TestNode leader) {
        cluster.remark("SIGCONT of the agent of " + frozen);
        frozen.daemon.signal("CONT");
        cluster.awaitWhole(leader, SOON);
        assertThat(frozen.daemon.isAlive()).isTrue();
        assertThat(frozen.status("/primary")).isEqualTo(503);
    }

    private void nothingIsStoppedInAPausedCluster(TestNode leader) throws Exception {
        String config = etcd.read(CONFIG_KEY).orElseThrow();
        assertThat(config).startsWith("{").doesNotContain("\"pause\"");
        etcd.put(CONFIG_KEY, config.replaceFirst("\\{", "{\"pause\":true,"));
        eventually("all know of the pause", SOON, () -> assertThat(cluster.nodes)
                .allSatisfy(node -> assertThat(node.get("/patroni").json().path("pause").asBoolean(false)).isTrue()));
        long postmaster = leader.postmasterPid();
        cluster.remark("SIGKILL of the agent of " + leader + ", paused");
        leader.daemon.kill();
        await("the lease has ended").atMost(AFTER_LEASE).until(() -> etcd.read(LEADER_KEY).isEmpty());
        leader.execute("INSERT INTO written VALUES (-1)");
        await("PostgreSQL goes on, and nobody else takes over").during(Duration.ofSeconds(3))
                .atMost(Duration.ofSeconds(10))
                .until(() -> leader.isWritable() && leader.postmasterPid() == postmaster
                        && cluster.but(leader).stream().noneMatch(node -> node.status("/primary") == 200));
        cluster.remark("start of the agent of " + leader);
        leader.daemon.start();
        await("/primary is 200 again").atMost(SOON).until(() -> leader.status("/primary") == 200);
        cluster.remark("the pause is over");
        etcd.put(CONFIG_KEY, config);
        eventually("all know that the pause is over", SOON, () -> assertThat(cluster.nodes)
                .allSatisfy(node -> assertThat(node.get("/patroni").json().has("pause")).isFalse()));
        cluster.awaitWhole(leader, SOON);
        assertThat(leader.postmasterPid()).isEqualTo(postmaster);
        assertThat(leader.query("SELECT id FROM written WHERE id = -1")).hasSize(1);
    }
}
