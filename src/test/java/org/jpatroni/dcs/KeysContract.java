package org.jpatroni.dcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.SyncState;
import org.jpatroni.model.TimelineHistory;
import org.junit.jupiter.api.Test;

/** The cases about all other keys, and about watching. */
public abstract class KeysContract extends LeaseContract {

    @Test
    void anEmptyStoreIsAnEmptySnapshot() throws Exception {
        assertThat(member(NODE_1).snapshot()).isEqualTo(ClusterSnapshot.EMPTY);
    }

    @Test
    void aMemberIsStoredByteForByte() throws Exception {
        ClusterStore node1 = member(NODE_1);
        assertWon(node1.publishMember(running(NODE_1)));
        assertThat(store.read(keys.member(NODE_1))).contains("{\"conn_url\":\"postgres://127.0.0.1:5432/postgres\","
                + "\"api_url\":\"http://127.0.0.1:8008/patroni\",\"state\":\"running\",\"role\":\"replica\",\"version\":\"4.1.4\","
                + "\"xlog_location\":67108960,\"timeline\":1}");
        assertThat(node1.snapshot().members()).containsExactly(running(NODE_1));
    }

    @Test
    void membersAreSortedByName() throws Exception {
        for (String name : List.of("c", "a", "b")) {
            assertWon(member(name).publishMember(running(name)));
        }
        assertThat(memberNames(member("d").snapshot())).containsExactly("a", "b", "c");
    }

    @Test
    void anUnchangedMemberIsNotWrittenAgainButStaysAlive() throws Exception {
        KeyValueClient client = client();
        ClusterStore node1 = member(NODE_1, client, store.shortTtlSeconds());
        assertWon(node1.publishMember(running(NODE_1)));
        long version = client.get(keys.member(NODE_1)).orElseThrow().version();
        long end = store.time().nanos() + Duration.ofSeconds(2L * store.shortTtlSeconds() + 1).toNanos();
        while (store.time().nanos() - end < 0) {
            store.passTime(Duration.ofMillis(300));
            assertWon(node1.publishMember(running(NODE_1)));
        }
        assertThat(client.get(keys.member(NODE_1)).orElseThrow().version()).isEqualTo(version);
        assertWon(node1.publishMember(at(NODE_1, 7)));
        assertThat(client.get(keys.member(NODE_1)).orElseThrow().version()).isNotEqualTo(version);
    }

    @Test
    void aMemberWhoseSessionEndedDisappearsAndComesBack() throws Exception {
        KeyValueClient client = client();
        ClusterStore node1 = member(NODE_1, client, 30);
        assertWon(node1.publishMember(running(NODE_1)));
        store.endSession(client);
        eventually("the member key goes with its session", Duration.ofSeconds(10),
                () -> store.read(keys.member(NODE_1)).isEmpty());
        store.passTime(Duration.ofMillis(1100));
        assertWon(node1.publishMember(running(NODE_1)));
        assertThat(store.read(keys.member(NODE_1))).isPresent();
    }

    @Test
    void aMemberKeyChangedOrTakenAwayByHandIsPublishedAgain() throws Exception {
        ClusterStore node1 = member(NODE_1);
        assertWon(node1.publishMember(at(NODE_1, 7)));
        store.delete(keys.member(NODE_1));
        store.put(keys.member(NODE_1), MemberCodec.encode(at(NODE_1, 7)));
        node1.snapshot();
        assertWon(node1.publishMember(at(NODE_1, 7)));
        store.put(keys.member(NODE_1), "{}");
        node1.snapshot();
        assertWon(node1.publishMember(at(NODE_1, 7)));
        assertThat(node1.snapshot().members()).containsExactly(at(NODE_1, 7));
    }

    @Test
    void aRestartedMemberPublishesIntoItsNewSession() throws Exception {
        KeyValueClient former = client();
        assertWon(member(NODE_1, former, 30).publishMember(running(NODE_1)));
        ClusterStore restarted = member(NODE_1);
        restarted.snapshot();
        assertWon(restarted.publishMember(running(NODE_1)));
        store.endSession(former);
        store.passTime(Duration.ofMillis(500));
        assertThat(memberNames(restarted.snapshot())).containsExactly(NODE_1);
    }

    @Test
    void aMemberRemovesItself() throws Exception {
        ClusterStore node1 = member(NODE_1);
        assertWon(node1.publishMember(running(NODE_1)));
        assertWon(node1.removeMember());
        assertThat(node1.snapshot().members()).isEmpty();
        assertWon(node1.removeMember());
        assertWon(node1.publishMember(running(NODE_1)));
        assertThat(memberNames(node1.snapshot())).containsExactly(NODE_1);
    }

