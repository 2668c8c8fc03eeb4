package org.jpatroni.watchdog;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.jspecify.annotations.Nullable;

/** What becomes of PostgreSQL when its agent dies, hangs or comes back. */
class GuardFenceIT {

    private static final Time TIME = Time.system();
    private static @Nullable GuardedServer shared;

    @TempDir Path folder = Path.of("unset");

    private final List<Process> processes = new ArrayList<>();
    private final List<GuardFence> fences = new ArrayList<>();

    @BeforeAll
    static void initialize() throws Exception {
        shared = new GuardedServer();
    }

    @AfterAll
    static void remove() throws Exception {
        server().close();
    }

    @BeforeEach
    void startServer() throws Exception {
        server().start();
    }

    @AfterEach
    void endEverything() throws Exception {
        for (GuardFence fence : fences) {
            fence.off();
            fence.close();
        }
        processes.forEach(Process::destroyForcibly);
        GuardProcess.others(server().dataDir, 0).forEach(ProcessHandle::destroyForcibly);
        server().stop();
    }

    private static GuardedServer server() {
        if (shared == null) {
            throw new IllegalStateException("not initialized");
        }
        return shared;
    }

    @Test
    void aPrimaryWhoseAgentIsKilledIsStoppedBeforeItsLeaseEnds() throws Exception {
        Agent agent = agent(Duration.ofSeconds(8));
        GuardedServer.signal("KILL", agent.process().pid());
        TIME.sleep(Duration.ofMillis(1500));
        assertThat(server().runs()).as("there is lease left").isTrue();
        await("the server is stopped", () -> !server().runs());
        assertThat(agent.leaseLeft()).isPositive();
        await("the guard ends", () -> !GuardedServer.isAlive(agent.guardPid()));
        assertThat(Files.readString(folder.resolve("guard.log"))).contains("ERROR: guard: ")
                .contains("postmaster " + server().pid())
                .hasLineCount(1);
    }

    @Test
    void aPrimaryWhoseAgentHangsIsStopped() throws Exception {
        Agent agent = agent(Duration.ofSeconds(4));
        GuardedServer.signal("STOP", agent.process().pid());
        await("the server is stopped", () -> !server().runs());
        assertThat(agent.leaseLeft()).isPositive();
        assertThat(GuardedServer.isAlive(agent.guardPid())).as("its agent may come back").isTrue();
    }

    @Test
    void nothingIsAcknowledgedAfterTheLeaseEvenIfThePostmasterHangs() throws Exception {
        try (Connection connection = server().connect(); Statement statement = connection.createStatement()) {
            statement.execute("create table written as select 0 as n");
            Agent agent = agent(Duration.ofSeconds(6));
            List<Long> children = server().children();
            GuardedServer.signal("STOP", server().pid());
            GuardedServer.signal("KILL", agent.process().pid());
            long lastAcknowledgedNanos = writeUntilRefused(statement);
            assertThat(lastAcknowledgedNanos - agent.deadlineNanos()).isNegative();
            await("all processes of the server are gone",
                    () -> !server().runs() && children.stream().noneMatch(GuardedServer::isAlive));
            assertThat(agent.leaseLeft()).isPositive();
        }
    }

    @Test
    void serverProcessesLeftByADeadPostmasterAreStoppedToo() throws Exception {
        try (Connection connection = server().connect(); Statement statement = connection.createStatement()) {
            statement.execute("select 1");
            List<Long> children = server().children();
            for (long child : children) {
                GuardedServer.signal("STOP", child);
            }
            Agent agent = agent(Duration.ofSeconds(6));
            GuardedServer.signal("KILL", server().pid());
            GuardedServer.signal("KILL", agent.process().pid());
            await("the postmaster is gone", () -> !server().runs());
            assertThat(children).anyMatch(GuardedServer::isAlive);
            await("the children are gone", () -> children.stream().noneMatch(GuardedServer::isAlive));
            assertThat(agent.leaseLeft()).isPositive();
        }
    }

    @Test
    void aRenewedLeaseAndAnEndedWatchLeaveTheServerAlone() throws Exception {
        GuardFence fence = fence();
        for (int i = 0; i < 4; i++) {
            assertThat(extend(fence, Duration.ofSeconds(6))).isTrue();
            TIME.sleep(Duration.ofMillis(300));
        }
        fence.off();
        TIME.sleep(Duration.ofSeconds(2));
        assertThat(server().runs()).isTrue();
        assertThat(fence.isHealthy()).isTrue();
    }

