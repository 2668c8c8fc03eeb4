package org.jpatroni.dcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Lsn;
import org.junit.jupiter.api.Test;

/** The memory store keeps the contract, and what the domain store makes of lost requests and answers. */
class MemoryStoreTest extends KeysContract {

    private static final class Script implements Faults {
        private final Deque<Fate> fates = new ArrayDeque<>();
        private boolean repliesLost;
        private boolean watchCut;

        @Override
        public Fate beforeApply(String verb) {
            return fates.isEmpty() ? Fate.DELIVERED : fates.poll();
        }

        @Override
        public boolean replyArrives(String verb) {
            return !(repliesLost && verb.equals("transact"));
        }

        @Override
        public boolean watchWorks() {
            return !watchCut;
        }
    }

    private final MemoryStoreUnderTest memory = new MemoryStoreUnderTest();
    private final Script faults = new Script();

    @Override
    protected StoreUnderTest store() {
        return memory;
    }

    private ClusterStore faulty(String name) {
        return member(name, memory.memory.client(name, memory.time, faults), 30);
    }

    @Test
    void aLostAnswerToAnAcquisitionIsUnknownAndReadBackAsOwn() throws Exception {
        ClusterStore node1 = faulty(NODE_1);
        faults.repliesLost = true;
        assertThat(node1.acquireLease()).isInstanceOf(Cas.Unknown.class);
        faults.repliesLost = false;
        LeaderKey key = leaderOf(node1);
        assertThat(key.ownSession()).isTrue();
        assertWon(node1.renewLease(key, Optional.empty()));
    }

    @Test
    void aLateAcquisitionInAnExpiredSessionDoesNotHappen() throws Exception {
        ClusterStore node1 = faulty(NODE_1);
        assertWon(node1.publishMember(running(NODE_1)));
        faults.fates.add(Faults.Fate.LATE);
        assertThat(node1.acquireLease()).isInstanceOf(Cas.Unknown.class);
        memory.passTime(Duration.ofSeconds(31));
        memory.memory.deliverLate();
        assertThat(memory.read(keys.leader())).isEmpty();
    }

    @Test
    void aLateReleaseDoesNotDeleteAKeyAcquiredSince() throws Exception {
        ClusterStore node1 = faulty(NODE_1);
        lead(node1);
        faults.fates.add(Faults.Fate.LATE);
        assertThat(node1.releaseLease(Optional.of(new Lsn(3)))).isInstanceOf(Cas.Unknown.class);
        assertWon(node1.releaseLease(Optional.of(new Lsn(4))));
        lead(node1);
        memory.memory.deliverLate();
        assertThat(memory.read(keys.leader())).contains(NODE_1);
        assertThat(memory.read(keys.status())).contains("{\"optime\":4}");
    }

    @Test
    void aRefusedStatusDoesNotLoseTheLease() throws Exception {
        ClusterStore node1 = faulty(NODE_1);
        LeaderKey key = lead(node1);
        faults.fates.add(Faults.Fate.DELIVERED);
        faults.fates.add(Faults.Fate.REFUSED);
        assertWon(node1.renewLease(key, status(5)));
        assertThat(memory.read(keys.status())).isEmpty();
        assertWon(node1.renewLease(key, status(5)));
        assertThat(memory.read(keys.status())).contains("{\"optime\":5}");
    }

    @Test
    void aKeyThatMayHaveMovedIntoThisSessionIsNotCalledLost() throws Exception {
        lead(member(NODE_1));
        ClusterStore restarted = faulty(NODE_1);
        LeaderKey seen = leaderOf(restarted);
        faults.repliesLost = true;
        assertThat(restarted.renewLease(seen, status(5))).isInstanceOf(Cas.Unknown.class);
        faults.repliesLost = false;
        assertThat(leaderOf(restarted).ownSession()).isTrue();
        assertWon(restarted.renewLease(leaderOf(restarted), status(6)));
    }

    @Test
    void aRenewalWithoutConfirmedSessionIsUnknown() throws Exception {
        ClusterStore node1 = faulty(NODE_1);
        LeaderKey key = lead(node1);
        faults.fates.add(Faults.Fate.LOST);
        assertThat(node1.renewLease(key, Optional.empty())).isInstanceOf(Cas.Unknown.class);
        faults.fates.add(Faults.Fate.DELIVERED);
        faults.fates.add(Faults.Fate.LOST);
        assertThat(node1.renewLease(key, Optional.empty())).isInstanceOf(Cas.Unknown.class);
        assertThat(node1.calls()).extracting(ClusterStore.VerbFigures::verb, ClusterStore.VerbFigures::failures)
                .contains(tuple("renew_lease", 2L));
    }

    @Test
    void anUnpublishedMemberIsWrittenAgain() throws Exception {
        ClusterStore node1 = faulty(NODE_1);
        assertWon(node1.publishMember(at(NODE_1, 1)));
        faults.fates.add(Faults.Fate.LATE);
        memory.passTime(Duration.ofMillis(1));
        faults.fates.addFirst(Faults.Fate.DELIVERED);
        assertThat(node1.publishMember(at(NODE_1, 2))).isInstanceOf(Cas.Unknown.class);
        assertWon(node1.publishMember(at(NODE_1, 1)));
        memory.memory.deliverLate();
        node1.snapshot();
        assertWon(node1.publishMember(at(NODE_1, 1)));
        assertThat(node1.snapshot().members()).containsExactly(at(NODE_1, 1));
    }

    @Test
    void anUnreachableStoreIsSaid() {
        ClusterStore node1 = faulty(NODE_1);
        faults.fates.add(Faults.Fate.LOST);
        assertThatThrownBy(node1::snapshot).isInstanceOf(StoreUnavailableException.class);
        assertThat(node1.calls()).extracting(ClusterStore.VerbFigures::verb, ClusterStore.VerbFigures::failures)
                .contains(tuple("snapshot", 1L));
    }

    @Test
    void aWatchThatWasCutOffIsWokenWhenItComesBack() {
        ClusterStore node1 = faulty(NODE_1);
        AtomicInteger wakes = new AtomicInteger();
        node1.watch(wakes::incrementAndGet);
        faults.watchCut = true;
        memory.put(keys.config(), "{}");
        assertThat(wakes).hasValue(0);
        faults.watchCut = false;
        memory.memory.reconnect();
        assertThat(wakes).hasValue(1);
    }
}
