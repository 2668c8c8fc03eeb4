package org.jpatroni.dcs.zookeeper;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.data.Stat;
import org.jpatroni.config.StoreConfig;
import org.jpatroni.dcs.Cas;
import org.jpatroni.dcs.KeyValueClient;
import org.jpatroni.dcs.StoreUnavailableException;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;

/**
 * A ZooKeeper ensemble as a key-value store. Reading is linearizable because each read follows a transaction that changes nothing and needs
 * the quorum; ZooKeeper's own "sync" does not need it. Writing is one transaction of operations that all carry versions.
 *
 * <p>Lease: a server touches the session at once, but the leader of the ensemble, who decides on expiry, hears of it with the next ping
 * of that server only. If client and server stop in that moment, the session ends earlier than its timeout after the last request. So
 * sessions are asked for a slack longer than the ttl that is reported; see {@code docs/decisions/0006-zookeeper.md}.
 */
public final class ZooKeeperClient implements KeyValueClient {

    private static final int CONFLICTS_MAX = 10;

    private final ZooKeeperAccess access;
    private final SessionKeeper keeper;
    private final Time time;
    private volatile long confirmedSessionId;

    private record Read(Session session, List<OpResult> results) {
    }

    /** A client of an external ensemble. */
    public static ZooKeeperClient open(StoreConfig.ZooKeeper config, int ttlSeconds, Duration callLimit, Tasks tasks) {
        return new ZooKeeperClient(ZooKeeperAccess.of(config), ttlSeconds, callLimit, tasks);
    }

    ZooKeeperClient(ZooKeeperAccess access, int ttlSeconds, Duration callLimit, Tasks tasks) {
        this.access = access;
        this.time = tasks.time();
        this.keeper = new SessionKeeper(access, ttlSeconds, callLimit, tasks);
    }

    @Override
    public List<Entry> list(String prefix) throws StoreUnavailableException {
        return readTree(prefix, time.deadlineIn(keeper.callLimit())).entries();
    }

    @Override
    public Optional<Entry> get(String key) throws StoreUnavailableException {
        Read read = read(List.of(Op.getData(key)), true, time.deadlineIn(keeper.callLimit()));
        return read.results().getFirst() instanceof OpResult.GetDataResult found
                ? Optional.of(TreeShape.entry(key, found))
                : Optional.empty();
    }

    @Override
    public Cas<Confirmed> transact(List<Expect> expectations, List<Change> changes) {
        Time.Deadline deadline = time.deadlineIn(keeper.callLimit());
        boolean needsSession = changes.stream().anyMatch(change -> change instanceof Change.Put put && put.inSession());
        try {
            NavigableSet<String> paths = TransactionPlan.paths(expectations, changes);
            for (int conflicts = 0; conflicts < CONFLICTS_MAX; conflicts++) {
                Read read = read(paths.stream().map(Op::getData).toList(), false, deadline);
                Session session = read.session();
                if (needsSession && session.id() != confirmedSessionId) {
                    return new Cas.Lost<>("the session has expired");
                }
                TransactionPlan plan = TransactionPlan.of(expectations, changes, stats(paths, read.results()),
                        session.id(),
                        access.acls());
                if (plan.refusal().isPresent()) {
                    return new Cas.Lost<>(plan.refusal().get());
                }
                Optional<Cas<Confirmed>> outcome = write(session, plan.ops(), plan.ownedThroughout(), deadline);
                if (outcome.isPresent()) {
                    return outcome.get();
                }
            }
            return new Cas.Lost<>("somebody else changed the same keys " + CONFLICTS_MAX + " times in a row");
        } catch (StoreUnavailableException unavailable) {
            return new Cas.Unknown<>(String.valueOf(unavailable.getMessage()));
        } catch (InterruptedException interrupted) {
            return interrupted();
        }
    }

    @Override
    public Cas<Confirmed> refreshSession() {
        Time.Deadline deadline = time.deadlineIn(keeper.callLimit());
        keeper.renewing();
        try {
            Optional<Session> forTtl = keeper.replaceForTtl();
            Session session = keeper.connected(deadline);
            boolean isExpected = confirmedSessionId == 0 || session.id() == confirmedSessionId
                    || forTtl.isPresent() && forTtl.get() == session;
            Optional<Cas<Confirmed>> confirmed = write(session, List.of(), Collections.emptyNavigableSet(), deadline);
            if (confirmed.isPresent() && confirmed.get() instanceof Cas.Won) {
                confirmedSessionId = session.id();
                return isExpected
                        ? confirmed.get()
                        : new Cas.Lost<>("the session had expired; the new one is " + Long.toHexString(session.id()));
            }
            return confirmed.orElseGet(() -> new Cas.Unknown<>("the root node does not exist"));
        } catch (StoreUnavailableException unavailable) {
            return new Cas.Unknown<>(String.valueOf(unavailable.getMessage()));
        } catch (InterruptedException interrupted) {
            return interrupted();
        }
    }

