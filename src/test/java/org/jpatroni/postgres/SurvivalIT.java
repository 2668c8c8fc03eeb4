package org.jpatroni.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jpatroni.config.JsonTree;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.postgres.PostgresControl.StopMode;
import org.jpatroni.testing.UnprivilegedUser;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Postmasters that are no children of ours: they outlive the agent that started them, or nobody reaps them. */
class SurvivalIT {

    private final Path folder;
    private final LocalNode node;
    private final List<Process> started = new ArrayList<>();

    SurvivalIT() throws IOException {
        folder = UnprivilegedUser.newFolder("survive");
        node = new LocalNode(folder, "a");
    }

    @BeforeEach
    void makeCluster() {
        assertThat(node.bootstrapNew()).isEqualTo(Outcome.done());
        assertThat(node.stop(StopMode.FAST)).isEqualTo(Outcome.done());
    }

    @AfterEach
    void cleanUp() {
        node.close();
        started.forEach(Process::destroyForcibly);
        LocalNode.delete(folder);
    }

    @Test
    void postgresOutlivesAnAgentThatIsKilledAndIsAdoptedByTheNext() throws Exception {
        Path file = folder.resolve("config.yml");
        Files.writeString(file, JsonTree.write(node.config().tree()));
        Process agent = started(new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
                AgentThatDies.class.getName(), file.toString()).redirectError(node.output.toFile()));
        BufferedReader out = agent.inputReader();
        String line = out.readLine();
        while (line != null && !line.contains(" after ")) {
            line = out.readLine();
        }
        System.out.println("start in a fresh JVM: " + line);
        assertThat(String.valueOf(line)).startsWith("Done");
        agent.destroyForcibly().waitFor();

        LocalPostgres next = node.newAgent();
        await().until(() -> next.state() == PostgresState.RUNNING);
        assertThat(next.observe(Duration.ofSeconds(2)).isWritable()).isTrue();
        long pid = node.postmasterPid();
        AtomicInteger changes = node.countChanges();
        long begun = System.nanoTime();
        Posix.kill(pid, Posix.SIGKILL);
        await().pollInterval(Duration.ofMillis(1)).until(() -> changes.get() > 0);
        System.out.printf("SIGKILL of somebody else's postmaster: noticed after %.1f ms%n",
                (System.nanoTime() - begun) / 1e6);
        assertThat(next.state()).isEqualTo(PostgresState.CRASHED);
    }

    @Test
    void aZombieThatNobodyReapsIsSeenAsGoneAndReplaced() throws Exception {
        // The shell becomes sleep, which never asks after its child.
        Process parent = started(new ProcessBuilder("/bin/sh", "-c", "\"$0\" -D \"$1\" & exec sleep 1000",
                "/usr/lib/postgresql/15/bin/postgres", node.dataDirectory.toString())
                .redirectOutput(node.output.toFile()).redirectErrorStream(true).redirectInput(new File("/dev/null")));
        await().until(() -> node.control().postmaster().isPresent());
        await().until(() -> node.control().state() == PostgresState.RUNNING);
        long pid = node.postmasterPid();
        assertThat(ProcFs.children(parent.pid())).containsExactly(pid);
        AtomicInteger changes = node.countChanges();
        Posix.kill(pid, Posix.SIGKILL);
        await().pollInterval(Duration.ofMillis(1)).until(() -> changes.get() > 0);
        assertThat(ProcFs.stat(pid).orElseThrow().state()).isEqualTo('Z');
        assertThat(node.control().postmaster()).isEmpty();
        assertThat(node.start(PostgresRole.PRIMARY, Optional.empty())).isEqualTo(Outcome.done());
        assertThat(node.postmasterPid()).isNotEqualTo(pid);
    }

    private Process started(ProcessBuilder builder) throws IOException {
        Process process = builder.start();
        started.add(process);
        return process;
    }
}
