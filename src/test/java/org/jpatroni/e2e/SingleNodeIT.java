package org.jpatroni.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.e2e.TestCluster.SOON;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One node whose configuration names no store at all. */
class SingleNodeIT {

    private static final int DEFAULT_STORE_PORT = 2181;

    @AutoClose
    @RegisterExtension final TestCluster cluster = new TestCluster(List.of("alone"), name -> storeSection());

    /** None, unless somebody on this machine has the port that is the default. */
    private static String storeSection() {
        try (ServerSocket free = new ServerSocket(DEFAULT_STORE_PORT, 1, InetAddress.getLoopbackAddress())) {
            return free.isBound() ? "" : "embedded: {}\n";
        } catch (IOException taken) {
            return "embedded: {listen: '127.0.0.1:" + TestCluster.freePorts(1).getFirst() + "'}\n";
        }
    }

    @Test
    void isAPrimaryAndStaysOneOverARestart() throws Exception {
        TestNode node = cluster.node("alone");
        node.daemon.start();
        assertThat(cluster.awaitLeader(SOON)).isSameAs(node);
        node.execute("CREATE TABLE notes AS SELECT 'kept' AS text");
        cluster.awaitWhole(node, SOON);

        node.daemon.terminate();
        assertThat(node.daemon.awaitExit(SOON)).isZero();
        assertThat(node.postmaster()).isEmpty();
        cluster.remark("start again");
        node.daemon.start();
        cluster.awaitLeader(SOON);
        TestCluster.eventually("writable", SOON, () -> assertThat(node.isWritable()).isTrue());
        assertThat(node.query("SELECT text FROM notes")).containsExactly("kept");
        cluster.assertCleanLogs();
    }
}
