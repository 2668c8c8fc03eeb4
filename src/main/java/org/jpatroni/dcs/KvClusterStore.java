package org.jpatroni.dcs;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jpatroni.dcs.KeyValueClient.Change;
import org.jpatroni.dcs.KeyValueClient.Change.Delete;
import org.jpatroni.dcs.KeyValueClient.Change.Put;
import org.jpatroni.dcs.KeyValueClient.Confirmed;
import org.jpatroni.dcs.KeyValueClient.Entry;
import org.jpatroni.dcs.KeyValueClient.Expect;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Lease;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.StoredStatus;
import org.jpatroni.model.SyncState;
import org.jpatroni.model.TimelineHistory;
import org.jpatroni.runtime.Time;

/**
 * The domain port over any key-value store with sessions and compare-and-write. Every change that could do harm when it lands late
 * (deleting {@code leader} or {@code initialize}, history, failsafe) names the version or the session that it relies on.
 *
 * <p>A verb makes at most a few calls; each call gets half of the verb's time limit, and none is begun in the second half.
 */
public final class KvClusterStore implements ClusterStore {

    /** A session confirmed as recently as this is not confirmed again just to publish a member. */
    private static final long SESSION_FRESH_NANOS = 1_000_000_000L;

    private final KeyValueClient client;
    private final ClusterKeys keys;
    private final String memberName;
    private final Time time;
    private final KnownKeys known;
    private final VerbCounters counters = new VerbCounters();

    private volatile long callLimitNanos = Duration.ofSeconds(10).toNanos();
    private Optional<Long> sessionConfirmedNanos = Optional.empty();
    private Optional<String> finishedIdentifier = Optional.empty();

    /**
     * @param client spoken to by this instance alone, and closed with it
     * @param memberName name of this member, the value of the leader key when it leads
     */
    public KvClusterStore(KeyValueClient client, ClusterKeys keys, String memberName, Time time) {
        this.client = client;
        this.keys = keys;
        this.memberName = memberName;
        this.time = time;
        this.known = new KnownKeys(keys, memberName);
    }

    @Override
    public ClusterSnapshot snapshot() throws StoreUnavailableException {
        long ticket = known.beginReading();
        long startNanos = time.nanos();
        try {
            List<Entry> entries = client.list(keys.prefix());
            ClusterSnapshot snapshot = SnapshotDecoder.decode(keys, entries, client.sessionId());
            known.read(ticket, entries, snapshot);
            counters.succeeded("snapshot", time.nanos() - startNanos);
            return snapshot;
        } catch (StoreUnavailableException unavailable) {
            counters.failed("snapshot", time.nanos() - startNanos);
            throw unavailable;
        }
    }

    @Override
    public void setTimeouts(int ttlSeconds, Duration callLimit) {
        callLimitNanos = callLimit.toNanos();
        client.setTimeouts(ttlSeconds, callLimit.dividedBy(2));
    }

    @Override
    public Cas<Lease> acquireLease() {
        return counted("acquire_lease", () -> inSession(true, session -> {
            Cas<Confirmed> created = client.transact(List.of(new Expect.Absent(keys.leader())),
                    List.of(new Put(keys.leader(), memberName, true)));
            return created.map(confirmed -> lease(session, confirmed));
        }));
    }

