package org.jpatroni.dcs;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Lease;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.StoredStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * The contract that every store keeps. A back-end extends {@link KeysContract}, which has all cases, and says how to
 * reach its store; this class is the help that the cases share.
 */
public abstract class ClusterStoreContract {

    static final String NODE_1 = "node1";
    static final String NODE_2 = "node2";
    private static final int LONG_TTL_SECONDS = 30;
    private static final AtomicInteger SCOPES = new AtomicInteger();

    private final List<KeyValueClient> clients = new ArrayList<>();
    StoreUnderTest store = new MemoryStoreUnderTest();
    ClusterKeys keys = ClusterKeys.of("service", "none");

    /** The store, the same for all cases of a class or a new one for each: every case uses a scope of its own. */
    protected abstract StoreUnderTest store() throws Exception;

    @BeforeEach
    void connect() throws Exception {
        store = store();
        keys = ClusterKeys.of("/service/", "contract" + SCOPES.incrementAndGet());
    }

    @AfterEach
    void closeClients() {
        clients.forEach(KeyValueClient::close);
    }

    KeyValueClient client() {
        KeyValueClient client = store.connect();
        clients.add(client);
        return client;
    }

    ClusterStore member(String name) {
        return member(name, client(), LONG_TTL_SECONDS);
    }

    ClusterStore shortLived(String name) {
        return member(name, client(), store.shortTtlSeconds());
    }

    ClusterStore member(String name, KeyValueClient client, int ttlSeconds) {
        ClusterStore member = new KvClusterStore(client, keys, name, store.time());
        member.setTimeouts(ttlSeconds, Duration.ofSeconds(10));
        return member;
    }

    /** Acquires, and returns the key as the next snapshot shows it. */
    LeaderKey lead(ClusterStore member) throws StoreUnavailableException {
        assertThat(member.acquireLease()).isInstanceOf(Cas.Won.class);
        return leaderOf(member);
    }

    static LeaderKey leaderOf(ClusterStore member) throws StoreUnavailableException {
        return member.snapshot().leader().orElseThrow();
    }

    static Lease won(Cas<Lease> outcome) {
        assertThat(outcome).isInstanceOf(Cas.Won.class);
        return ((Cas.Won<Lease>) outcome).value();
    }

    static void assertWon(Cas<?> outcome) {
        assertThat(outcome).isInstanceOf(Cas.Won.class);
    }

    static void assertLost(Cas<?> outcome) {
        assertThat(outcome).isInstanceOf(Cas.Lost.class);
    }

    /** Lets time pass until the condition holds. */
    void eventually(String what, Duration limit, Callable<Boolean> condition) throws Exception {
        long deadlineNanos = store.time().nanos() + limit.toNanos();
        while (!condition.call()) {
            assertThat(store.time().nanos() - deadlineNanos).as("time over while waiting for: " + what).isNegative();
            store.passTime(Duration.ofMillis(50));
        }
    }

    /** Time in which a short ttl is surely over: stores end sessions in steps of their own. */
    Duration pastShortTtl() {
        return Duration.ofSeconds(3L * store.shortTtlSeconds() + 5);
    }

    static Member running(String name) {
        return MemberCodec.decode(name, "{\"conn_url\":\"postgres://127.0.0.1:5432/postgres\","
                + "\"api_url\":\"http://127.0.0.1:8008/patroni\",\"state\":\"running\",\"role\":\"replica\",\"version\":\"4.1.4\","
                + "\"xlog_location\":67108960,\"timeline\":1}");
    }

    static Member at(String name, long lsn) {
        return MemberCodec.decode(name, "{\"state\":\"running\",\"version\":\"4.1.4\",\"xlog_location\":" + lsn + "}");
    }

    static Optional<StoredStatus> status(long lsn) {
        return Optional.of(new StoredStatus(new Lsn(lsn), java.util.Map.of(), List.of()));
    }

    static List<String> memberNames(ClusterSnapshot snapshot) {
        return snapshot.members().stream().map(Member::name).toList();
    }
}
