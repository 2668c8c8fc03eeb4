package org.jpatroni.operation;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jpatroni.agent.OperationCounters;
import org.jpatroni.agent.StatusBoard;
import org.jpatroni.config.DynamicConfigReader;
import org.jpatroni.dcs.ClusterKeys;
import org.jpatroni.dcs.Faults;
import org.jpatroni.dcs.KvClusterStore;
import org.jpatroni.dcs.MemoryStore;
import org.jpatroni.json.PythonJsonReader;
import org.jpatroni.decide.Failsafe;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.FailsafePing;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.Tags;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.HaStatus;
import org.jpatroni.node.NodeCommand;
import org.jpatroni.runtime.Tasks;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a member answers to a primary that cannot reach the store, and what it remembers of it. */
class FailsafeOperationTest {

    private static final String PRIMARY = "{\"name\":\"n0\",\"conn_url\":\"postgres://a:5432/postgres\","
            + "\"api_url\":\"http://a:8008/patroni\",\"slots\":{\"n1\":100,\"idle\":null}}";

    private static StatusBoard board(boolean failsafe, PostgresState state, PostgresRole role) {
        HaStatus start = HaStatus.starting("n1", "demo", Tags.NONE, 0);
        DynamicConfig dynamic = DynamicConfigReader.read(Map.of("failsafe_mode", failsafe)).config();
        return new StatusBoard(new HaStatus("n1", "demo", Optional.empty(), 0, 0, dynamic, Tags.NONE, Optional.empty(),
                state, role, Optional.empty(), start.timeline(), new LinkedHashMap<>(), new LinkedHashMap<>(), 0, false,
                false, start.failsafeMembers(), start.postgresVersion(), Optional.empty()));
    }

    private static StatusBoard replica() {
        return board(true, PostgresState.RUNNING, PostgresRole.REPLICA);
    }

    /** The answer, which is there at once. */
    private static CommandReply ask(StatusBoard board, String body) {
        Tasks tasks = Tasks.system();
        KvClusterStore store = new KvClusterStore(new MemoryStore(tasks.time()).client("n1", tasks.time(), Faults.NONE),
                ClusterKeys.of("/service", "demo"), "n1", tasks.time());
        Operations operations = new Operations(new OperationParts("n1", store, board, () -> {
            throw new AssertionError("the HA loop is not needed");
        }, (members, limit) -> List.of(), new OperationCounters(), tasks, new NoAgent()));
        Map<?, ?> tree = (Map<?, ?>) Objects.requireNonNull(PythonJsonReader.read(body));
        CompletableFuture<CommandReply> reply = operations
                .submit(NodeCommand.of(NodeCommand.Operation.FAILSAFE, tree, false, Optional.empty()));
        assertThat(reply).isDone();
        return reply.join();
    }

    private static Optional<FailsafePing> known(StatusBoard board) {
        return board.failsafe().primary(Tasks.system().time().nanos()).map(Failsafe.Announced::ping);
    }

    @Test
    void aReplicaAcceptsAndTellsItsPosition() {
        StatusBoard board = replica();
        assertThat(ask(board, PRIMARY).headers()).as("no position is known yet").isEmpty();
        board.failsafe().walPosition(Optional.of(new Lsn(134491408)));
        CommandReply reply = ask(board, PRIMARY);
        assertThat(reply).isEqualTo(CommandReply.text(200, "Accepted").withHeader("lsn", "134491408"));
        FailsafePing primary = known(board).orElseThrow();
        assertThat(primary.name()).isEqualTo("n0");
        assertThat(primary.connUrl()).isEqualTo("postgres://a:5432/postgres");
        assertThat(primary.apiUrl()).isEqualTo("http://a:8008/patroni");
        assertThat(primary.slots().orElseThrow()).containsOnly(Map.entry("n1", new Lsn(100)));
    }

    @Test
    void whatWasSaidHoldsForTheTimeToLive() {
        StatusBoard board = replica();
        assertThat(ask(board, PRIMARY).code()).isEqualTo(200);
        long at = board.failsafe().primary(Tasks.system().time().nanos()).orElseThrow().atNanos();
        assertThat(board.failsafe().primary(at + Duration.ofSeconds(30).toNanos() - 1)).isPresent();
        assertThat(board.failsafe().primary(at + Duration.ofSeconds(30).toNanos())).isEmpty();
    }

    @Test
    void aRunningPrimaryRefusesAndRemembersNothing() {
        StatusBoard board = board(true, PostgresState.RUNNING, PostgresRole.PRIMARY);
        assertThat(ask(board, PRIMARY)).isEqualTo(CommandReply.text(500, "Running as a leader"));
        assertThat(known(board)).isEmpty();
        StatusBoard stopped = board(true, PostgresState.STOPPED, PostgresRole.PRIMARY);
        assertThat(ask(stopped, PRIMARY).code()).as("what does not run is in nobody's way").isEqualTo(200);
    }

    @Test
    void withoutFailsafeModeNothingIsAccepted() {
        StatusBoard board = board(false, PostgresState.RUNNING, PostgresRole.REPLICA);
        assertThat(ask(board, PRIMARY).code()).isEqualTo(502);
        assertThat(known(board)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"foo\":1}", "{\"name\":\"\",\"conn_url\":\"a\",\"api_url\":\"b\"}",
            "{\"name\":1,\"conn_url\":\"a\",\"api_url\":\"b\"}", "{\"name\":\"n\",\"conn_url\":null,\"api_url\":\"b\"}",
            "{\"name\":\"n\",\"conn_url\":\"a\"}", "{\"name\":\"n\",\"conn_url\":\"a\",\"api_url\":\"b\",\"slots\":[]}",
            "{\"name\":\"n\",\"conn_url\":\"a\",\"api_url\":\"b\",\"slots\":{\"s\":\"x\"}}",
            "{\"name\":\"n\",\"conn_url\":\"a\",\"api_url\":\"b\",\"slots\":{\"s\":-1}}",
            "{\"name\":\"n\",\"conn_url\":\"a\",\"api_url\":\"b\",\"slots\":{\"s\":18446744073709551616}}"})
    void whatIsNoAnnouncementIsRefusedAndNotRemembered(String body) {
        StatusBoard board = replica();
        assertThat(ask(board, body).code()).isEqualTo(400);
        assertThat(known(board)).isEmpty();
    }
}