    @Override
    public Cas<Lease> renewLease(LeaderKey current, Optional<StoredStatus> status) {
        if (!current.holder().equals(memberName)) {
            return new Cas.Lost<>("the leader key is held by " + current.holder());
        }
        return counted("renew_lease", () -> {
            long startNanos = time.nanos();
            return inSession(session -> {
                List<Expect> expectations = new ArrayList<>();
                List<Change> changes = new ArrayList<>();
                if (current.sessionId().equals(client.sessionId())) {
                    expectations.add(new Expect.OwnSession(keys.leader()));
                } else {
                    // The same member took the key in an earlier session: move it, if nobody touched it since.
                    expectations.add(new Expect.Version(keys.leader(), current.version()));
                    changes.add(new Put(keys.leader(), memberName, true));
                }
                List<Change> withStatus = new ArrayList<>(changes);
                withStatus.addAll(known.statusChanges(status));
                Cas<Confirmed> outcome = client.transact(expectations, withStatus);
                boolean statusWasTried = withStatus.size() > changes.size();
                if (statusWasTried) {
                    known.statusWritten(status, outcome.isWon());
                    // A move that may have happened cannot be asked for again: the key would not be as it was.
                    boolean mayAskAgain = changes.isEmpty() || outcome instanceof Cas.Lost;
                    if (!outcome.isWon() && mayAskAgain && isInFirstHalf(startNanos)) {
                        // The store may refuse to write the status and still keep the lease.
                        outcome = client.transact(expectations, changes);
                    }
                }
                return outcome.map(confirmed -> lease(session, confirmed));
            });
        });
    }

    @Override
    public Cas<Boolean> releaseLease(Optional<Lsn> lastLsn) {
        return counted("release_lease", () -> {
            long startNanos = time.nanos();
            Cas<Boolean> released = known.leaderVersion().map(version -> deleteLeader(version, lastLsn))
                    .orElse(new Cas.Lost<>("the leader key was not read"));
            return released instanceof Cas.Lost && isInFirstHalf(startNanos)
                    ? readThenChange(keys.leader(),
                            leader -> leader.filter(entry -> entry.value().equals(memberName))
                                    .map(entry -> deleteLeader(entry.version(), lastLsn))
                                    .orElse(new Cas.Lost<>("the leader key is not held by " + memberName)))
                    : released;
        });
    }

    /** The version and not the session: a release that lands late must not delete a key acquired again since. */
    private Cas<Boolean> deleteLeader(long version, Optional<Lsn> lastLsn) {
        List<Change> changes = new ArrayList<>();
        lastLsn.ifPresent(lsn -> changes.addAll(known.statusChanges(Optional.of(known.statusWith(lsn)))));
        changes.add(new Delete(keys.leader()));
        Cas<Boolean> released = change(List.of(new Expect.Version(keys.leader(), version)), changes);
        known.forgetStatus();
        return released;
    }

    @Override
    public Cas<Boolean> publishMember(Member member) {
        String text = MemberCodec.encode(member);
        if (isSessionFresh() && known.memberIs(text, client.sessionId())) {
            // Nothing is asked of the store, so nothing is counted.
            return new Cas.Won<>(false);
        }
        return counted("publish_member", () -> inSession(session -> {
            if (known.memberIs(text, client.sessionId())) {
                return new Cas.Won<>(false);
            }
            known.memberUncertain();
            Cas<Boolean> written = change(List.of(), List.of(new Put(keys.member(memberName), text, true)));
            if (written.isWon()) {
                known.memberWritten(text, client.sessionId());
            }
            return written;
        }));
    }

    @Override
    public Cas<Boolean> removeMember() {
        known.memberUncertain();
        return counted("remove_member", () -> change(List.of(), List.of(new Delete(keys.member(memberName)))));
    }

    @Override
    public Cas<Boolean> createInitialize(String systemIdentifier) {
        return counted("initialize", () -> {
            Cas<Boolean> created = change(List.of(new Expect.Absent(keys.initialize())),
                    List.of(new Put(keys.initialize(), systemIdentifier, false)));
            if (created.isWon()) {
                finishedIdentifier = Optional.of(systemIdentifier);
            }
            return created;
        });
    }