    @Test
    void oneMemberStartsTheBootstrapAndFinishesIt() throws Exception {
        ClusterStore node1 = member(NODE_1);
        ClusterStore node2 = member(NODE_2);
        assertWon(node1.createInitialize(""));
        assertLost(node2.createInitialize(""));
        assertThat(node2.snapshot().initialize()).contains("");
        assertThat(node2.snapshot().isInitialized()).isFalse();
        assertWon(node1.finishInitialize("7412345678901234567"));
        assertThat(store.read(keys.initialize())).contains("7412345678901234567");
        assertThat(node2.snapshot().isInitialized()).isTrue();
        assertLost(node2.finishInitialize("1"));
        assertWon(node1.finishInitialize("7412345678901234567"));
    }

    @Test
    void aFailedBootstrapIsTakenBackButNotAnothersFinishedOne() {
        ClusterStore node1 = member(NODE_1);
        assertWon(node1.createInitialize(""));
        assertWon(node1.cancelInitialize());
        assertThat(store.read(keys.initialize())).isEmpty();
        assertWon(node1.cancelInitialize());
        ClusterStore node2 = member(NODE_2);
        assertWon(node2.createInitialize("42"));
        assertLost(node1.cancelInitialize());
        assertThat(store.read(keys.initialize())).contains("42");
        assertWon(node2.cancelInitialize());
    }

    @Test
    void theConfigurationIsKeptAsTextAndReplacedByVersion() throws Exception {
        ClusterStore node1 = member(NODE_1);
        String json = "{\"z\": 1.50,\"a\":1e3, \"ttl\":30,\"text\":\"caf\u00e9 \u2603 \ud83d\ude00\"}";
        assertWon(node1.writeConfig(json, 0));
        assertLost(node1.writeConfig("{}", 0));
        ClusterSnapshot.StoredConfig stored = node1.snapshot().config().orElseThrow();
        assertThat(stored.json()).isEqualTo(json);
        assertWon(member(NODE_2).writeConfig("{\"ttl\":20}", stored.version()));
        assertLost(node1.writeConfig("{\"ttl\":40}", stored.version()));
        assertThat(store.read(keys.config())).contains("{\"ttl\":20}");
        assertThat(node1.snapshot().config().orElseThrow().version()).isNotEqualTo(stored.version());
    }

    @Test
    void largeValuesAreKept() throws Exception {
        ClusterStore node1 = member(NODE_1);
        String json = "{\"text\":\"" + "0123456789abcde\u00e4".repeat(20_000) + "\"}";
        assertWon(node1.writeConfig(json, 0));
        assertThat(node1.snapshot().config().orElseThrow().json()).isEqualTo(json);
    }

    @Test
    void aRequestToMoveTheLeaderIsMadeOnceAndCleared() throws Exception {
        ClusterStore node1 = member(NODE_1);
        FailoverRequest request = new FailoverRequest(Optional.of(NODE_1), Optional.of(NODE_2), Optional.empty(),
                Optional.empty(), 0);
        assertWon(node1.writeFailover(request, 0));
        assertThat(store.read(keys.failover())).contains("{\"leader\":\"node1\",\"member\":\"node2\"}");
        assertLost(node1.writeFailover(request, 0));
        FailoverRequest stored = node1.snapshot().failover().orElseThrow();
        assertThat(stored.candidate()).contains(NODE_2);
        assertWon(node1.writeFailover(request, -1));
        assertLost(node1.clearFailover(stored.version()));
        assertWon(node1.clearFailover(node1.snapshot().failover().orElseThrow().version()));
        assertThat(store.read(keys.failover())).contains("{}");
        assertThat(node1.snapshot().failover()).isEmpty();
        assertWon(node1.writeFailover(request, 0));
    }

    @Test
    void synchronousStandbysAreReplacedByVersion() throws Exception {
        ClusterStore node1 = member(NODE_1);
        SyncState first = new SyncState(Optional.of(NODE_1), List.of(NODE_2), 0, 0);
        assertLost(node1.writeSync(first, 0));
        assertWon(node1.acquireLease());
        assertWon(node1.writeSync(first, 0));
        SyncState stored = node1.snapshot().sync();
        assertThat(store.read(keys.sync())).contains("{\"leader\":\"node1\",\"quorum\":0,\"sync_standby\":\"node2\"}");
        assertLost(node1.writeSync(first, 0));
        SyncState alone = new SyncState(Optional.of(NODE_1), List.of(), 0, 0);
        assertLost(member(NODE_2).writeSync(alone, stored.version()));
        assertWon(node1.writeSync(alone, stored.version()));
        assertLost(node1.writeSync(first, stored.version()));
        assertLost(node1.writeSync(SyncState.ABSENT, stored.version()));
        assertWon(node1.writeSync(SyncState.ABSENT, node1.snapshot().sync().version()));
        assertThat(store.read(keys.sync())).isEmpty();
        assertThat(node1.snapshot().sync()).isEqualTo(SyncState.ABSENT);
    }

