package org.jpatroni.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.e2e.TestCluster.AFTER_LEASE;
import static org.jpatroni.e2e.TestCluster.SOON;
import static org.jpatroni.e2e.TestCluster.eventually;

import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Three machines with no service besides JPatroni: with a node its PostgreSQL and its member of the store go, and the cluster goes on. */
class EmbeddedEnsembleIT {

    private static final String TEXTS = "SELECT text FROM notes";

    @AutoClose
    @RegisterExtension final TestCluster cluster = TestCluster.withEmbeddedEnsemble();

    @Test
    void aWholeNodeIsLost() throws Exception {
        cluster.startAll();
        TestNode lost = cluster.awaitLeader(SOON);
        cluster.awaitWhole(lost, SOON);
        lost.execute("CREATE TABLE notes (text text)");
        lost.execute("INSERT INTO notes VALUES ('first')");
        cluster.but(lost).forEach(replica -> TestCluster.awaitRow(replica, TEXTS, "first"));

        cluster.remark("SIGKILL of everything of " + lost);
        lost.daemon.kill();
        lost.killPostmaster();
        TestNode leader = TestCluster.awaitLeaderAmong(cluster.but(lost), AFTER_LEASE);
        eventually(leader + " is writable", SOON, () -> assertThat(leader.isWritable()).isTrue());
        leader.execute("INSERT INTO notes VALUES ('second')");
        TestNode other = cluster.but(lost).stream().filter(node -> node != leader).findFirst().orElseThrow();
        TestCluster.awaitRow(other, TEXTS, "second");

        cluster.remark("start of " + lost);
        lost.daemon.start();
        cluster.awaitWhole(leader, SOON);
        TestCluster.awaitRow(lost, TEXTS, "second");
        assertThat(leader.query(TEXTS)).containsExactly("first", "second");
        assertThat(TestCluster.timeline(leader)).isEqualTo(2);
        cluster.assertCleanLogs();
    }
}
