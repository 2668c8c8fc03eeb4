package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jpatroni.config.RestApiConfig;
import org.jpatroni.json.PythonJsonReader;
import org.junit.jupiter.api.Test;
import org.jspecify.annotations.Nullable;

/**
 * Asks everything that was asked of Patroni 4.1.4 again, of a node in the same state, and compares code, headers and body text.
 * Differences are allowed only where {@link GoldenDifference} names them.
 */
class GoldenTest {

    private static final Path REPORT = Path.of("target/golden-report.md");

    private final List<Recording> recordings = Recording.load();
    private final List<WriteRecording> writes = WriteRecording.load();
    private final Map<String, Map<GoldenDifference, Integer>> allowed = new TreeMap<>();
    private final Map<String, Integer> same = new TreeMap<>();
    private final List<String> faults = new ArrayList<>();
    /** Status, cluster and failsafe documents by scene, so that answers without a document of their own find their node. */
    private final Map<String, Recording> statusOfScene = new HashMap<>();
    private final Map<String, Recording> failsafeOfScene = new HashMap<>();

    @Test
    void everyRecordedAnswerIsGivenAgain() throws IOException {
        for (Recording recording : recordings) {
            if (isStatusDocument(recording)) {
                statusOfScene.putIfAbsent(recording.scene(), recording);
            }
            if (recording.route().equals("/failsafe") && recording.method().equals("GET")) {
                failsafeOfScene.putIfAbsent(recording.scene(), recording);
            }
        }
        recordings.forEach(this::replay);
        replayWrites();
        writeReport();
        assertThat(faults).as("differences that nobody decided").isEmpty();
        assertThat(recordings.size() + writes.size()).isEqualTo(1478);
    }

    private static boolean isStatusDocument(Recording recording) {
        return recording.body().startsWith("{\"state\": ");
    }

    private void replay(Recording recording) {
        if (recording.statusLine().isEmpty()) {
            note(recording, GoldenDifference.OPEN_BEFORE_THE_STORE);
            return;
        }
        Socketless api = new Socketless(new FakeNode(nodeFor(recording)), new FixedTime(), config(recording));
        String actual = api.bytes(recording.method(), recording.path());
        take(recording, Comparison.of(recording, actual));
    }

    private void replayWrites() throws IOException {
        try (WriteReplay api = new WriteReplay()) {
            for (WriteRecording recording : writes) {
                take(recording.answer(), WriteReplay.compare(recording, api.replay(recording)));
            }
        }
    }

    private void take(Recording recording, Comparison comparison) {
        if (!comparison.faults().isEmpty()) {
            comparison.faults().forEach(fault -> faults.add(recording.file() + " " + recording.nodeRole() + " "
                    + recording.method() + " " + recording.path() + " [" + recording.testCase() + "]: " + fault));
        } else if (comparison.differences().isEmpty()) {
            same.merge(recording.file(), 1, Integer::sum);
        } else {
            comparison.differences().forEach(difference -> note(recording, difference));
        }
    }

    private void note(Recording recording, GoldenDifference difference) {
        allowed.computeIfAbsent(recording.file(), file -> new TreeMap<>()).merge(difference, 1, Integer::sum);
    }

    private NodeFixture nodeFor(Recording recording) {
        NodeFixture node = recording.nodeRole().equals("leader") ? NodeFixture.leader() : NodeFixture.replica();
        node.dynamic = new LinkedHashMap<>();
        if (recording.state().equals("synchronous_mode")) {
            node.dynamic.put("synchronous_mode", true);
        }
        if (recording.state().equals("failsafe_mode on")) {
            node.dynamic.put("failsafe_mode", true);
        }
        Recording status = isStatusDocument(recording) ? recording : statusOfScene.get(recording.scene());
        if (status != null) {
            RecordedNode.applyStatus(node, document(status.body()), recording.nodeRole());
        }
        if (!recording.method().equals("GET")) {
            Optional.ofNullable(failsafeOfScene.get(recording.scene())).filter(known -> known.code() == 200)
                    .ifPresent(known -> RecordedNode.applyFailsafe(node, document(known.body())));
            return node;
        }
        switch (recording.route()) {
            case "/cluster" -> RecordedNode.applyCluster(node, document(recording.body()));
            case "/history" ->
                RecordedNode.applyHistory(node,
                        (List<?>) Objects.requireNonNull(PythonJsonReader.read(recording.body())));
            case "/config" -> RecordedNode.applyConfig(node, recording.body());
            case "/metrics" -> RecordedNode.applyMetrics(node, recording.body());
            case "/failsafe" -> {
                if (recording.code() == 200) {
                    RecordedNode.applyFailsafe(node, document(recording.body()));
                }
            }
            default -> {
                // The status document tells all.
            }
        }
        return node;
    }

    private static Map<?, ?> document(String body) {
        return (Map<?, ?>) Objects.requireNonNull(PythonJsonReader.read(body));
    }

    static RestApiConfig config(Recording recording) {
        RestApiConfig plain = ApiServer.config("127.0.0.1", 8008);
        if (!recording.state().startsWith("restapi: server_tokens: minimal")) {
            return plain;
        }
        Map<String, String> extra = new LinkedHashMap<>();
        extra.put("X-Frame-Options", "SAMEORIGIN");
        extra.put("X-XSS-Protection", "1; mode=block");
        return new RestApiConfig(plain.listen(), plain.connectAddress(), plain.authentication(), extra, Map.of(),
                "minimal", plain.requestQueueSize(), plain.tls(), plain.allowlist(), false);
    }

    private void writeReport() throws IOException {
        StringBuilder out = new StringBuilder("# Recordings of Patroni 4.1.4 against this build\n\n");
        out.append("| recording | exchanges | same but for HTTP/1.1's headers | decided differences |\n");
        out.append("|---|---|---|---|\n");
        Map<String, Integer> all = new TreeMap<>();
        recordings.forEach(recording -> all.merge(recording.file(), 1, Integer::sum));
        writes.forEach(recording -> all.merge(recording.answer().file(), 1, Integer::sum));
        all.forEach((file, count) -> out.append("| ").append(file).append(" | ").append(count).append(" | ")
                .append(same.getOrDefault(file, 0)).append(" | ").append(differences(file)).append(" |\n"));
        out.append("\nExchanges ").append(recordings.size() + writes.size()).append(", faults ")
                .append(faults.size())
                .append(".\n\nThe outcome of changes of /config, of /failsafe, /mpp, /citus, /reload, /sigterm, of")
                .append(" restarts that are scheduled or refused for what they say, is that of the real operation. For operations that need a real PostgreSQL the recorded reply is")
                .append(" given to the API: framing, access, body handling and bytes are compared.")
                .append("\n\n## Decided differences\n\n");
        for (GoldenDifference difference : GoldenDifference.values()) {
            out.append("- `").append(difference).append("`: ").append(difference.why()).append('\n');
        }
        if (!faults.isEmpty()) {
            out.append("\n## Faults\n\n");
            faults.forEach(fault -> out.append("- ").append(fault).append('\n'));
        }
        Files.createDirectories(Objects.requireNonNull(REPORT.getParent()));
        Files.writeString(REPORT, out);
    }

    private String differences(String file) {
        @Nullable Map<GoldenDifference, Integer> counts = allowed.get(file);
        if (counts == null) {
            return "none";
        }
        StringBuilder text = new StringBuilder();
        counts.forEach((difference, count) -> text.append(text.isEmpty() ? "" : ", ").append(difference).append(' ')
                .append(count));
        return text.toString();
    }
}