    @Test
    void onlyTheLeaderWritesHistoryAndFailsafe() throws Exception {
        ClusterStore node1 = member(NODE_1);
        TimelineHistory history = new TimelineHistory(List.of(new TimelineHistory.Entry(1, new Lsn(67108960),
                "no recovery target specified", Optional.of("2026-11-22T19:47:43.331791+00:00"), Optional.of(NODE_1))),
                0);
        assertLost(node1.writeHistory(history));
        assertLost(node1.writeFailsafe(new TreeMap<>()));
        lead(node1);
        assertWon(node1.writeHistory(history));
        TreeMap<String, String> urls = new TreeMap<>();
        urls.put(NODE_2, "http://127.0.0.2:8008/patroni");
        urls.put(NODE_1, "http://127.0.0.1:8008/patroni");
        assertWon(node1.writeFailsafe(urls));
        assertThat(store.read(keys.history())).contains("[[1,67108960,\"no recovery target specified\","
                + "\"2026-11-22T19:47:43.331791+00:00\",\"node1\"]]");
        assertThat(store.read(keys.failsafe())).contains(
                "{\"node1\":\"http://127.0.0.1:8008/patroni\",\"node2\":\"http://127.0.0.2:8008/patroni\"}");
        assertThat(node1.snapshot().history().entries()).isEqualTo(history.entries());
        assertThat(node1.snapshot().failsafe()).isEqualTo(urls);
        assertWon(node1.writeFailsafe(new TreeMap<>()));
        assertThat(store.read(keys.failsafe())).as("the mode was turned off").isEmpty();
        ClusterStore node2 = member(NODE_2);
        assertWon(node2.publishMember(running(NODE_2)));
        assertLost(node2.writeHistory(TimelineHistory.EMPTY));
    }

    @Test
    void unknownKeysAndNonsenseAreTolerated() throws Exception {
        for (String key : List.of(keys.status(), keys.failover(), keys.sync(), keys.history(), keys.failsafe(),
                keys.config(), keys.member("x"), keys.prefix() + "something", keys.prefix() + "members/a/b")) {
            store.put(key, "{nonsense");
        }
        ClusterSnapshot snapshot = member(NODE_1).snapshot();
        assertThat(snapshot.members()).containsExactly(Member.named("x"));
        assertThat(snapshot.status().leaderLsn()).isEqualTo(Lsn.ZERO);
        assertThat(snapshot.sync().leader()).isEmpty();
        assertThat(snapshot.sync().version()).isNotZero();
        assertThat(snapshot.config().orElseThrow().json()).isEqualTo("{nonsense");
        assertThat(snapshot.history().entries()).isEmpty();
        assertThat(snapshot.failsafe()).isEmpty();
    }

    @Test
    void theOldPlaceOfThePositionIsReadWhenThereIsNoNewOne() throws Exception {
        store.put(keys.legacyOptime(), "12345");
        ClusterStore node1 = member(NODE_1);
        assertThat(node1.snapshot().status().leaderLsn()).isEqualTo(new Lsn(12345));
        store.put(keys.status(), "{\"optime\":23456}");
        assertThat(node1.snapshot().status().leaderLsn()).isEqualTo(new Lsn(23456));
    }

    @Test
    void clustersWithSimilarNamesDoNotMeet() throws Exception {
        ClusterStore node1 = member(NODE_1);
        ClusterKeys longer = ClusterKeys.of("service", keys.prefix().substring("/service/".length()).replace("/", "x"));
        store.put(longer.initialize(), "1");
        store.put(longer.leader(), "other");
        assertThat(node1.snapshot()).isEqualTo(ClusterSnapshot.EMPTY);
        lead(node1);
        assertWon(node1.publishMember(running(NODE_1)));
        assertWon(node1.writeConfig("{}", 0));
        assertWon(node1.removeCluster());
        assertThat(node1.snapshot()).isEqualTo(ClusterSnapshot.EMPTY);
        assertThat(store.read(longer.initialize())).contains("1");
        assertWon(node1.removeCluster());
    }