    @Override
    public Cas<Boolean> finishInitialize(String systemIdentifier) {
        return counted("initialize", () -> readThenChange(keys.initialize(), stored -> {
            String value = stored.map(Entry::value).orElse("");
            if (!value.isEmpty()) {
                return value.equals(systemIdentifier)
                        ? new Cas.Won<>(false)
                        : new Cas.Lost<>("the cluster was initialized as " + value);
            }
            Cas<Boolean> finished = change(List.of(seen(keys.initialize(), stored)),
                    List.of(new Put(keys.initialize(), systemIdentifier, false)));
            if (finished.isWon()) {
                finishedIdentifier = Optional.of(systemIdentifier);
            }
            return finished;
        }));
    }

    @Override
    public Cas<Boolean> cancelInitialize() {
        return counted("initialize", () -> readThenChange(keys.initialize(), stored -> {
            if (stored.isEmpty()) {
                return new Cas.Won<>(false);
            }
            String value = stored.get().value();
            if (!value.isEmpty() && !finishedIdentifier.equals(Optional.of(value))) {
                return new Cas.Lost<>("the cluster was initialized as " + value + " by another member");
            }
            return change(List.of(seen(keys.initialize(), stored)), List.of(new Delete(keys.initialize())));
        }));
    }

    @Override
    public Cas<Boolean> writeConfig(String json, long expectedVersion) {
        return counted("write_config",
                () -> change(expect(keys.config(), expectedVersion), List.of(new Put(keys.config(), json, false))));
    }

    @Override
    public Cas<Boolean> writeFailover(FailoverRequest request, long expectedVersion) {
        List<Change> changes = List.of(new Put(keys.failover(), ClusterCodec.encodeFailover(request), false));
        if (expectedVersion != 0) {
            return counted("write_failover", () -> change(expect(keys.failover(), expectedVersion), changes));
        }
        // A cleared request is a key that asks for nothing, not an absent key.
        return counted("write_failover", () -> readThenChange(keys.failover(), stored -> {
            boolean isFree = stored.flatMap(entry -> ClusterCodec.decodeFailover(entry.value(), entry.version()))
                    .isEmpty();
            return isFree
                    ? change(List.of(seen(keys.failover(), stored)), changes)
                    : new Cas.Lost<>("another request is stored");
        }));
    }

    @Override
    public Cas<Boolean> clearFailover(long expectedVersion) {
        return counted("clear_failover", () -> change(expect(keys.failover(), expectedVersion),
                List.of(new Put(keys.failover(), ClusterCodec.NO_FAILOVER, false))));
    }

    @Override
    public Cas<Boolean> writeSync(SyncState state, long expectedVersion) {
        List<Expect> expected = new ArrayList<>(expect(keys.sync(), expectedVersion));
        expected.add(new Expect.OwnSession(keys.leader()));
        return counted("write_sync", () -> change(expected, List.of(state.leader().isEmpty()
                ? new Delete(keys.sync())
                : new Put(keys.sync(), ClusterCodec.encodeSync(state), false))));
    }

    @Override
    public Cas<Boolean> writeHistory(TimelineHistory history) {
        return counted("write_history", () -> change(List.of(new Expect.OwnSession(keys.leader())),
                List.of(new Put(keys.history(), ClusterCodec.encodeHistory(history), false))));
    }

    @Override
    public Cas<Boolean> writeFailsafe(SortedMap<String, String> apiUrls) {
        return counted("write_failsafe", () -> change(List.of(new Expect.OwnSession(keys.leader())),
                List.of(ClusterCodec.failsafe(keys.failsafe(), apiUrls))));
    }

    @Override
    public Cas<Boolean> removeCluster() {
        known.memberUncertain();
        known.forgetStatus();
        return counted("remove_cluster", () -> client.deletePrefix(keys.prefix()).map(confirmed -> true));
    }

    @Override
    public void watch(Runnable changed) {
        client.watch(keys.prefix(), event -> {
            if (keys.mayChangeDecision(event) || known.awaits(event.key())) {
                changed.run();
            }
        });
    }

    @Override
    public void close() {
        client.close();
    }

    @Override
    public String describe() {
        return client.describe();
    }

