package org.jpatroni.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.e2e.TestCluster.AFTER_LEASE;
import static org.jpatroni.e2e.TestCluster.SOON;
import static org.jpatroni.e2e.TestCluster.eventually;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jpatroni.dcs.etcd.EtcdServer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Synchronous replication on real servers, with a client that writes: nothing that it was told to be written is ever missing. */
class SynchronousIT {

    private static final String NAMES = "SHOW synchronous_standby_names";

    @AutoClose private final EtcdServer etcd = EtcdServer.start();

    @AutoClose
    @RegisterExtension final TestCluster cluster = TestCluster.overEtcd(etcd.url());

    private final Set<String> acknowledged = new HashSet<>();
    private long nextId = 1;

    @Test
    void nothingAcknowledgedIsLost() throws Exception {
        cluster.startAll();
        TestNode first = cluster.awaitLeader(SOON);
        cluster.awaitWhole(first, SOON);
        config(first, "{\"synchronous_mode\": true}");
        TestNode listed = awaitListed(first);
        TestNode second = theListedStandbyIsReplacedWhenItIsLost(first, listed);
        TestNode leader = theListedStandbyLeadsWhenThePrimaryIsLost(first, second);
        listed.daemon.start();
        first.daemon.start();
        quorum(leader, first, listed);
        TestNode third = thePrimaryIsLostInQuorumMode(leader);
        strict(third, leader);
        cluster.assertNoStackTraces();
    }

    private void config(TestNode node, String json) {
        cluster.remark("PATCH /config " + json);
        assertThat(node.send("PATCH", "/config", json).status()).isEqualTo(200);
    }

    private String sync() {
        return etcd.read("/service/e2e/sync").orElse("");
    }

    private static String key(TestNode leader, int quorum, String standbys) {
        return "{\"leader\":\"" + leader + "\",\"quorum\":" + quorum + ",\"sync_standby\":"
                + (standbys.isEmpty() ? "null" : "\"" + standbys + "\"") + "}";
    }

    /** The one standby that is listed, and that commits wait for. */
    private TestNode awaitListed(TestNode leader) {
        eventually("one standby is synchronous", SOON, () -> assertThat(cluster.but(leader))
                .anySatisfy(node -> assertThat(sync()).isEqualTo(key(leader, 0, node.name))));
        TestNode listed = cluster.but(leader).stream().filter(node -> sync().equals(key(leader, 0, node.name)))
                .findFirst().orElseThrow();
        eventually("it says so", SOON, () -> {
            assertThat(leader.query(NAMES)).containsExactly(listed.name);
            assertThat(listed.status("/sync")).isEqualTo(200);
            assertThat(TestCluster.members(leader)).contains(listed + " sync_standby streaming");
        });
        return listed;
    }

    private static void lose(TestNode node) {
        node.daemon.kill();
        node.killPostmaster();
    }

    private TestNode theListedStandbyIsReplacedWhenItIsLost(TestNode leader, TestNode listed) throws Exception {
        cluster.remark("SIGKILL of " + listed + ", the synchronous standby");
        TestNode other = cluster.but(leader).stream().filter(node -> node != listed).findFirst().orElseThrow();
        try (Writer writer = Writer.start(leader, nextId)) {
            writer.awaitMore(20, SOON);
            lose(listed);
            eventually("the other takes its place", SOON,
                    () -> assertThat(sync()).isEqualTo(key(leader, 0, other.name)));
            writer.awaitMore(20, SOON);
            remember(writer);
        }
        return other;
    }

    private void remember(Writer writer) {
        acknowledged.addAll(writer.acknowledgedIds());
        nextId += 1_000_000;
    }

    private TestNode theListedStandbyLeadsWhenThePrimaryIsLost(TestNode leader, TestNode listed) throws Exception {
        cluster.remark("SIGKILL of " + leader + ", the primary");
        try (Writer writer = Writer.start(leader, nextId)) {
            writer.awaitMore(50, SOON);
            lose(leader);
            remember(writer);
        }
        TestNode next = cluster.awaitLeader(AFTER_LEASE);
        assertThat(next).isSameAs(listed);
        assertNothingIsMissing(next);
        return next;
    }

    private void assertNothingIsMissing(TestNode leader) {
        eventually("everything acknowledged is on " + leader, SOON, () -> assertThat(
                new HashSet<>(leader.query("SELECT id::text FROM written"))).containsAll(acknowledged));
    }

    private void quorum(TestNode leader, TestNode one, TestNode other) {
        config(leader, "{\"synchronous_mode\": \"quorum\"}");
        String both = String.join(",", List.of(one.name, other.name).stream().sorted().toList());
        eventually("both others vote", AFTER_LEASE, () -> {
            assertThat(sync()).isEqualTo(key(leader, 1, both));
            assertThat(leader.query(NAMES)).containsExactly("ANY 1 (" + both + ")");
            assertThat(one.status("/quorum")).isEqualTo(200);
            assertThat(TestCluster.members(leader)).contains(one + " quorum_standby streaming",
                    other + " quorum_standby streaming");
        });
    }

    private TestNode thePrimaryIsLostInQuorumMode(TestNode leader) throws Exception {
        cluster.remark("SIGKILL of " + leader + ", the primary, in quorum mode");
        try (Writer writer = Writer.start(leader, nextId)) {
            writer.awaitMore(50, SOON);
            lose(leader);
            remember(writer);
        }
        TestNode next = cluster.awaitLeader(AFTER_LEASE);
        assertNothingIsMissing(next);
        return next;
    }

    /** The last standby is lost too: commits wait until one is back. */
    private void strict(TestNode leader, TestNode lost) throws Exception {
        config(leader, "{\"synchronous_mode\": true, \"synchronous_mode_strict\": true}");
        TestNode last = cluster.but(leader).stream().filter(node -> node != lost).findFirst().orElseThrow();
        eventually("the last standby is synchronous", SOON, () -> {
            assertThat(sync()).isEqualTo(key(leader, 0, last.name));
            assertThat(leader.query(NAMES)).containsExactly(last.name);
        });
        cluster.remark("SIGKILL of " + last + ", the last standby, in strict mode");
        try (Writer writer = Writer.start(leader, nextId)) {
            writer.awaitMore(20, SOON);
            lose(last);
            eventually("the operator is told", SOON, () -> assertThat(leader.daemon.output())
                    .contains("synchronous_mode_strict is requested"));
            int before = writer.acknowledged().size();
            assertThat(leader.query(NAMES)).containsExactly(last.name);
            assertThat(sync()).isEqualTo(key(leader, 0, last.name));
            last.daemon.start();
            writer.awaitMore(20, AFTER_LEASE);
            assertThat(before).as("nothing was acknowledged meanwhile").isLessThanOrEqualTo(
                    writer.acknowledged().size() - 20);
            remember(writer);
        }
        assertNothingIsMissing(leader);
    }
}
