package org.jpatroni.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.e2e.TestCluster.SOON;
import static org.jpatroni.e2e.TestCluster.eventually;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jpatroni.dcs.etcd.EtcdServer;
import org.jpatroni.e2e.TestNode.Answer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What operators order of a node, with its real effect: restart at once and later, reinitialize, reload. */
class OrdersIT {

    private static final int RESTARTS = 5;

    @AutoClose private final EtcdServer etcd = EtcdServer.start();

    @AutoClose
    @RegisterExtension final TestCluster cluster = TestCluster.overEtcd(etcd.url());

    @Test
    void ordersOfOperators() throws Exception {
        cluster.startAll();
        TestNode leader = cluster.awaitLeader(SOON);
        cluster.awaitWhole(leader, SOON);
        TestNode replica = cluster.but(leader).getFirst();
        aReloadTakesOverTagsParametersAndCallbacks(leader, replica);
        thePrimaryIsRestartedAndGoesOnLeading(leader);
        conditionsAreChecked(leader, replica);
        whatWaitsForARestartGetsIt(leader);
        aScheduledRestartHappensOrIsTakenBack(leader, replica);
        aReplicaIsRebuilt(leader, replica);
        anInvalidFileChangesNothing(replica);
        assertThat(replica.post("/sigterm", "")).isEqualTo(new Answer(202, "shutdown scheduled"));
        cluster.assertNoStackTraces();
        assertThat(replica.daemon.isAlive()).isTrue();
    }

    private static void edit(TestNode node, String text, String replacement) throws IOException {
        String yaml = Files.readString(node.configuration());
        assertThat(yaml).contains(text);
        node.configure(yaml.replace(text, replacement));
    }

    private void aReloadTakesOverTagsParametersAndCallbacks(TestNode leader, TestNode replica) throws Exception {
        for (TestNode node : cluster.nodes) {
            edit(node, "\n  parameters:\n", "\n  callbacks:\n    on_restart: sh -c 'echo \"$0 $1 $2\" >> " + node.folder
                    + "/calls'\n  parameters:\n    work_mem: 5MB\n");
        }
        edit(replica, "restapi:\n", "tags: {nofailover: true, failover_priority: 1, zone: b}\nrestapi:\n");
        for (TestNode node : cluster.nodes) {
            assertThat(node.post("/reload", "")).isEqualTo(new Answer(202, "reload scheduled"));
        }
        eventually("tags are shown", SOON, () -> {
            assertThat(replica.get("/patroni").json().path("tags").path("nofailover").asBoolean()).isTrue();
            assertThat(leader.get("/cluster").body()).contains("\"zone\": \"b\"");
        });
        eventually("the parameter is in force", SOON,
                () -> assertThat(leader.query("SHOW work_mem")).containsExactly("5MB"));
        assertThat(replica.daemon.output())
                .contains("Conflicting configuration between nofailover: True and failover_priority: 1. "
                        + "Defaulting to nofailover: True");
        edit(replica, "tags: {nofailover: true, failover_priority: 1, zone: b}\n", "");
        replica.daemon.signal("HUP");
        eventually("tags are gone", SOON, () -> {
            assertThat(replica.get("/patroni").json().has("tags")).isFalse();
            assertThat(leader.get("/cluster").body()).doesNotContain("zone");
        });
    }

    private void thePrimaryIsRestartedAndGoesOnLeading(TestNode leader) throws Exception {
        List<Long> gapsMillis = new ArrayList<>();
        List<Long> callsMillis = new ArrayList<>();
        try (Writer writer = Writer.start(leader, 1)) {
            for (int i = 0; i < RESTARTS; i++) {
                writer.awaitMore(50, SOON);
                int before = writer.acknowledged().size();
                long pid = leader.postmasterPid();
                cluster.remark("restart " + i + " of the primary");
                long begun = System.nanoTime();
                assertThat(leader.post("/restart", "")).isEqualTo(new Answer(200, "restarted successfully"));
                callsMillis.add((System.nanoTime() - begun) / 1_000_000);
                assertThat(leader.postmasterPid()).isNotEqualTo(pid);
                assertThat(leader.status("/primary")).isEqualTo(200);
                writer.awaitMore(20, SOON);
                gapsMillis.add(longestGapMillis(writer, before - 1));
            }
            assertThat(leader.query("SELECT id FROM written")).containsAll(writer.acknowledgedIds());
        }
        Collections.sort(gapsMillis);
        System.out.printf("restart of the primary: %s ms without writes, calls %s ms%n", gapsMillis, callsMillis);
        assertThat(gapsMillis.get(RESTARTS / 2)).isLessThan(3_000);
        assertThat(TestCluster.timeline(leader)).isEqualTo(1);
        assertThat(Files.readString(leader.folder.resolve("calls"))).startsWith("on_restart primary e2e\n")
                .hasLineCount(RESTARTS);
        cluster.awaitWhole(leader, SOON);
    }

    private static long longestGapMillis(Writer writer, int from) {
        List<Writer.Acknowledged> rows = writer.acknowledged();
        long longest = 0;
        for (int i = from + 1; i < rows.size(); i++) {
            longest = Math.max(longest, rows.get(i).atNanos() - rows.get(i - 1).atNanos());
        }
        return longest / 1_000_000;
    }

