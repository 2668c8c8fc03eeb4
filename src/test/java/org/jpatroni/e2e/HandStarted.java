package org.jpatroni.e2e;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A node's data directory, started as a primary by somebody who knows nothing of the cluster, on a port of its own. */
final class HandStarted {

    private final Process postmaster;
    private final int port;

    private HandStarted(Process postmaster, int port) {
        this.postmaster = postmaster;
        this.port = port;
    }

    static HandStarted start(TestNode node) throws IOException {
        int port = TestCluster.freePorts(1).getFirst();
        Process postmaster = new ProcessBuilder(TestNode.PROGRAMS.resolve("postgres").toString(), "-D",
                node.dataDir().toString(), "-c", "port=" + port, "-c", "listen_addresses=127.0.0.1")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(node.folder.resolve("by-hand.log").toFile())).start();
        HandStarted started = new HandStarted(postmaster, port);
        await("PostgreSQL started by hand").atMost(TestCluster.SOON).pollInterval(Duration.ofMillis(50))
                .ignoreExceptionsInstanceOf(SQLException.class).until(() -> {
                    started.execute("SELECT 1");
                    return true;
                });
        return started;
    }

    void execute(String sql) throws SQLException {
        try (Connection connection = TestNode.connect(port); Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** A fast shutdown. */
    void stop() throws InterruptedException {
        Signals.send(postmaster.pid(), "INT");
        if (!postmaster.waitFor(30, TimeUnit.SECONDS)) {
            throw new AssertionError("PostgreSQL started by hand does not stop");
        }
    }
}
