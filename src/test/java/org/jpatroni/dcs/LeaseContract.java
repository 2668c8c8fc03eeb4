package org.jpatroni.dcs;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Lease;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.StoredStatus;
import org.jpatroni.runtime.Tasks;
import org.junit.jupiter.api.Test;

/** The cases about the leader key and the session. */
public abstract class LeaseContract extends ClusterStoreContract {

    @Test
    void aLeaseIsCountedFromBeforeTheRequestsWereSent() {
        ClusterStore node1 = member(NODE_1);
        long before = store.time().nanos();
        Lease lease = won(node1.acquireLease());
        assertThat(lease.sentAtNanos() - before).isNotNegative();
        assertThat(lease.sentAtNanos() - store.time().nanos()).isNotPositive();
        assertThat(lease.ttlSeconds()).isEqualTo(30);
    }

    @Test
    void theLeaderKeyHoldsTheNameAndNothingElse() throws Exception {
        ClusterStore node1 = member(NODE_1);
        LeaderKey key = lead(node1);
        assertThat(store.read(keys.leader())).contains(NODE_1);
        assertThat(key.holder()).isEqualTo(NODE_1);
        assertThat(key.ownSession()).isTrue();
        assertThat(key.sessionId()).isNotEmpty();
        assertThat(key.version()).isNotZero();
    }

    @Test
    void othersSeeTheLeaderInAForeignSession() throws Exception {
        lead(member(NODE_1));
        ClusterStore node2 = member(NODE_2);
        assertWon(node2.publishMember(running(NODE_2)));
        LeaderKey key = leaderOf(node2);
        assertThat(key.holder()).isEqualTo(NODE_1);
        assertThat(key.ownSession()).isFalse();
    }

    @Test
    void aKeyThatIsThereCannotBeAcquired() {
        ClusterStore node1 = member(NODE_1);
        assertWon(node1.acquireLease());
        assertLost(member(NODE_2).acquireLease());
        assertLost(node1.acquireLease());
        assertThat(store.read(keys.leader())).contains(NODE_1);
    }