    private void conditionsAreChecked(TestNode leader, TestNode replica) {
        long pid = leader.postmasterPid();
        assertThat(leader.post("/restart", "{\"role\": \"replica\"}"))
                .isEqualTo(new Answer(503, "restart conditions are not satisfied"));
        assertThat(leader.post("/restart", "{\"restart_pending\": true}"))
                .isEqualTo(new Answer(503, "restart conditions are not satisfied"));
        assertThat(leader.post("/restart", "{\"unknown\": 1}").status()).isEqualTo(400);
        assertThat(leader.post("/restart?dry_run", "{}").json().path("possible").asBoolean()).isTrue();
        assertThat(leader.post("/restart?dry_run", "{\"postgres_version\": \"14.0\"}").json().path("possible")
                .asBoolean(true)).isFalse();
        assertThat(leader.postmasterPid()).isEqualTo(pid);
        assertThat(replica.post("/restart", "{\"role\": \"replica\", \"timeout\": \"30s\"}"))
                .isEqualTo(new Answer(200, "restarted successfully"));
        cluster.awaitWhole(leader, SOON);
    }

    private void whatWaitsForARestartGetsIt(TestNode leader) throws Exception {
        Answer patched = leader.send("PATCH", "/config",
                "{\"postgresql\": {\"parameters\": {\"max_connections\": 40}}}");
        assertThat(patched.status()).as(patched.body()).isEqualTo(200);
        List<TestNode> replicasFirst = new ArrayList<>(cluster.but(leader));
        replicasFirst.add(leader);
        eventually("every node waits for a restart", SOON, () -> assertThat(cluster.nodes)
                .allSatisfy(node -> assertThat(node.get("/patroni").body()).contains("pending_restart")));
        for (TestNode node : replicasFirst) {
            assertThat(node.post("/restart", "{\"restart_pending\": \"True\"}").body())
                    .isEqualTo("restarted successfully");
            assertThat(node.get("/patroni").body()).doesNotContain("pending_restart");
        }
        eventually("the new value is in force", SOON, () -> assertThat(cluster.nodes)
                .allSatisfy(node -> assertThat(node.query("SHOW max_connections")).containsExactly("40")));
        cluster.awaitWhole(leader, SOON);
    }

    private void aScheduledRestartHappensOrIsTakenBack(TestNode leader, TestNode replica) {
        assertThat(replica.send("DELETE", "/restart", "")).isEqualTo(new Answer(404, "no restarts are scheduled"));
        assertThat(replica.post("/restart", "{\"schedule\": \"2100-01-01T12:30:00+02:00\", \"timeout\": \"1min\"}"))
                .isEqualTo(new Answer(202, "Restart scheduled"));
        assertThat(replica.get("/patroni").body())
                .contains("\"scheduled_restart\": {\"schedule\": \"2100-01-01T12:30:00+02:00\", \"timeout\": 60}");
        assertThat(leader.get("/cluster").body()).contains("\"timeout\": 60, \"postmaster_start_time\": \"20");
        assertThat(replica.post("/restart", "{\"schedule\": \"2100-01-01T12:30:00Z\"}"))
                .isEqualTo(new Answer(409, "Another restart is already scheduled"));
        assertThat(replica.send("DELETE", "/restart", "")).isEqualTo(new Answer(200, "scheduled restart deleted"));
        assertThat(leader.get("/cluster").body()).doesNotContain("scheduled_restart");

        long replicaPid = replica.postmasterPid();
        long leaderPid = leader.postmasterPid();
        String due = OffsetDateTime.now(ZoneOffset.UTC).plus(Duration.ofSeconds(3))
                .format(DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSSxxx"));
        String body = "{\"schedule\": \"%s\", \"role\": \"replica\"}".formatted(due);
        assertThat(replica.post("/restart", body).status()).isEqualTo(202);
        assertThat(leader.post("/restart", body).status()).isEqualTo(202);
        eventually("the replica is restarted, the leader is not", SOON, () -> {
            assertThat(replica.postmasterPid()).isNotEqualTo(replicaPid);
            assertThat(replica.get("/patroni").body()).doesNotContain("scheduled_restart");
            assertThat(leader.get("/patroni").body()).doesNotContain("scheduled_restart");
        });
        assertThat(leader.postmasterPid()).isEqualTo(leaderPid);
        assertThat(leader.daemon.output()).contains("dropping the scheduled restart: my role is primary");
        cluster.awaitWhole(leader, SOON);
    }

    private void aReplicaIsRebuilt(TestNode leader, TestNode replica) throws Exception {
        assertThat(leader.post("/reinitialize", "{\"force\": true}"))
                .isEqualTo(new Answer(503, "I am the leader, can not reinitialize"));
        assertThat(replica.post("/reinitialize?dry_run", "").json().path("possible").asBoolean()).isTrue();
        Files.writeString(replica.dataDir().resolve("old"), "from before");
        assertThat(replica.post("/reinitialize", "{\"from_leader\": true}"))
                .isEqualTo(new Answer(200, "reinitialize started"));
        assertThat(replica.get("/patroni").json().path("state").asString()).isEqualTo("creating replica");
        assertThat(replica.post("/reinitialize", ""))
                .isEqualTo(new Answer(503, "reinitialize already in progress"));
        cluster.awaitWhole(leader, SOON);
        assertThat(replica.dataDir().resolve("old")).doesNotExist();
        assertThat(replica.query("SELECT count(*) FROM written"))
                .isEqualTo(leader.query("SELECT count(*) FROM written"));
    }

    private void anInvalidFileChangesNothing(TestNode replica) throws Exception {
        String good = Files.readString(replica.configuration());
        replica.configure(good.replace("listen: 127", "listen: 127.0.0.1.1.1:x").replace("scope:", "scope: [] #"));
        replica.post("/reload", "");
        eventually("the refusal is in the log", SOON,
                () -> assertThat(replica.daemon.output()).contains("the old one stays in force"));
        assertThat(replica.status("/replica")).isEqualTo(200);
        replica.configure(good);
    }
}