    @Test
    void anotherProcessWithTheSameNumberIsNotTouched() throws Exception {
        GuardFence fence = fence();
        assertThat(fence.extend(TIME.nanos(), server().pid(), server().startTicks() + 1)).isTrue();
        TIME.sleep(Duration.ofSeconds(1));
        assertThat(server().runs()).isTrue();
        assertThat(extend(fence, Duration.ZERO)).isTrue();
        await("the right one is stopped at once", () -> !server().runs());
    }

    @Test
    void anAgentThatComesBackTakesOverFromTheOldGuard() throws Exception {
        Agent former = agent(Duration.ofSeconds(8));
        GuardedServer.signal("KILL", former.process().pid());
        GuardFence fence = fence();
        assertThat(GuardedServer.isAlive(former.guardPid())).as("still needed: no lease is confirmed yet").isTrue();
        assertThat(extend(fence, Duration.ofSeconds(14))).isTrue();
        await("the old guard is gone", () -> !GuardedServer.isAlive(former.guardPid()));
        await("the former lease has ended", () -> former.leaseLeft().isZero());
        assertThat(server().runs()).isTrue();
        fence.close();
        await("the server is stopped at the end of the new lease", () -> !server().runs());
    }

    @Test
    void aGuardThatDiesIsReplacedAndKnowsTheLease() throws Exception {
        GuardFence fence = fence();
        assertThat(extend(fence, Duration.ofSeconds(5))).isTrue();
        long first = fence.guardPid().orElseThrow();
        GuardedServer.signal("KILL", first);
        await("another guard runs",
                () -> fence.isHealthy() && fence.guardPid().filter(pid -> pid != first).isPresent());
        await("the server is stopped", () -> !server().runs());
    }

    @Test
    void aGuardThatHangsIsReplaced() throws Exception {
        GuardFence fence = fence();
        assertThat(extend(fence, Duration.ofSeconds(20))).isTrue();
        long first = fence.guardPid().orElseThrow();
        GuardedServer.signal("STOP", first);
        assertThat(extend(fence, Duration.ofSeconds(20))).isTrue();
        assertThat(fence.guardPid()).isPresent().isNotEqualTo(Optional.of(first));
        await("the hung guard is gone", () -> !GuardedServer.isAlive(first));
        GuardedServer.signal("TERM", fence.guardPid().orElseThrow());
        TIME.sleep(Duration.ofMillis(300));
        assertThat(fence.isHealthy()).as("a stop signal to the whole service does not end it").isTrue();
        assertThat(server().runs()).isTrue();
    }

    /** When the last write was acknowledged. */
    private static long writeUntilRefused(Statement statement) {
        long acknowledgedNanos = 0;
        try {
            while (true) {
                statement.executeUpdate("update written set n = n + 1");
                acknowledgedNanos = TIME.nanos();
            }
        } catch (SQLException refused) {
            return acknowledgedNanos;
        }
    }

    private GuardFence fence() {
        GuardFence fence = new GuardFence(server().dataDir, Optional.of(folder.resolve("guard.log")), Tasks.system());
        fences.add(fence);
        return fence;
    }

    private static boolean extend(GuardFence fence, Duration left) {
        return fence.extend(TIME.nanos() + left.toNanos(), server().pid(), server().startTicks());
    }

    private record Agent(Process process, long guardPid, long deadlineNanos) {
        Duration leaseLeft() {
            return new Time.Deadline(TIME, deadlineNanos).left();
        }
    }

    private Agent agent(Duration lease) throws Exception {
        Process process = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-cp",
                System.getProperty("java.class.path"),
                GuardedAgent.class.getName(), server().dataDir.toString(), String.valueOf(server().pid()),
                String.valueOf(server().startTicks()), String.valueOf(lease.toMillis()),
                folder.resolve("guard.log").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        processes.add(process);
        BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
        String line = output.readLine();
        assertThat(line).startsWith("armed ");
        String[] words = line.split(" ");
        return new Agent(process, Long.parseLong(words[1]), Long.parseLong(words[2]));
    }

    private static void await(String what, Callable<Boolean> condition) {
        Awaitility.await(what).atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(10)).until(condition);
    }
}
