package org.jpatroni.operation;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jpatroni.agent.OperationCounters;
import org.jpatroni.agent.StatusBoard;
import org.jpatroni.dcs.ClusterKeys;
import org.jpatroni.dcs.ClusterStore;
import org.jpatroni.dcs.Faults;
import org.jpatroni.dcs.KvClusterStore;
import org.jpatroni.dcs.MemoryStore;
import org.jpatroni.dcs.StoreUnavailableException;
import org.jpatroni.json.PythonJsonReader;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.SyncState;
import org.jpatroni.model.Tags;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.CommandReply.Content;
import org.jpatroni.node.HaStatus;
import org.jpatroni.node.NodeCommand;
import org.jpatroni.node.NodeCommand.Operation;
import org.jpatroni.runtime.Tasks;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Moves of the leader {@code a} to {@code b} or {@code c}, on a store that keeps the contract; the HA loop is played by the test. */
class SwitchoverOperationTest {

    private final MemoryStore memory = new MemoryStore(Tasks.system().time());
    private final ClusterStore a = store("a", Faults.NONE);
    private final ClusterStore b = store("b", Faults.NONE);
    private final ClusterStore c = store("c", Faults.NONE);
    private final Map<String, PeerAnswer> answers = new TreeMap<>();
    private final StatusBoard board = new StatusBoard(HaStatus.starting("a", "demo", Tags.NONE, 0));
    private Runnable loop = () -> {
    };

    private ClusterStore store(String member, Faults faults) {
        KvClusterStore made = new KvClusterStore(memory.client(member, Tasks.system().time(), faults),
                ClusterKeys.of("/service", "demo"), member, Tasks.system().time());
        made.setTimeouts(30, Duration.ofSeconds(1));
        return made;
    }

    @BeforeEach
    void threeMembers() {
        assertThat(a.writeConfig("{\"ttl\":30,\"loop_wait\":10,\"retry_timeout\":10}", 0).isWon()).isTrue();
        assertThat(a.acquireLease().isWon()).isTrue();
        publishMember(a, "a");
        publishMember(b, "b");
        publishMember(c, "c");
        answers.put("a", answer("a", false, 100_000, Tags.NONE));
        answers.put("b", answer("b", true, 100_000, Tags.NONE));
        answers.put("c", answer("c", true, 100_000, Tags.NONE));
    }

    private static void publishMember(ClusterStore store, String name) {
        assertThat(store.publishMember(member(name)).isWon()).isTrue();
    }

    private static Member member(String name) {
        return new Member(name, Optional.of("http://127.0.0.1:1/patroni"),
                Optional.of("postgres://" + name + "/postgres"),
                Optional.empty(), Optional.of("running"), Optional.of("replica"), Optional.of("4.1.4"), Tags.NONE,
                Optional.of(new Lsn(1)), Optional.empty(), Optional.empty(), Optional.empty(), OptionalInt.of(1), false,
                Map.of(), Map.of(), false, false, false);
    }

    private static PeerAnswer answer(String name, boolean inRecovery, long position, Tags tags) {
        return new PeerAnswer(name, true, inRecovery, Optional.of(new Lsn(position)), OptionalInt.of(1), tags, false, 0,
                inRecovery ? "replica" : "primary", false);
    }

    private CommandReply submit(ClusterStore on, Operation operation, String body, boolean dryRun) throws Exception {
        Operations operations = new Operations(new OperationParts("a", on, board, () -> loop.run(),
                (members, limit) -> members.stream()
                        .map(member -> answers.getOrDefault(member.name(), PeerAnswer.unreachable(member.name())))
                        .toList(),
                new OperationCounters(), Tasks.system(), new NoAgent()));
        Map<?, ?> tree = (Map<?, ?>) Objects.requireNonNull(PythonJsonReader.read(body));
        return operations.submit(NodeCommand.of(operation, tree, dryRun, Optional.empty())).get(30, TimeUnit.SECONDS);
    }

    private String switchover(String body) throws Exception {
        return line(submit(a, Operation.SWITCHOVER, body, false));
    }

    private String failover(String body) throws Exception {
        return line(submit(a, Operation.FAILOVER, body, false));
    }