    @Test
    void aRaceHasOneWinner() throws Exception {
        List<Callable<Boolean>> racers = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            ClusterStore racer = member("racer" + i);
            racers.add(() -> racer.acquireLease().isWon());
        }
        List<Optional<Boolean>> outcomes = Tasks.system().askAll("race", racers, Duration.ofSeconds(20));
        assertThat(outcomes).filteredOn(outcome -> outcome.equals(Optional.of(true))).hasSize(1);
        assertThat(outcomes).filteredOn(outcome -> outcome.equals(Optional.of(false))).hasSize(5);
    }

    @Test
    void renewingKeepsTheKeyBeyondItsTtl() throws Exception {
        ClusterStore node1 = shortLived(NODE_1);
        LeaderKey key = lead(node1);
        long end = store.time().nanos() + Duration.ofSeconds(2L * store.shortTtlSeconds() + 1).toNanos();
        while (store.time().nanos() - end < 0) {
            Lease lease = won(node1.renewLease(key, Optional.empty()));
            assertThat(lease.deadlineNanos() - store.time().nanos()).isPositive();
            store.passTime(Duration.ofMillis(400));
        }
        assertThat(leaderOf(node1)).isEqualTo(key);
    }

    @Test
    void renewingStoresTheStatusOfTheLeader() throws Exception {
        ClusterStore node1 = member(NODE_1);
        LeaderKey key = lead(node1);
        StoredStatus status = new StoredStatus(new Lsn(67108960), Map.of("node2", new Lsn(67108900)), List.of("node2"));
        assertWon(node1.renewLease(key, Optional.of(status)));
        assertThat(store.read(keys.status()))
                .contains("{\"optime\":67108960,\"slots\":{\"node2\":67108900},\"retain_slots\":[\"node2\"]}");
        assertThat(node1.snapshot().status()).isEqualTo(status);
        assertWon(node1.renewLease(key, Optional.empty()));
        assertThat(node1.snapshot().status()).isEqualTo(status);
    }

    @Test
    void anUnchangedStatusIsNotWrittenAgain() throws Exception {
        KeyValueClient client = client();
        ClusterStore node1 = member(NODE_1, client, 30);
        LeaderKey key = lead(node1);
        assertWon(node1.renewLease(key, status(5)));
        long version = client.get(keys.status()).orElseThrow().version();
        assertWon(node1.renewLease(key, status(5)));
        assertThat(client.get(keys.status()).orElseThrow().version()).isEqualTo(version);
        store.put(keys.status(), "{\"optime\":4}");
        node1.snapshot();
        assertWon(node1.renewLease(key, status(5)));
        assertThat(store.read(keys.status())).contains("{\"optime\":5}");
    }

    @Test
    void thePositionIsAlsoWrittenInTheOldPlaceWhileAMemberReadsItThere() throws Exception {
        ClusterStore node1 = member(NODE_1);
        LeaderKey key = lead(node1);
        assertWon(node1.renewLease(key, status(5)));
        assertThat(store.read(keys.legacyOptime())).isEmpty();
        store.put(keys.member("old"), "{\"version\":\"2.0.2\"}");
        node1.snapshot();
        assertWon(node1.renewLease(key, status(6)));
        assertThat(store.read(keys.legacyOptime())).contains("6");
    }

    @Test
    void aKeyTakenByAnotherIsLost() throws Exception {
        ClusterStore node1 = member(NODE_1);
        LeaderKey key = lead(node1);
        store.delete(keys.leader());
        ClusterStore node2 = member(NODE_2);
        lead(node2);
        assertLost(node1.renewLease(key, status(5)));
        assertThat(store.read(keys.leader())).contains(NODE_2);
        assertThat(store.read(keys.status())).isEmpty();
    }

    @Test
    void aKeyOfAnotherMemberIsNeverRenewed() throws Exception {
        lead(member(NODE_1));
        ClusterStore node2 = member(NODE_2);
        assertLost(node2.renewLease(leaderOf(node2), Optional.empty()));
        assertThat(store.read(keys.leader())).contains(NODE_1);
    }

    @Test
    void aKeyDeletedByHandIsLostAndCanBeAcquiredAgain() throws Exception {
        ClusterStore node1 = member(NODE_1);
        LeaderKey key = lead(node1);
        store.delete(keys.leader());
        assertLost(node1.renewLease(key, Optional.empty()));
        assertThat(store.read(keys.leader())).isEmpty();
        assertWon(node1.acquireLease());
    }

    @Test
    void expiryFreesTheKeys() throws Exception {
        ClusterStore node1 = shortLived(NODE_1);
        lead(node1);
        assertWon(node1.publishMember(running(NODE_1)));
        ClusterStore node2 = member(NODE_2);
        eventually("the session of node1 ends", pastShortTtl(), () -> node2.snapshot().isUnlocked());
        assertThat(node2.snapshot().members()).isEmpty();
        assertWon(node2.acquireLease());
    }

    @Test
    void anUnrefreshedKeyLivesAsLongAsItsLease() throws Exception {
        ClusterStore node1 = shortLived(NODE_1);
        Lease lease = won(node1.acquireLease());
        ClusterStore node2 = member(NODE_2);
        // Half a second of the deadline is left out: reading takes time too.
        while (lease.deadlineNanos() - store.time().nanos() > 500_000_000L) {
            assertThat(node2.snapshot().isLeader(NODE_1)).isTrue();
            store.passTime(Duration.ofMillis(100));
        }
    }

    @Test
    void anEndedSessionLosesTheLeaseAndTheNextOneCanAcquireIt() throws Exception {
        KeyValueClient client = client();
        ClusterStore node1 = member(NODE_1, client, 30);
        LeaderKey key = lead(node1);
        store.endSession(client);
        eventually("the leader key goes with its session", Duration.ofSeconds(10),
                () -> store.read(keys.leader()).isEmpty());
        assertLost(node1.renewLease(key, Optional.empty()));
        assertWon(node1.acquireLease());
        assertThat(leaderOf(node1).ownSession()).isTrue();
        assertThat(leaderOf(node1).sessionId()).isNotEqualTo(key.sessionId());
    }

    @Test
    void aRestartedMemberTakesItsKeyIntoItsNewSession() throws Exception {
        KeyValueClient former = client();
        LeaderKey old = lead(member(NODE_1, former, 30));
        ClusterStore restarted = member(NODE_1);
        LeaderKey seen = leaderOf(restarted);
        assertThat(seen.ownSession()).isFalse();
        long before = store.time().nanos();
        Lease lease = won(restarted.renewLease(seen, status(7)));
        assertThat(lease.sentAtNanos() - before).isNotNegative();
        LeaderKey adopted = leaderOf(restarted);
        assertThat(adopted.ownSession()).isTrue();
        assertThat(adopted.sessionId()).isNotEqualTo(old.sessionId());
        store.endSession(former);
        assertWon(restarted.renewLease(adopted, status(8)));
        assertThat(leaderOf(restarted)).isEqualTo(adopted);
        assertThat(restarted.snapshot().status().leaderLsn()).isEqualTo(new Lsn(8));
    }

    @Test
    void aKeyThatChangedSinceItWasSeenIsNotTakenOver() throws Exception {
        lead(member(NODE_1));
        ClusterStore restarted = member(NODE_1);
        LeaderKey seen = leaderOf(restarted);
        store.delete(keys.leader());
        store.put(keys.leader(), NODE_2);
        assertLost(restarted.renewLease(seen, Optional.empty()));
        assertThat(store.read(keys.leader())).contains(NODE_2);
    }

    @Test
    void anotherTtlTakesEffectWithTheNextRenewal() throws Exception {
        ClusterStore node1 = shortLived(NODE_1);
        LeaderKey key = lead(node1);
        node1.setTimeouts(30, Duration.ofSeconds(10));
        assertThat(won(node1.renewLease(key, Optional.empty())).ttlSeconds()).isEqualTo(30);
        store.passTime(Duration.ofSeconds(store.shortTtlSeconds() + 3L));
        assertThat(leaderOf(node1).holder()).isEqualTo(NODE_1);
        assertWon(node1.renewLease(leaderOf(node1), Optional.empty()));
    }

    @Test
    void releasingDeletesTheKeyAndKeepsThePositionForTheRace() throws Exception {
        ClusterStore node1 = member(NODE_1);
        LeaderKey key = lead(node1);
        StoredStatus status = new StoredStatus(new Lsn(5), Map.of("node2", new Lsn(4)), List.of("node2"));
        assertWon(node1.renewLease(key, Optional.of(status)));
        assertWon(node1.releaseLease(Optional.of(new Lsn(9))));
        assertThat(store.read(keys.leader())).isEmpty();
        assertThat(store.read(keys.status()))
                .contains("{\"optime\":9,\"slots\":{\"node2\":4},\"retain_slots\":[\"node2\"]}");
        assertWon(member(NODE_2).acquireLease());
    }

    @Test
    void releasingWithoutPositionLeavesTheStatus() throws Exception {
        ClusterStore node1 = member(NODE_1);
        assertWon(node1.renewLease(lead(node1), status(5)));
        assertWon(node1.releaseLease(Optional.empty()));
        assertThat(store.read(keys.leader())).isEmpty();
        assertThat(store.read(keys.status())).contains("{\"optime\":5}");
    }

    @Test
    void onlyTheHolderReleases() throws Exception {
        lead(member(NODE_1));
        ClusterStore node2 = member(NODE_2);
        assertLost(node2.releaseLease(Optional.of(new Lsn(9))));
        assertThat(store.read(keys.leader())).contains(NODE_1);
        assertThat(store.read(keys.status())).isEmpty();
        store.delete(keys.leader());
        assertLost(node2.releaseLease(Optional.empty()));
    }

    @Test
    void aRestartedMemberMayReleaseItsKey() throws Exception {
        lead(member(NODE_1));
        assertWon(member(NODE_1).releaseLease(Optional.empty()));
        assertThat(store.read(keys.leader())).isEmpty();
    }

    @Test
    void closingDeletesNothing() throws Exception {
        ClusterStore node1 = member(NODE_1);
        lead(node1);
        assertWon(node1.publishMember(running(NODE_1)));
        node1.close();
        store.passTime(Duration.ofMillis(500));
        assertThat(store.read(keys.leader())).contains(NODE_1);
        assertThat(member(NODE_2).snapshot().member(NODE_1)).isPresent();
    }
}