    @Override
    public String sessionId() {
        return keeper.current().filter(session -> session.id() != 0 && !session.isDead())
                .map(session -> Long.toString(session.id())).orElse("");
    }

    @Override
    public Cas<Confirmed> deletePrefix(String prefix) {
        Time.Deadline deadline = time.deadlineIn(keeper.callLimit());
        try {
            for (int conflicts = 0; conflicts < CONFLICTS_MAX; conflicts++) {
                List<Op> deletions = new ArrayList<>();
                for (String path : readTree(prefix, deadline).allPaths().descendingSet()) {
                    boolean isWholeFolder = !path.equals("/") && (path + "/").equals(prefix);
                    if (path.startsWith(prefix) || isWholeFolder) {
                        deletions.add(Op.delete(path, -1));
                    }
                }
                Optional<Cas<Confirmed>> outcome = write(keeper.connected(deadline), deletions,
                        Collections.emptyNavigableSet(), deadline);
                if (outcome.isPresent()) {
                    return outcome.get();
                }
            }
            return new Cas.Lost<>("somebody else keeps creating keys below " + prefix);
        } catch (StoreUnavailableException unavailable) {
            return new Cas.Unknown<>(String.valueOf(unavailable.getMessage()));
        } catch (InterruptedException interrupted) {
            return interrupted();
        }
    }

    @Override
    public void setTimeouts(int ttlSeconds, Duration callLimit) {
        keeper.setTimeouts(ttlSeconds, callLimit);
    }

    @Override
    public int grantedTtlSeconds() {
        int grantedMillis = keeper.current().map(Session::grantedTimeoutMillis).orElse(0);
        return grantedMillis == 0
                ? keeper.ttlSeconds()
                : Math.max(0, (grantedMillis - access.touchSlackMillis()) / 1000);
    }

    @Override
    public void watch(String prefix, Consumer<Event> listener) {
        int slash = prefix.lastIndexOf('/');
        String folder = slash <= 0 ? "/" : prefix.substring(0, slash);
        keeper.watch(folder, event -> {
            if (event.kind() == Event.Kind.MISSED || event.key().startsWith(prefix)) {
                listener.accept(event);
            }
        });
    }