    private static String line(CommandReply reply) {
        return reply.code() + " " + switch (reply.content()) {
            case Content.Text text -> text.text();
            case Content.Refusal refusal -> refusal.line();
            case Content.Document document -> document.tree().toString();
        };
    }

    private Optional<FailoverRequest> stored() throws StoreUnavailableException {
        return a.snapshot().failover();
    }

    /** What the loop would publish now. */
    private void publish() {
        try {
            ClusterSnapshot snapshot = a.snapshot();
            long now = Tasks.system().time().nanos();
            board.publish(old -> new HaStatus("a", "demo", Optional.of(snapshot), now, 0, DynamicConfig.DEFAULT,
                    Tags.NONE, Optional.empty(), PostgresState.RUNNING, PostgresRole.PRIMARY, Optional.empty(),
                    OptionalInt.of(1), Map.of(), Map.of(), now, false, false, new TreeMap<>(), OptionalInt.empty(),
                    Optional.empty()));
        } catch (StoreUnavailableException down) {
            throw new IllegalStateException(down);
        }
    }

    /** The leader steps down, the other one takes over and is promoted a moment later. */
    private void moveTo(ClusterStore other, String name) {
        assertThat(a.releaseLease(Optional.empty()).isWon()).isTrue();
        publish();
        assertThat(other.acquireLease().isWon()).isTrue();
        publish();
        var _ = Tasks.system().start("promotion", () -> {
            Tasks.system().time().sleep(Duration.ofMillis(30));
            answers.put(name, answer(name, false, 100_200, Tags.NONE));
            return true;
        });
    }

    @Test
    void theAnswerComesWhenTheNewPrimaryAcceptsWrites() throws Exception {
        loop = () -> moveTo(b, "b");
        assertThat(switchover("{\"leader\":\"a\",\"candidate\":\"b\"}"))
                .isEqualTo("200 Successfully switched over to \"b\"");
        assertThat(answers.getOrDefault("b", PeerAnswer.unreachable("b")).acceptsWrites()).isTrue();
    }

    @Test
    void anotherOneWasFaster() throws Exception {
        loop = () -> moveTo(c, "c");
        assertThat(switchover("{\"leader\":\"a\",\"member\":\"b\"}"))
                .isEqualTo("200 Switched over to \"c\" instead of \"b\"");
    }

    @Test
    void failoverHasItsOwnWords() throws Exception {
        loop = () -> moveTo(b, "b");
        assertThat(failover("{\"candidate\":\"b\"}")).isEqualTo("200 Successfully failed over to \"b\"");
    }

    @Test
    void failoverWithoutALeader() throws Exception {
        assertThat(a.releaseLease(Optional.empty()).isWon()).isTrue();
        answers.put("b", answer("b", true, 5, Tags.NONE));
        loop = () -> {
            assertThat(b.acquireLease().isWon()).isTrue();
            answers.put("b", answer("b", false, 5, Tags.NONE));
            publish();
        };
        assertThat(switchover("{\"leader\":\"a\",\"candidate\":\"b\"}")).isEqualTo("412 leader name does not match");
        assertThat(failover("{\"candidate\":\"b\"}")).isEqualTo("200 Successfully failed over to \"b\"");
    }

    @Test
    void aDroppedRequestHasFailed() throws Exception {
        loop = () -> {
            publish();
            try {
                assertThat(a.clearFailover(stored().orElseThrow().version()).isWon()).isTrue();
            } catch (StoreUnavailableException down) {
                throw new IllegalStateException(down);
            }
            publish();
        };
        assertThat(switchover("{\"leader\":\"a\"}")).isEqualTo("503 Switchover failed");
        assertThat(failover("{\"candidate\":\"b\"}")).isEqualTo("503 Failover failed");
    }

