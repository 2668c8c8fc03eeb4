package org.jpatroni.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.jpatroni.e2e.TestCluster.SOON;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jpatroni.app.DatagramSocketFile;
import org.jpatroni.testing.UnprivilegedUser;
import org.jpatroni.watchdog.WatchedPipe;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One node under a service manager, with a watchdog device that is required: a pipe with the driver {@code testing}. */
class WatchdogIT {

    private static final Path FOLDER = UnprivilegedUser.newFolder("watchdog");

    @AutoClose
    @RegisterExtension final TestCluster cluster = new TestCluster(List.of("alone"), name -> """
            embedded: {listen: '127.0.0.1:%d'}
            watchdog: {driver: testing, device: %s, mode: required}
            """.formatted(TestCluster.freePorts(1).getFirst(), FOLDER.resolve("pipe")));

    @Test
    void deviceAndServiceManagerAreTold() throws Throwable {
        TestNode node = cluster.node("alone");
        try (WatchedPipe pipe = new WatchedPipe(FOLDER.resolve("pipe"));
                DatagramSocketFile systemd = new DatagramSocketFile(FOLDER.resolve("notify").toString())) {
            node.daemon.start(List.of("nohup", "env", "NOTIFY_SOCKET=" + systemd.address()));
            assertThat(systemd.await("READY=1")).isEqualTo("READY=1\nMAINPID=" + node.daemon.pid());
            cluster.awaitLeader(SOON);
            awaitPings(pipe, "Ctimeout=15\n", 2);
            systemd.await("STATUS=no action. I am (alone), the leader with the lock");

            pausedClustersNeedNone(node, pipe);
            settingsOfTheLogAreReadAgain(node, systemd);
            theDeviceTakesThePlaceOfTheGuard(node, pipe);

            cluster.remark("orderly end");
            node.daemon.terminate();
            systemd.await("STOPPING=1");
            assertThat(node.daemon.awaitExit(SOON)).isZero();
            await().atMost(SOON).until(() -> pipe.heard().endsWith("1V$"));
            cluster.assertCleanLogs();
        }
    }

    private void pausedClustersNeedNone(TestNode node, WatchedPipe pipe) {
        cluster.remark("pause");
        assertThat(node.send("PATCH", "/config", "{\"pause\": true}").status()).isEqualTo(200);
        await("closed").atMost(SOON).until(() -> pipe.heard().endsWith("V$"));
        cluster.remark("resume");
        int closedAt = pipe.heard().length();
        assertThat(node.send("PATCH", "/config", "{\"pause\": null}").status()).isEqualTo(200);
        await("opened").atMost(SOON).until(() -> pipe.heard().substring(closedAt).startsWith("Ctimeout=15\n1"));
    }

    private void settingsOfTheLogAreReadAgain(TestNode node, DatagramSocketFile systemd) throws Exception {
        cluster.remark("another log");
        String before = Files.readString(node.configuration());
        node.configure(
                before + "log: {type: json, format: [message, {levelname: severity}], static_fields: {app: db}}\n");
        int written = node.daemon.outputLength();
        node.daemon.signal("HUP");
        systemd.await("RELOADING=1\nMONOTONIC_USEC=");
        systemd.await("READY=1");
        await("JSON").atMost(SOON).until(() -> node.daemon.outputSince(written)
                .contains("{\"message\":\"configuration read again\",\"severity\":\"INFO\",\"app\":\"db\"}"));
    }

    private void theDeviceTakesThePlaceOfTheGuard(TestNode node, WatchedPipe pipe) throws InterruptedException {
        cluster.remark("the daemon stands still");
        long postmaster = node.postmasterPid();
        node.daemon.signal("STOP");
        String heard = pipe.heard();
        Thread.sleep(Duration.ofSeconds(TestCluster.TTL_SECONDS + 1));
        assertThat(node.postmasterPid()).as("the guard leaves PostgreSQL to the device").isEqualTo(postmaster);
        assertThat(pipe.heard()).as("nobody keeps the device alive, and nobody closes it").isIn(heard, heard + "1");
        node.daemon.signal("CONT");
        await("leads again").atMost(SOON).until(() -> node.status("/primary") == 200);
        await("kept alive again").atMost(SOON).until(() -> pipe.heard().length() > heard.length() + 1);
    }

    private static void awaitPings(WatchedPipe pipe, String beginning, int pings) {
        await(pings + " pings").atMost(SOON).until(() -> pipe.heard().startsWith(beginning + "1".repeat(pings)));
    }
}