    @Override
    public List<VerbFigures> calls() {
        return counters.figures();
    }

    /** Confirms the session, then does something in it; once more when the session turns out to have expired in between. */
    private <T> Cas<T> inSession(Function<Confirmed, Cas<T>> action) {
        return inSession(false, action);
    }

    /** @param freshWillDo a session that was confirmed a moment ago need not be confirmed again; a lease counts from that moment then */
    private <T> Cas<T> inSession(boolean freshWillDo, Function<Confirmed, Cas<T>> action) {
        long startNanos = time.nanos();
        for (int attempt = 1;; attempt++) {
            Cas<Confirmed> session = freshWillDo && attempt == 1 && isSessionFresh()
                    ? new Cas.Won<>(new Confirmed(sessionConfirmedNanos.orElseThrow()))
                    : client.refreshSession();
            if (session instanceof Cas.Lost && isInFirstHalf(startNanos)) {
                session = client.refreshSession();
            }
            if (!(session instanceof Cas.Won<Confirmed>(Confirmed confirmed))) {
                return new Cas.Unknown<>("the session could not be confirmed: " + session.reason());
            }
            sessionConfirmedNanos = Optional.of(confirmed.sentAtNanos());
            if (!isInFirstHalf(startNanos)) {
                return new Cas.Unknown<>("confirming the session took too long");
            }
            String sessionId = client.sessionId();
            Cas<T> outcome = action.apply(confirmed);
            boolean sessionWasLost = outcome instanceof Cas.Lost && !client.sessionId().equals(sessionId);
            if (!sessionWasLost || attempt == 2 || !isInFirstHalf(startNanos)) {
                return outcome;
            }
        }
    }

    private boolean isSessionFresh() {
        return !client.sessionId().isEmpty()
                && sessionConfirmedNanos.filter(at -> time.nanos() - at < SESSION_FRESH_NANOS).isPresent();
    }

    /** Reads a key, then changes something on the condition that the key is still as it was. */
    private Cas<Boolean> readThenChange(String key, Function<Optional<Entry>, Cas<Boolean>> action) {
        long startNanos = time.nanos();
        try {
            Optional<Entry> entry = client.get(key);
            return isInFirstHalf(startNanos) ? action.apply(entry) : new Cas.Unknown<>("reading took too long");
        } catch (StoreUnavailableException unavailable) {
            return new Cas.Unknown<>(String.valueOf(unavailable.getMessage()));
        }
    }

    private boolean isInFirstHalf(long startNanos) {
        return time.nanos() - startNanos <= callLimitNanos / 2;
    }

    private Cas<Boolean> change(List<Expect> expectations, List<Change> changes) {
        return client.transact(expectations, changes).map(confirmed -> true);
    }

    private static List<Expect> expect(String key, long version) {
        if (version < 0) {
            return List.of();
        }
        return List.of(version == 0 ? new Expect.Absent(key) : new Expect.Version(key, version));
    }

    private static Expect seen(String key, Optional<Entry> entry) {
        return entry.<Expect>map(stored -> new Expect.Version(key, stored.version())).orElse(new Expect.Absent(key));
    }

    /** Counted from the earlier of the two requests that prove it: the session lives, and the key hangs on it. */
    private Lease lease(Confirmed session, Confirmed key) {
        long sentAtNanos = key.sentAtNanos() - session.sentAtNanos() < 0 ? key.sentAtNanos() : session.sentAtNanos();
        return new Lease(sentAtNanos, client.grantedTtlSeconds());
    }

    private <T> Cas<T> counted(String verb, Supplier<Cas<T>> call) {
        long startNanos = time.nanos();
        Cas<T> outcome = call.get();
        if (outcome instanceof Cas.Unknown) {
            counters.failed(verb, time.nanos() - startNanos);
        } else {
            counters.succeeded(verb, time.nanos() - startNanos);
        }
        return outcome;
    }
}