    @Test
    void impossibleMovesAreRefusedWithReasonsAndNothingIsStored() throws Exception {
        assertThat(switchover("{\"leader\":\"b\"}")).isEqualTo("412 leader name does not match");
        assertThat(switchover("{\"leader\":\"a\",\"candidate\":\"x\"}")).isEqualTo("412 candidate does not exists");
        assertThat(failover("{\"candidate\":\"a\"}"))
                .isEqualTo("412 failover is not possible: no good candidates have been found");
        answers.remove("b");
        answers.put("c", answer("c", true, 100_000, new Tags(Map.of("nofailover", true))));
        CommandReply reply = submit(b, Operation.SWITCHOVER, "{\"leader\":\"a\"}", false);
        assertThat(line(reply)).isEqualTo("412 switchover is not possible: no good candidates have been found");
        assertThat(reply.explanations()).extracting(each -> each.member() + " " + each.rule())
                .containsExactly("b candidate.unreachable", "c candidate.nofailover");
        answers.put("a", answer("a", false, 9_000_000, Tags.NONE));
        answers.put("b", answer("b", true, 100_000, Tags.NONE));
        CommandReply lagging = submit(b, Operation.FAILOVER, "{\"candidate\":\"b\"}", false);
        assertThat(lagging.explanations().getFirst().document()).containsEntry("rule", "candidate.lagging")
                .containsEntry("lag", 8_900_000L).containsEntry("limit", 1_048_576L);
        assertThat(stored()).isEmpty();
    }

    @Test
    void onlySynchronousStandbysInPriorityMode() throws Exception {
        assertThat(a.writeConfig("{\"synchronous_mode\":true}", -1).isWon()).isTrue();
        assertThat(switchover("{\"leader\":\"a\"}"))
                .isEqualTo("412 switchover is not possible: can not find sync_standby");
        assertThat(a.writeSync(new SyncState(Optional.of("a"), List.of("b"), 0, 0), 0).isWon()).isTrue();
        assertThat(switchover("{\"leader\":\"a\",\"candidate\":\"c\"}"))
                .isEqualTo("412 candidate name does not match with sync_standby");
        loop = () -> moveTo(b, "b");
        assertThat(switchover("{\"leader\":\"a\",\"candidate\":\"b\"}")).startsWith("200 ");
    }

    @Test
    void aScheduledSwitchoverIsStoredReplacedAndCancelled() throws Exception {
        assertThat(switchover("{\"leader\":\"nope\",\"scheduled_at\":\"2099-01-02T15:04+00\"}"))
                .isEqualTo("202 Switchover scheduled");
        assertThat(switchover("{\"leader\":\"a\",\"candidate\":\"b\",\"scheduled_at\":\"2099-01-02 16:04Z\"}"))
                .isEqualTo("202 Switchover scheduled");
        assertThat(stored().orElseThrow().scheduledAtText()).contains("2099-01-02T16:04:00+00:00");
        assertThat(line(submit(a, Operation.CANCEL_SWITCHOVER, "{}", false)))
                .isEqualTo("200 scheduled switchover deleted");
        assertThat(line(submit(a, Operation.CANCEL_SWITCHOVER, "{}", false)))
                .isEqualTo("404 no switchover is scheduled");
        assertThat(stored()).isEmpty();
    }

    @Test
    void aDryRunTellsAndStoresNothing() throws Exception {
        answers.remove("b");
        List<String> told = new ArrayList<>();
        told.add(line(submit(a, Operation.SWITCHOVER, "{\"leader\":\"a\"}", true)));
        told.add(line(submit(a, Operation.SWITCHOVER, "{\"leader\":\"a\",\"candidate\":\"b\"}", true)));
        assertThat(told.getFirst()).startsWith("200 ").contains("possible=true", "new_leader=c",
                "candidate.unreachable");
        assertThat(told.getLast()).startsWith("200 ").contains("possible=false",
                "message=switchover is not possible: no good candidates have been found");
        assertThat(stored()).isEmpty();
    }

    @Test
    void aRequestThatMayBeStoredIsReadAgainAndOneThatWasNotIsNoSuccess() throws Exception {
        ClusterStore mute = store("a", new Faults() {
            @Override
            public boolean replyArrives(String verb) {
                return !verb.equals("transact");
            }
        });
        loop = () -> moveTo(b, "b");
        assertThat(line(submit(mute, Operation.SWITCHOVER, "{\"leader\":\"a\",\"candidate\":\"b\"}", false)))
                .isEqualTo("200 Successfully switched over to \"b\"");
        ClusterStore deaf = store("b", new Faults() {
            @Override
            public Fate beforeApply(String verb) {
                return verb.equals("transact") ? Fate.LOST : Fate.DELIVERED;
            }
        });
        assertThat(line(submit(deaf, Operation.FAILOVER, "{\"candidate\":\"c\"}", false)))
                .isEqualTo("503 failed to write failover key into DCS");
    }
}
