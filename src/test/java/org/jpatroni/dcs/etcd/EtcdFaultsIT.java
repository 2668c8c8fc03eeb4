package org.jpatroni.dcs.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jpatroni.dcs.Cas;
import org.jpatroni.dcs.ClusterKeys;
import org.jpatroni.dcs.KeyValueClient.Change;
import org.jpatroni.dcs.KeyValueClient.Event;
import org.jpatroni.dcs.KeyValueClient.Expect;
import org.jpatroni.dcs.KvClusterStore;
import org.jpatroni.dcs.StoreUnavailableException;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Lease;
import org.jpatroni.runtime.Time;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the client makes of an etcd that dies, hangs, or is reached over a bad line. */
class EtcdFaultsIT {

    private static final Duration LIMIT = Duration.ofSeconds(1);
    private static final AtomicInteger SCOPES = new AtomicInteger();

    private static final EtcdServer server = EtcdServer.start();

    private final ClusterKeys keys = ClusterKeys.of("service", "faults" + SCOPES.incrementAndGet());
    private final Relay relay = new Relay(server.url());

    @AfterEach
    void closeRelay() throws Exception {
        relay.close();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static EtcdClient client(String... endpoints) {
        EtcdClient client = EtcdStoreIT.client(List.of(endpoints));
        client.setTimeouts(30, LIMIT);
        return client;
    }

    private static String deadUrl() {
        return "http://127.0.0.1:" + EtcdServer.freePort();
    }

    @Test
    void aDeadEndpointIsPassedOver() throws Exception {
        try (EtcdClient client = client(deadUrl(), server.url())) {
            assertThat(client.list(keys.prefix())).isEmpty();
            assertThat(client.refreshSession().isWon()).isTrue();
            assertThat(client.transact(List.of(), List.of(new Change.Put(keys.leader(), "a", true))).isWon()).isTrue();
        }
        try (EtcdClient client = client(deadUrl(), server.url())) {
            // A change, too, may go to the next one: the first was never reached.
            assertThat(client.transact(List.of(), List.of(new Change.Put(keys.config(), "a", false))).isWon()).isTrue();
        }
    }

    @Test
    void aHangingEndpointIsLeftForTheNextOne() throws Exception {
        try (EtcdClient client = client(relay.url(), server.url())) {
            assertThat(client.list(keys.prefix())).isEmpty();
            relay.set(Relay.Mode.NOTHING);
            long before = Time.system().nanos();
            assertThat(client.list(keys.prefix())).isEmpty();
            assertThat(Time.system().nanos() - before).isLessThan(LIMIT.toNanos());
            before = Time.system().nanos();
            assertThat(client.list(keys.prefix())).isEmpty();
            assertThat(Time.system().nanos() - before).as("the good one is asked first from now on")
                    .isLessThan(LIMIT.dividedBy(2).toNanos());
        }
    }

    @Test
    void aLostAnswerToAChangeIsUnknownAndTheChangeIsNotSentAgain() throws Exception {
        try (EtcdClient client = client(relay.url(), server.url())) {
            client.list(keys.prefix());
            relay.set(Relay.Mode.NO_ANSWERS);
            Cas<?> outcome = client.transact(List.of(), List.of(new Change.Put(keys.config(), "a", false)));
            assertThat(outcome).isInstanceOf(Cas.Unknown.class);
            assertThat(outcome.reason()).contains(relay.url()).contains("no answer within");
            assertThat(server.call("/kv/range", EtcdJson.object().put("key", EtcdJson.encode(keys.config())).toString())
                    .path("kvs").path(0).path("version").asString()).isEqualTo("1");
        }
    }

    @Test
    void aCutConnectionCostsAReaderNothing() throws Exception {
        try (EtcdClient client = client(relay.url())) {
            assertThat(client.refreshSession().isWon()).isTrue();
            relay.cut();
            assertThat(client.refreshSession().isWon()).isTrue();
            assertThat(client.list(keys.prefix())).isEmpty();
        }
    }

    @Test
    void nobodyThereIsSaidWithinTheLimit() {
        String first = deadUrl();
        String second = deadUrl();
        try (EtcdClient client = client(first, second)) {
            long before = Time.system().nanos();
            assertThatThrownBy(() -> client.list(keys.prefix())).isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("connection refused");
            assertThat(Time.system().nanos() - before).isLessThan(LIMIT.plusMillis(500).toNanos());
            assertThat(client.refreshSession()).isInstanceOf(Cas.Unknown.class);
        }
    }

    @Test
    void anUnknownHostIsSaid() {
        try (EtcdClient client = client("http://no-such-host.invalid:2379")) {
            assertThatThrownBy(() -> client.list(keys.prefix())).hasMessageContaining("unknown host");
        }
    }

    @Test
    void aStoppedEtcdGivesUnknownWithinTheLimit() throws Exception {
        try (EtcdClient client = client(server.url())) {
            KvClusterStore node1 = new KvClusterStore(client, keys, "node1", Time.system());
            client.refreshSession();
            server.pause();
            long before = Time.system().nanos();
            Cas<?> acquired = client.transact(List.of(new Expect.Absent(keys.leader())),
                    List.of(new Change.Put(keys.leader(), "node1", true)));
            assertThat(Time.system().nanos() - before).isLessThan(LIMIT.plusMillis(500).toNanos());
            assertThat(acquired).isInstanceOf(Cas.Unknown.class);
            assertThat(node1.acquireLease()).isInstanceOf(Cas.Unknown.class);
            assertThatThrownBy(node1::snapshot).isInstanceOf(StoreUnavailableException.class);
        } finally {
            server.goOn();
        }
    }

    @Test
    void anAcquisitionThatLandsLateIsNoLeaseButRecognized() throws Exception {
        try (EtcdClient client = client(relay.url())) {
            KvClusterStore node1 = new KvClusterStore(client, keys, "node1", Time.system());
            client.refreshSession();
            relay.set(Relay.Mode.LATE);
            Cas<?> acquired = client.transact(List.of(new Expect.Absent(keys.leader())),
                    List.of(new Change.Put(keys.leader(), "node1", true)));
            assertThat(acquired).isInstanceOf(Cas.Unknown.class);
            assertThat(server.read(keys.leader())).isEmpty();
            relay.set(Relay.Mode.OPEN);
            await().atMost(Duration.ofSeconds(20)).until(() -> server.read(keys.leader()).isPresent());
            client.setTimeouts(30, Duration.ofSeconds(5));
            LeaderKey key = node1.snapshot().leader().orElseThrow();
            assertThat(key.ownSession()).isTrue();
            long asked = Time.system().nanos();
            assertThat(node1.acquireLease()).isInstanceOf(Cas.Lost.class);
            Cas<Lease> renewed = node1.renewLease(key, Optional.empty());
            assertThat(((Cas.Won<Lease>) renewed).value().sentAtNanos()).isGreaterThanOrEqualTo(asked);
            assertThat(node1.releaseLease(Optional.empty()).isWon()).isTrue();
        }
    }

    @Test
    void aReleaseThatLandsLateDoesNotDeleteAKeyAcquiredSince() throws Exception {
        try (EtcdClient slow = client(relay.url(), server.url())) {
            KvClusterStore node1 = new KvClusterStore(slow, keys, "node1", Time.system());
            assertThat(node1.acquireLease().isWon()).isTrue();
            long version = slow.get(keys.leader()).orElseThrow().version();
            relay.set(Relay.Mode.LATE);
            Cas<?> released = slow.transact(List.of(new Expect.Version(keys.leader(), version)),
                    List.of(new Change.Delete(keys.leader()), new Change.Put(keys.status(), "late", false)));
            assertThat(released).isInstanceOf(Cas.Unknown.class);
            assertThat(node1.releaseLease(Optional.empty()).isWon()).as("through the other endpoint").isTrue();
            assertThat(node1.acquireLease().isWon()).isTrue();
            relay.set(Relay.Mode.OPEN);
            await().atMost(Duration.ofSeconds(20)).until(() -> relay.passedLate() > 0);
            slow.get(keys.leader());
            assertThat(server.read(keys.leader())).contains("node1");
            assertThat(server.read(keys.status())).isEmpty();
        }
    }

    @Test
    void aVerbOfSeveralCallsKeepsItsLimit() {
        try (EtcdClient client = client(server.url())) {
            KvClusterStore node1 = new KvClusterStore(client, keys, "node1", Time.system());
            node1.setTimeouts(30, LIMIT);
            assertThat(node1.acquireLease().isWon()).isTrue();
            server.pause();
            LeaderKey key = new LeaderKey("node1", 1, client.sessionId(), true);
            long before = Time.system().nanos();
            assertThat(node1.renewLease(key, Optional.empty())).isInstanceOf(Cas.Unknown.class);
            assertThat(Time.system().nanos() - before).isLessThan(LIMIT.plusMillis(500).toNanos());
        } finally {
            server.goOn();
        }
    }

    @Test
    void aRestartIsSurvivedAndNoChangeIsMissedByTheWatch() throws Exception {
        ConcurrentLinkedQueue<Event> events = new ConcurrentLinkedQueue<>();
        try (EtcdClient client = client(relay.url())) {
            client.watch(keys.prefix(), events::add);
            await().until(() -> events.contains(Event.MISSED));
            client.refreshSession();
            String session = client.sessionId();
            server.put(keys.config(), "1");
            await().until(() -> events.contains(new Event(Event.Kind.CREATED, keys.config())));
            relay.set(Relay.Mode.NOTHING);
            server.put(keys.config(), "2");
            relay.cut();
            server.restart();
            relay.set(Relay.Mode.OPEN);
            await().atMost(Duration.ofSeconds(15))
                    .until(() -> events.contains(new Event(Event.Kind.WRITTEN, keys.config())));
            assertThat(events).containsOnlyOnce(Event.MISSED);
            assertThat(client.refreshSession().isWon()).isTrue();
            assertThat(client.sessionId()).isEqualTo(session);
        }
    }

    @Test
    void anEmptiedStoreIsNoticedByTheWatch() throws Exception {
        ConcurrentLinkedQueue<Event> events = new ConcurrentLinkedQueue<>();
        for (int i = 0; i < 20; i++) {
            server.put(keys.config(), "x" + i);
        }
        try (EtcdClient client = client(relay.url())) {
            client.watch(keys.prefix(), events::add);
            await().until(() -> events.contains(Event.MISSED));
            events.clear();
            server.restartEmpty();
            await().atMost(Duration.ofSeconds(15)).until(() -> events.contains(Event.MISSED));
            assertThat(client.refreshSession().isWon()).isTrue();
        }
    }

    @Test
    void closingEndsEverythingSoon() {
        EtcdClient client = client(server.url());
        client.watch(keys.prefix(), event -> {
        });
        client.refreshSession();
        long before = Time.system().nanos();
        client.close();
        assertThat(Time.system().nanos() - before).isLessThan(Duration.ofSeconds(2).toNanos());
    }
}
