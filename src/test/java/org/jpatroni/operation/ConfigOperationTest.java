package org.jpatroni.operation;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jpatroni.agent.OperationCounters;
import org.jpatroni.agent.StatusBoard;
import org.jpatroni.dcs.ClusterKeys;
import org.jpatroni.dcs.ClusterStore;
import org.jpatroni.dcs.Faults;
import org.jpatroni.dcs.KvClusterStore;
import org.jpatroni.dcs.MemoryStore;
import org.jpatroni.json.PythonJson;
import org.jpatroni.json.PythonJsonReader;
import org.jpatroni.model.ClusterSnapshot.StoredConfig;
import org.jpatroni.model.Tags;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.CommandReply.Content;
import org.jpatroni.node.ConfigTag;
import org.jpatroni.node.HaStatus;
import org.jpatroni.node.NodeCommand;
import org.jpatroni.node.NodeCommand.Operation;
import org.jpatroni.runtime.Tasks;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Changes of the dynamic configuration, on a store that keeps the contract. */
class ConfigOperationTest {

    private static final String STORED = "{\"ttl\":30,\"loop_wait\":10,\"retry_timeout\":10,"
            + "\"postgresql\":{\"parameters\":{\"max_connections\":100,\"x.y\":1.5}}}";

    private final MemoryStore memory = new MemoryStore(Tasks.system().time());
    private final ClusterStore store = store(Faults.NONE);

    private ClusterStore store(Faults faults) {
        KvClusterStore made = new KvClusterStore(memory.client("n1", Tasks.system().time(), faults),
                ClusterKeys.of("/service", "demo"), "n1", Tasks.system().time());
        made.setTimeouts(30, Duration.ofSeconds(1));
        return made;
    }

    private CommandReply submit(ClusterStore on, Operation operation, String body, boolean dryRun,
            Optional<String> ifMatch) throws Exception {
        StatusBoard board = new StatusBoard(HaStatus.starting("n1", "demo", Tags.NONE, 0));
        Operations operations = new Operations(new OperationParts("n1", on, board, () -> {
        }, (members, limit) -> List.of(), new OperationCounters(), Tasks.system(), new NoAgent()));
        Map<?, ?> tree = (Map<?, ?>) Objects.requireNonNull(PythonJsonReader.read(body));
        return operations.submit(NodeCommand.of(operation, tree, dryRun, ifMatch))
                .get(10, TimeUnit.SECONDS);
    }

    private CommandReply patch(String body) throws Exception {
        return submit(store, Operation.PATCH_CONFIG, body, false, Optional.empty());
    }

    private void given(String json) {
        assertThat(store.writeConfig(json, 0).isWon()).isTrue();
    }

    private String stored() throws Exception {
        return store.snapshot().config().map(StoredConfig::json).orElse("");
    }

    private static String line(CommandReply reply) {
        return reply.content() instanceof Content.Refusal refusal ? refusal.line() : reply.content().toString();
    }

    @Test
    void aPatchIsMergedStoredAndAnsweredWhole() throws Exception {
        given(STORED);
        CommandReply reply = patch("{\"postgresql\":{\"parameters\":{\"work_mem\":\"8MB\"}},\"loop_wait\":null}");
        String expected = "{\"ttl\":30,\"retry_timeout\":10,\"postgresql\":{\"parameters\":"
                + "{\"max_connections\":100,\"x.y\":1.5,\"work_mem\":\"8MB\"}}}";
        assertThat(reply.code()).isEqualTo(200);
        assertThat(stored()).isEqualTo(expected);
        assertThat(reply.content()).isInstanceOfSatisfying(Content.Document.class,
                document -> assertThat(PythonJson.writeCompact(document.tree())).isEqualTo(expected));
        assertThat(reply.headers()).containsEntry("ETag", ConfigTag.of(expected));
    }

    @Test
    void whatReadsTheSameIsNotWritten() throws Exception {
        given(STORED);
        long version = store.snapshot().config().orElseThrow().version();
        assertThat(patch("{\"ttl\":\"30\"}").code()).isEqualTo(200);
        assertThat(store.snapshot().config().orElseThrow().version()).isEqualTo(version);
    }