    @Override
    public void close() {
        try {
            keeper.close();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String describe() {
        return access.description();
    }

    /** The session of now; empty before the first. */
    Optional<Session> session() {
        return keeper.current();
    }

    /** A transaction without effect: its answer proves that the quorum has committed everything before it. */
    private static final List<Op> BARRIER = List.of(Op.check("/", -1));

    private TreeShape readTree(String prefix, Time.Deadline deadline) throws StoreUnavailableException {
        TreeShape shape = new TreeShape(prefix);
        boolean isFirst = true;
        while (!shape.take(read(shape.questions(), isFirst, deadline).results())) {
            isFirst = false;
        }
        return shape;
    }

    /**
     * Asks until there is an answer or the time is over; a read may be asked twice.
     *
     * @param linearizable whether it must see everything that was committed before this call
     */
    private Read read(List<Op> questions, boolean linearizable, Time.Deadline deadline)
            throws StoreUnavailableException {
        try {
            while (true) {
                Session session = keeper.connected(deadline);
                // Both are on their way at once; ZooKeeper keeps their order.
                Optional<CompletableFuture<Session.Answer>> barrier = linearizable
                        ? Optional.of(session.multi(BARRIER))
                        : Optional.empty();
                CompletableFuture<Session.Answer> reading = session.multi(questions);
                boolean isCurrent = barrier.isEmpty()
                        || Session.await(barrier.get(), deadline.left()).filter(ZooKeeperClient::isBarrier).isPresent();
                Optional<Session.Answer> answer = Session.await(reading, deadline.left());
                if (isCurrent && answer.isPresent() && answer.get().results().size() == questions.size()) {
                    refuseUnlessReadable(questions, answer.get().results());
                    return new Read(session, answer.get().results());
                }
                if (answer.isPresent() && answer.get().code() == Code.UNIMPLEMENTED) {
                    throw new StoreUnavailableException(access.description() + " is older than ZooKeeper 3.6");
                }
                if (deadline.isPast()) {
                    session.breakConnection();
                    throw new StoreUnavailableException(access.description() + " gave no answer in time"
                            + answer.map(late -> " (" + late.code() + ")").orElse(""));
                }
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailableException("interrupted while waiting for " + access.description());
        }
    }

    /** Permission is checked in the same place as versions, by the quorum: even a refusal is a proof. */
    private static boolean isBarrier(Session.Answer answer) {
        return answer.code() == Code.OK || answer.code() == Code.NOAUTH;
    }

    private static void refuseUnlessReadable(List<Op> questions, List<OpResult> results)
            throws StoreUnavailableException {
        for (int at = 0; at < results.size(); at++) {
            if (results.get(at) instanceof OpResult.ErrorResult error && error.getErr() != Code.OK.intValue()
                    && error.getErr() != Code.NONODE.intValue()) {
                throw new StoreUnavailableException(
                        "cannot read " + questions.get(at).getPath() + " in ZooKeeper: " + Code.get(error.getErr()));
            }
        }
    }

    /**
     * Writes; without operations it only proves that the session lives.
     *
     * @return empty when a version did not match: nothing was changed, read again
     */
    private Optional<Cas<Confirmed>> write(Session session, List<Op> ops, NavigableSet<String> ownedThroughout,
            Time.Deadline deadline) throws InterruptedException {
        long sentAtNanos = time.nanos();
        CompletableFuture<Session.Answer> writing = session.multi(ops.isEmpty() ? BARRIER : ops);
        Optional<CompletableFuture<Session.Answer>> checking = ownedThroughout.isEmpty()
                ? Optional.empty()
                : Optional.of(session.multi(ownedThroughout.stream().map(Op::getData).toList()));
        Optional<Session.Answer> written = Session.await(writing, deadline.left());
        if (written.isEmpty()) {
            session.breakConnection();
            return Optional.of(new Cas.Unknown<>("no answer from " + access.description() + " within the time limit"));
        }
        Code code = written.get().code();
        return switch (code) {
            case OK -> Optional.of(checking.isEmpty()
                    ? new Cas.Won<>(new Confirmed(sentAtNanos))
                    : stillOwned(session, ownedThroughout, Session.await(checking.get(), deadline.left()),
                            sentAtNanos));
            case BADVERSION, NONODE, NODEEXISTS, NOTEMPTY -> Optional.empty();
            case NOAUTH -> Optional.of(ops.isEmpty()
                    ? new Cas.Won<>(new Confirmed(sentAtNanos))
                    : new Cas.Lost<>("ZooKeeper refused: no permission"));
            case INVALIDACL, BADARGUMENTS, QUOTAEXCEEDED, NOCHILDRENFOREPHEMERALS, UNIMPLEMENTED ->
                Optional.of(new Cas.Lost<>("ZooKeeper refused: " + code));
            default -> Optional.of(new Cas.Unknown<>("ZooKeeper answered " + code));
        };
    }

    /** A version does not tell a node from one created anew in its place with the same version; its owner after the commit does. */
    private Cas<Confirmed> stillOwned(Session session, NavigableSet<String> paths, Optional<Session.Answer> read,
            long sentAtNanos) {
        if (read.isEmpty() || read.get().results().size() != paths.size()) {
            return new Cas.Unknown<>("the owner of " + paths + " could not be read after the commit");
        }
        boolean isOwned = read.get().results().stream().allMatch(result -> result instanceof OpResult.GetDataResult data
                && data.getStat().getEphemeralOwner() == session.id());
        return isOwned ? new Cas.Won<>(new Confirmed(sentAtNanos)) : new Cas.Lost<>(paths + " changed hands");
    }

    private static Map<String, Stat> stats(NavigableSet<String> paths, List<OpResult> results) {
        Map<String, Stat> stats = new TreeMap<>();
        int at = 0;
        for (String path : paths) {
            if (results.get(at++) instanceof OpResult.GetDataResult found) {
                stats.put(path, found.getStat());
            }
        }
        return stats;
    }

    private static <T> Cas<T> interrupted() {
        Thread.currentThread().interrupt();
        return new Cas.Unknown<>("interrupted");
    }
}