    @Test
    void awkwardNamesAreKept() throws Exception {
        String name = "n\u00f6de one.example-1_\u2603";
        ClusterStore node = member(name);
        lead(node);
        assertWon(node.publishMember(at(name, 5)));
        assertThat(node.snapshot().isLeader(name)).isTrue();
        assertThat(node.snapshot().member(name)).contains(at(name, 5));
    }

    @Test
    void watchersHearOfWhatDecisionsDependOn() throws Exception {
        ClusterStore node1 = member(NODE_1);
        ClusterStore node2 = member(NODE_2);
        AtomicInteger wakes = new AtomicInteger();
        node2.watch(wakes::incrementAndGet);
        settle(wakes);
        lead(node1);
        awaitWake(wakes, "the leader key was created");
        assertWon(node1.publishMember(running(NODE_1)));
        awaitWake(wakes, "a member appeared");
        assertWon(node1.writeConfig("{}", 0));
        awaitWake(wakes, "a configuration was stored");
        assertWon(node1.writeConfig("{\"a\":1}", node1.snapshot().config().orElseThrow().version()));
        awaitWake(wakes, "the configuration was changed");
        assertWon(node1.writeFailover(
                new FailoverRequest(Optional.of(NODE_1), Optional.empty(), Optional.empty(), Optional.empty(), 0), -1));
        awaitWake(wakes, "a request was stored");
        assertWon(node1.writeSync(new SyncState(Optional.of(NODE_1), List.of(), 0, 0), 0));
        awaitWake(wakes, "the synchronous standbys changed");
        assertWon(node1.releaseLease(Optional.of(new Lsn(5))));
        awaitWake(wakes, "the leader key was deleted");
        assertWon(node1.removeMember());
        awaitWake(wakes, "a member disappeared");
    }

    @Test
    void watchersHearOfAnExpiredLeader() throws Exception {
        KeyValueClient client = client();
        ClusterStore node1 = member(NODE_1, client, 30);
        lead(node1);
        AtomicInteger wakes = new AtomicInteger();
        member(NODE_2).watch(wakes::incrementAndGet);
        settle(wakes);
        store.endSession(client);
        awaitWake(wakes, "the session of the leader ended");
    }

    @Test
    void watchersHearWhenANewLeaderSaysThatItIsOne() throws Exception {
        ClusterStore node1 = member(NODE_1);
        assertWon(node1.publishMember(running(NODE_1)));
        lead(node1);
        ClusterStore node2 = member(NODE_2);
        AtomicInteger wakes = new AtomicInteger();
        node2.watch(wakes::incrementAndGet);
        settle(wakes);
        assertThat(node2.snapshot().isLeader(NODE_1)).isTrue();
        assertWon(node1.publishMember(at(NODE_1, 1)));
        awaitWake(wakes, "the leader is a replica no more");
    }

    @Test
    void positionsWakeNobody() throws Exception {
        ClusterStore node1 = member(NODE_1);
        assertWon(node1.publishMember(at(NODE_1, 1)));
        ClusterStore node2 = member(NODE_2);
        AtomicInteger wakes = new AtomicInteger();
        node2.watch(wakes::incrementAndGet);
        settle(wakes);
        var key = lead(node1);
        settle(wakes);
        for (int lsn = 2; lsn < 12; lsn++) {
            assertWon(node1.renewLease(key, status(lsn)));
            assertWon(node1.publishMember(at(NODE_1, lsn)));
        }
        assertWon(node1.writeConfig("{}", 0));
        awaitWake(wakes, "a configuration was stored");
        settle(wakes);
        assertThat(total).as("wakes in all").isLessThan(10);
    }

    @Test
    void callsAreCounted() throws Exception {
        ClusterStore node1 = member(NODE_1);
        node1.snapshot();
        node1.snapshot();
        assertWon(node1.acquireLease());
        assertThat(node1.calls()).extracting(ClusterStore.VerbFigures::verb, call -> call.durations().count(),
                ClusterStore.VerbFigures::failures).contains(tuple("snapshot", 2L, 0L), tuple("acquire_lease", 1L, 0L));
        assertThat(node1.describe()).isNotBlank();
    }

    private int total;

    private void awaitWake(AtomicInteger wakes, String what) throws Exception {
        eventually(what, Duration.ofSeconds(10), () -> wakes.get() > 0);
        settle(wakes);
    }

    /** Waits until no wake-ups come any more, and counts from zero. */
    private void settle(AtomicInteger wakes) {
        int seen;
        do {
            seen = wakes.getAndSet(0);
            total += seen;
            store.passTime(Duration.ofMillis(100));
        } while (wakes.get() > 0);
    }
}