    @Test
    void withoutAStoredConfigurationPatchIsRefusedAndPutCreates() throws Exception {
        assertThat(patch("{\"ttl\":20}").code()).isEqualTo(503);
        assertThat(submit(store, Operation.PUT_CONFIG, "{\"ttl\":40}", false, Optional.empty()).code()).isEqualTo(200);
        assertThat(stored()).isEqualTo("{\"ttl\":40}");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "{\"ttl\":\"abc\"}|ttl: ",
            "{\"postgresql\":5}|postgresql: must be a mapping",
            "{\"postgresql\":{\"parameters\":[]}}|postgresql.parameters: must be a mapping",
            "{\"pause\":\"perhaps\"}|pause: must be true or false",
            "{\"synchronous_mode\":\"maybe\"}|synchronous_mode: ",
            "{\"slots\":{\"a\":{\"type\":\"logical\"}}}|slots.a: a logical slot needs database and plugin",
            "{\"ttl\":3}|ttl: "})
    void nonsenseIsRefusedWithItsPathAndNothingIsStored(String body, String expected) throws Exception {
        given(STORED);
        CommandReply reply = patch(body);
        assertThat(reply.code()).isEqualTo(422);
        assertThat(line(reply)).startsWith(expected);
        assertThat(reply.explanations()).isNotEmpty();
        assertThat(stored()).isEqualTo(STORED);
        assertThat(submit(store, Operation.PUT_CONFIG, body, false, Optional.empty()).code()).isEqualTo(422);
        assertThat(stored()).isEqualTo(STORED);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "{\"ttl\":\"40\"}", "{\"ttl\":20}", "{\"anything\":{\"of\":[\"mine\"]}}", "{\"master_start_timeout\":0}",
            "{\"postgresql\":{\"parameters\":{\"max_connections\":\"101\"}}}", "{\"pause\":\"on\"}",
            "{\"maximum_lag_on_failover\":\"1048576\"}", "{\"slots\":{\"a\":0}}", "{\"slots\":null}"})
    void whatClientsSendIsAccepted(String body) throws Exception {
        given(STORED);
        assertThat(patch(body).code()).as(body).isEqualTo(200);
    }

    @Test
    void timeoutsThatDoNotFitAreStoredAndWarnedOf() throws Exception {
        given(STORED);
        assertThat(patch("{\"ttl\":20}").headers().get("X-Patroni-Warning")).startsWith("ttl: must not be less than");
        assertThat(patch("{\"ttl\":40}").headers()).doesNotContainKey("X-Patroni-Warning");
    }

    @Test
    void whatWasWrongBeforeDoesNotForbidAnotherChange() throws Exception {
        given("{\"ttl\":\"abc\"}");
        assertThat(patch("{\"pause\":true}").code()).isEqualTo(200);
        assertThat(stored()).isEqualTo("{\"ttl\":\"abc\",\"pause\":true}");
    }

    @Test
    void ifMatchGuardsAgainstChangesOfOthers() throws Exception {
        given(STORED);
        Optional<String> old = Optional.of(ConfigTag.of(STORED));
        assertThat(submit(store, Operation.PATCH_CONFIG, "{\"ttl\":40}", false, old).code()).isEqualTo(200);
        assertThat(submit(store, Operation.PATCH_CONFIG, "{\"ttl\":50}", false, old).code()).isEqualTo(412);
        assertThat(submit(store, Operation.PUT_CONFIG, "{\"ttl\":50}", false, old).code()).isEqualTo(412);
        assertThat(stored()).contains("\"ttl\":40");
    }

    @Test
    void aDryRunShowsAndChangesNothing() throws Exception {
        given(STORED);
        CommandReply reply = submit(store, Operation.PATCH_CONFIG, "{\"ttl\":40}", true, Optional.empty());
        assertThat(reply.code()).isEqualTo(200);
        assertThat(line(reply)).contains("dry_run=true", "changes=true", "ttl=40");
        assertThat(stored()).isEqualTo(STORED);
        assertThat(submit(store, Operation.PATCH_CONFIG, "{\"ttl\":\"abc\"}", true, Optional.empty()).code())
                .isEqualTo(422);
    }

    @Test
    void aRaceIsAConflictAndNoAnswerIsNoPromise() throws Exception {
        given(STORED);
        ClusterStore raced = store(new Faults() {
            @Override
            public Fate beforeApply(String verb) {
                if (verb.equals("transact")) {
                    var _ = store.writeConfig("{\"ttl\":99}", -1);
                }
                return Fate.DELIVERED;
            }
        });
        assertThat(submit(raced, Operation.PATCH_CONFIG, "{\"ttl\":40}", false, Optional.empty()).code())
                .isEqualTo(409);
        assertThat(stored()).isEqualTo("{\"ttl\":99}");
        ClusterStore mute = store(new Faults() {
            @Override
            public boolean replyArrives(String verb) {
                return !verb.equals("transact");
            }
        });
        CommandReply unknown = submit(mute, Operation.PATCH_CONFIG, "{\"ttl\":40}", false, Optional.empty());
        assertThat(unknown.code()).isEqualTo(503);
        assertThat(line(unknown)).contains("may have been made");
        assertThat(Collections.singleton(stored())).containsExactly("{\"ttl\":40}");
    }
}
