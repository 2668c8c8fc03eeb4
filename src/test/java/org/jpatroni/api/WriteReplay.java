package org.jpatroni.api;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import org.jpatroni.agent.OperationCounters;
import org.jpatroni.agent.StatusBoard;
import org.jpatroni.config.HostPort;
import org.jpatroni.config.RestApiConfig;
import org.jpatroni.dcs.ClusterKeys;
import org.jpatroni.dcs.ClusterStore;
import org.jpatroni.dcs.Faults;
import org.jpatroni.dcs.KvClusterStore;
import org.jpatroni.dcs.MemoryStore;
import org.jpatroni.json.PythonJson;
import org.jpatroni.json.PythonJsonReader;
import org.jpatroni.model.Lsn;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.NodeCommand;
import org.jpatroni.operation.NoAgent;
import org.jpatroni.operation.OperationParts;
import org.jpatroni.operation.Operations;
import org.jpatroni.runtime.Tasks;

/**
 * Sends recorded writes to a server and gives back what it answers. What an operation decides is decided by the real one, on a store in
 * memory; for operations that need a real PostgreSQL the recorded text is put into its mouth, so that framing, access, body handling, headers
 * and bytes are compared.
 */
final class WriteReplay implements AutoCloseable {

    /** Calls whose outcome is compared too. */
    private static final List<String> OPERATED = List.of("PATCH /config", "PUT /config", "POST /failsafe", "POST /mpp",
            "POST /citus", "DELETE /switchover", "DELETE /restart",
            "POST /reload", "POST /sigterm");
    /** Of restarts: what is checked and kept without PostgreSQL. */
    private static final List<Integer> JUDGED = List.of(0, 202, 400, 409, 422);
    private static final Instant RECORDED_AT = Instant.parse("2026-11-22T19:47:06Z");
    private static final ApiLimits LIMITS = new ApiLimits(2048, 1536, 256, 5_000, 300, 5_000, 5_000, 1_000, 8_192,
            8_192,
            1_048_576, 32);

    /** A server in one state of the recordings. */
    private record Scene(ApiServer server, Operations operations, ClusterStore store, NoAgent agent) {
    }

    private final Map<String, Scene> scenes = new LinkedHashMap<>();
    private String storedConfig = "";

    /** Everything that came back until the end of the connection. */
    String replay(WriteRecording recording) throws IOException {
        Scene scene = scenes.computeIfAbsent(
                recording.answer().state() + "|" + recording.answer().nodeRole(), key -> open(recording.answer()));
        prepareConfig(recording, scene.store());
        if (recording.answer().route().equals("/restart") && List.of(202, 404).contains(recording.answer().code())) {
            scene.agent().orders().cancelScheduled();
        }
        scene.server().commands.answerLater(command -> answer(recording, scene, command));
        boolean leftOpen = recording.isUnanswered() && recording.answer().testCase().endsWith("left open 3 s");
        return leftOpen
                ? scene.server().exchange(recording.request())
                : scene.server().exchangeHalfClosed(recording.request());
    }

    private static CompletableFuture<CommandReply> answer(WriteRecording recording, Scene scene, NodeCommand command) {
        boolean judged = recording.call().equals("POST /restart") && JUDGED.contains(recording.answer().code());
        if (judged || OPERATED.contains(recording.call())) {
            return scene.operations().submit(command);
        }
        return CompletableFuture.completedFuture(recording.isUnanswered()
                ? CommandReply.refusal(400, "refused by the operation")
                : recording.isErrorPage()
                        ? CommandReply.text(500, "the operation was asked")
                        : CommandReply.text(recording.answer().code(), recording.answer().body()));
    }

    /** Each change is made to what Patroni had before it, whatever became of the one before here. */
    private void prepareConfig(WriteRecording recording, ClusterStore store) {
        if (!recording.answer().route().equals("/config") || recording.answer().code() != 200) {
            return;
        }
        String recorded = PythonJson.writeCompact(PythonJsonReader.read(recording.answer().body()));
        if (!store.writeConfig(storedConfig.isEmpty() ? recorded : storedConfig, -1).isWon()) {
            throw new IllegalStateException("the store refused");
        }
        if (!NONSENSE.matcher(recording.body()).matches()) {
            storedConfig = recorded;
        }
    }

    private static Scene open(Recording recording) {
        NodeFixture node = recording.nodeRole().equals("leader") ? NodeFixture.leader() : NodeFixture.replica();
        node.name = recording.node();
        if (recording.state().equals("failsafe_mode on")) {
            node.dynamic.put("failsafe_mode", true);
        }
        Tasks tasks = Tasks.system();
        KvClusterStore store = new KvClusterStore(new MemoryStore(tasks.time()).client(node.name, tasks.time(),
                Faults.NONE), ClusterKeys.of("/service", "demo"), node.name, tasks.time());
        store.setTimeouts(30, Duration.ofSeconds(1));
        StatusBoard board = new StatusBoard(node.ha());
        board.failsafe().walPosition(Optional.of(new Lsn(134491408)));
        NoAgent agent = new NoAgent();
        Operations operations = new Operations(new OperationParts(node.name, store, board, () -> {
        }, (members, limit) -> List.of(), new OperationCounters(), new QuickTasks(RECORDED_AT), agent));
        try {
            return new Scene(new ApiServer(node, config(recording), LIMITS), operations, store, agent);
        } catch (IOException refused) {
            throw new UncheckedIOException(refused);
        }
    }

    private static RestApiConfig config(Recording recording) {
        RestApiConfig settings = GoldenTest.config(recording);
        RestApiConfig free = new RestApiConfig(new HostPort("127.0.0.1", 0), settings.connectAddress(),
                settings.authentication(), Map.of(), Map.of(), settings.serverTokens(), 0, settings.tls(),
                settings.allowlist(), false);
        return GuardedConfig.of(free, settings.httpExtraHeaders());
    }

    /** Differences and faults of what came back. */
    static Comparison compare(WriteRecording recording, String actual) {
        List<Integer> codes = ApiServer.codes(actual);
        if (codes.size() != 1) {
            return Comparison.fault(codes.size() + " answers: " + actual);
        }
        if (recording.isUnanswered()) {
            return codes.getFirst() / 100 == 4
                    ? Comparison.decided(GoldenDifference.ONE_CLEAR_ANSWER)
                    : Comparison.fault(codes.getFirst() + " where Patroni does not answer");
        }
        boolean checked = recording.answer().route().equals("/config") && recording.answer().code() == 200
                && codes.getFirst() == 422;
        if (checked && NONSENSE.matcher(recording.body()).matches()) {
            return Comparison.decided(GoldenDifference.CONFIG_CHECKED);
        }
        return Comparison.of(recording.answer(), Objects.requireNonNull(actual).replaceFirst("^HTTP/1.1", "HTTP/1.0"));
    }

    private static final Pattern NONSENSE = Pattern.compile(
            "\\{\"(ttl\": \"abc\"|ttl\": -5|ttl\": \\[1\\]|loop_wait\": \\{\\}|postgresql\": 5)}");

    @Override
    public void close() {
        scenes.values().forEach(scene -> scene.server().close());
    }
}
