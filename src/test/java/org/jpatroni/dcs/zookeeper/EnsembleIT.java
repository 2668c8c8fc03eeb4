package org.jpatroni.dcs.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.jpatroni.dcs.Cas;
import org.jpatroni.dcs.KeyValueClient.Change.Put;
import org.jpatroni.dcs.KeyValueClient.Expect;
import org.jpatroni.dcs.StoreUnavailableException;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three embedded members in this process: what holds when one or two of them are gone. */
class EnsembleIT {

    private static final String KEY = "/service/ensemble/leader";
    private static final String PERMANENT = "/service/ensemble/config";

    @TempDir Path folder = Path.of("unset");

    @Test
    void membersComeInAnyOrderAndServeSoon() throws Exception {
        try (TestEnsemble ensemble = TestEnsemble.of(folder, "a", "b", "c")) {
            ensemble.start("c");
            try (ZooKeeperClient client = ensemble.client("c", 10)) {
                client.setTimeouts(10, Duration.ofSeconds(1));
                assertThat(client.refreshSession()).as("one of three is no quorum").isInstanceOf(Cas.Unknown.class);
                assertThat(ensemble.member("c").isServing()).isFalse();
                assertThat(ensemble.member("c").state()).isEqualTo("looking");
                Time.Deadline goal = Time.system().deadlineIn(Duration.ofSeconds(3));
                ensemble.start("a");
                ensemble.start("b");
                await("three members serve", ensemble::allServe);
                await("the client that waited has its session", () -> client.refreshSession().isWon());
                assertThat(goal.isPast()).as("serving and connected within 3 s").isFalse();
                assertThat(put(client, KEY, "1", true).isWon()).isTrue();
            }
        }
    }

    @Test
    void writesAndSessionsGoOnWhenTheLeadingMemberIsGone() throws Exception {
        try (TestEnsemble ensemble = started()) {
            String leading = ensemble.inState("leading").orElseThrow();
            String other = leading.equals("a") ? "b" : "a";
            try (ZooKeeperClient displaced = ensemble.client(leading, 10);
                    ZooKeeperClient client = ensemble.client(other, 10)) {
                assertThat(displaced.refreshSession().isWon()).isTrue();
                assertThat(client.refreshSession().isWon()).isTrue();
                assertThat(put(client, KEY, "1", true).isWon()).isTrue();
                String session = displaced.sessionId();
                ensemble.stop(leading);
                await("the key is still held",
                        () -> client.transact(List.of(new Expect.OwnSession(KEY)), List.of()).isWon());
                await("the client of the stopped member went on elsewhere", () -> displaced.refreshSession().isWon());
                assertThat(displaced.sessionId()).isEqualTo(session);
                assertThat(displaced.get(KEY).orElseThrow().value()).isEqualTo("1");
                ensemble.start(leading);
                await("the member is back", ensemble::allServe);
            }
        }
    }

    @Test
    void withoutQuorumNothingIsReadAndNothingIsWon() throws Exception {
        try (TestEnsemble ensemble = started(); ZooKeeperClient client = ensemble.client("a", 30)) {
            assertThat(client.refreshSession().isWon()).isTrue();
            assertThat(put(client, PERMANENT, "1", false).isWon()).isTrue();
            ensemble.stop("b");
            ensemble.stop("c");
            client.setTimeouts(30, Duration.ofSeconds(1));
            await("the last member notices", () -> !ensemble.member("a").isServing());
            assertThatThrownBy(() -> client.get(PERMANENT)).isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("127.0.0.1");
            assertThat(put(client, PERMANENT, "2", false)).isInstanceOf(Cas.Unknown.class);
            assertThat(client.refreshSession()).isInstanceOf(Cas.Unknown.class);
            ensemble.start("c");
            await("two of three are a quorum", () -> client.refreshSession().isWon());
            assertThat(client.get(PERMANENT).orElseThrow().value()).isEqualTo("1");
        }
    }

    @Test
    void everythingIsKeptWhenAllMembersStopAndStart() throws Exception {
        try (TestEnsemble ensemble = started(); ZooKeeperClient client = ensemble.client("b", 30)) {
            assertThat(client.refreshSession().isWon()).isTrue();
            assertThat(put(client, PERMANENT, "kept", false).isWon()).isTrue();
            assertThat(put(client, KEY, "b", true).isWon()).isTrue();
            for (String name : List.of("a", "b", "c")) {
                ensemble.stop(name);
            }
            for (String name : List.of("c", "b", "a")) {
                ensemble.start(name);
            }
            await("the session goes on", () -> client.refreshSession().isWon());
            assertThat(client.get(PERMANENT).orElseThrow().value()).isEqualTo("kept");
            assertThat(client.transact(List.of(new Expect.OwnSession(KEY)), List.of()).isWon()).isTrue();
        }
    }

    @Test
    void aClientThatIsCutOffKnowsNothingUntilItReadsBack() throws Exception {
        try (TestEnsemble ensemble = TestEnsemble.standalone(folder);
                Gate gate = new Gate(ensemble.config("alone").listen().port());
                ZooKeeperClient client = new ZooKeeperClient(gate.access(), 10, Duration.ofSeconds(2),
                        Tasks.system())) {
            assertThat(client.refreshSession().isWon()).isTrue();
            assertThat(put(client, KEY, "before", true).isWon()).isTrue();
            gate.holdAnswers();
            Time.Deadline limit = Time.system().deadlineIn(Duration.ofSeconds(3));
            assertThat(put(client, PERMANENT, "sent", false)).isInstanceOf(Cas.Unknown.class);
            assertThat(limit.isPast()).as("no call takes longer than its limit").isFalse();
            gate.open();
            await("a new connection", () -> client.refreshSession().isWon());
            assertThat(client.transact(List.of(new Expect.OwnSession(KEY)), List.of()).isWon()).isTrue();
            gate.close();
            assertThat(put(client, PERMANENT, "never", false)).isInstanceOf(Cas.Unknown.class);
            assertThatThrownBy(() -> client.list("/service/ensemble/")).isInstanceOf(StoreUnavailableException.class);
        }
    }

    @Test
    void releasingIsSeenAtOnceAndClosingFreesNothing() throws Exception {
        try (TestEnsemble ensemble = started(); ZooKeeperClient reader = ensemble.client("c", 10)) {
            ZooKeeperClient holder = ensemble.client("a", 10);
            assertThat(holder.refreshSession().isWon()).isTrue();
            assertThat(put(holder, KEY, "a", true).isWon()).isTrue();
            holder.close();
            assertThat(reader.get(KEY)).isPresent();
            Time.system().sleep(Duration.ofSeconds(2));
            assertThat(reader.get(KEY)).as("until the session expires").isPresent();
            await("the session expires", () -> reader.get(KEY).isEmpty());
        }
    }

    private TestEnsemble started() throws Exception {
        TestEnsemble ensemble = TestEnsemble.of(folder, "a", "b", "c");
        for (String name : List.of("a", "b", "c")) {
            ensemble.start(name);
        }
        await("three members serve", ensemble::allServe);
        return ensemble;
    }

    private static Cas<?> put(ZooKeeperClient client, String key, String value, boolean inSession) {
        return client.transact(List.of(), List.of(new Put(key, value, inSession)));
    }

    private static void await(String what, Callable<Boolean> condition) {
        Awaitility.await(what).atMost(Duration.ofSeconds(40)).pollInterval(Duration.ofMillis(20)).until(condition);
    }
}
