package org.jpatroni.dcs.zookeeper;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.zookeeper.KeeperException.Code;
import org.jpatroni.dcs.KeyValueClient.Event;
import org.jpatroni.dcs.StoreUnavailableException;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;
import org.jpatroni.runtime.Wakeup;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one session open, and notices what the client library notices late or never: a server that accepts and does not answer, watches
 * that must be set again, and a caller who has stopped renewing.
 */
final class SessionKeeper {

    /** Touches come this often, so that every member of the ensemble knows of the session before {@link ZooKeeperAccess#touchSlackMillis}. */
    static final Duration PULSE = Duration.ofMillis(500);

    private static final Logger LOG = LoggerFactory.getLogger(SessionKeeper.class);

    /** A session that was replaced, and when to end it: its keys move to the new one before. */
    private record Retired(Session session, long endAtNanos) {
    }

    /** What somebody wants to hear of. */
    private record Watch(String path, Consumer<Event> listener) {
    }

    private final ZooKeeperAccess access;
    private final Time time;
    private final Tasks tasks;
    private final Wakeup wakeup;
    private final List<Retired> retired = new ArrayList<>();
    private final Object lock = new Object();
    private @Nullable Session current;
    private boolean closed;
    private volatile int ttlSeconds;
    private volatile Duration callLimit;
    private volatile @Nullable Watch watch;
    private volatile long renewedAtNanos;
    private volatile boolean wasEverRenewed;

    private @Nullable Session touched;
    private @Nullable CompletableFuture<Code> touch;
    private long touchedAtNanos;
    private @Nullable Session watched;
    private @Nullable CompletableFuture<Code> watching;

    SessionKeeper(ZooKeeperAccess access, int ttlSeconds, Duration callLimit, Tasks tasks) {
        this.access = access;
        this.time = tasks.time();
        this.tasks = tasks;
        this.wakeup = tasks.newWakeup();
        this.ttlSeconds = ttlSeconds;
        this.callLimit = callLimit;
        this.renewedAtNanos = time.nanos();
        tasks.start("zookeeper-pulse", () -> {
            beat();
            return true;
        });
    }

    void setTimeouts(int newTtlSeconds, Duration newCallLimit) {
        ttlSeconds = newTtlSeconds;
        callLimit = newCallLimit;
    }

    Duration callLimit() {
        return callLimit;
    }

    int ttlSeconds() {
        return ttlSeconds;
    }

    /** The session of now, connected or not; empty before the first. */
    Optional<Session> current() {
        synchronized (lock) {
            return Optional.ofNullable(current);
        }
    }

    /** A session that is alive, as far as known; a new one when the last has ended. */
    Session live() throws StoreUnavailableException {
        synchronized (lock) {
            if (current == null || current.isDead()) {
                current = open();
            }
            return current;
        }
    }

    /**
     * Opens a session with the ttl asked for now, when the current one has another. The old one is kept until its keys have had time to
     * move.
     *
     * @return the new session; empty when the current one is right
     */
    Optional<Session> replaceForTtl() throws StoreUnavailableException {
        synchronized (lock) {
            if (current == null || current.isDead() || current.askedTimeoutMillis() == askedTimeoutMillis()) {
                return Optional.empty();
            }
            long endAtNanos = time.nanos() + Duration.ofMillis(current.grantedTimeoutMillis()).toNanos();
            Session replacement = open();
            retired.add(new Retired(current, endAtNanos));
            current = replacement;
            return Optional.of(replacement);
        }
    }

    /** A connected session. */
    Session connected(Time.Deadline deadline) throws StoreUnavailableException, InterruptedException {
        while (true) {
            Session session = live();
            if (session.awaitConnected(deadline.left())) {
                return session;
            }
            if (session.wasRefused()) {
                throw new StoreUnavailableException(access.description() + " refused the credentials of auth_data");
            }
            if (deadline.isPast()) {
                throw new StoreUnavailableException(
                        "no connection to " + access.description() + " within " + callLimit.toMillis() + " ms");
            }
        }
    }

    /** Says that the owner of the session is alive and wants it. */
    void renewing() {
        renewedAtNanos = time.nanos();
        wasEverRenewed = true;
    }

    void watch(String path, Consumer<Event> listener) {
        watch = new Watch(path, listener);
        wakeup.signal();
    }

    /** Leaves the session to its expiry. */
    void close() throws InterruptedException {
        List<Session> open = new ArrayList<>();
        synchronized (lock) {
            closed = true;
            retired.forEach(old -> open.add(old.session()));
            if (current != null) {
                open.add(current);
            }
        }
        wakeup.signal();
        for (Session session : open) {
            tasks.start("zookeeper-leave", () -> {
                session.leave();
                return true;
            }).await(Duration.ofMillis(500));
        }
    }

    private int askedTimeoutMillis() {
        return ttlSeconds * 1000 + access.touchSlackMillis();
    }

    private Session open() throws StoreUnavailableException {
        if (closed) {
            throw new StoreUnavailableException("the client of " + access.description() + " is closed");
        }
        try {
            return new Session(access, askedTimeoutMillis(), time, this::connectedAgain);
        } catch (IOException | IllegalArgumentException wrong) {
            throw new StoreUnavailableException("cannot use " + access.description() + ": " + wrong.getMessage(),
                    wrong);
        }
    }

    private void connectedAgain() {
        Watch wanted = watch;
        if (wanted != null) {
            wanted.listener().accept(Event.MISSED);
        }
        wakeup.signal();
    }

    private void beat() throws InterruptedException {
        while (true) {
            synchronized (lock) {
                if (closed) {
                    return;
                }
            }
            try {
                Session session = live();
                if (session.isConnected()) {
                    checkAnswers(session);
                    keepWatching(session);
                }
                endIfAbandoned(session);
                endRetired();
            } catch (StoreUnavailableException | RuntimeException problem) {
                LOG.warn("Keeping the session of {}: {}", access.description(), problem.toString());
            }
            wakeup.await(PULSE);
        }
    }

    /** A server that took a question and gives no answer for half a call's time is left for another one. */
    private void checkAnswers(Session session) {
        CompletableFuture<Code> asked = touch;
        if (asked == null || asked.isDone() || touched != session) {
            touched = session;
            touchedAtNanos = time.nanos();
            touch = session.touch();
        } else if (time.nanos() - touchedAtNanos > Math.max(PULSE.toNanos(), callLimit.toNanos() / 2)) {
            LOG.info("No answer from {} for {} ms, trying another connection", access.description(),
                    (time.nanos() - touchedAtNanos) / 1_000_000);
            session.breakConnection();
            touch = null;
        }
    }

    private void keepWatching(Session session) {
        Watch wanted = watch;
        if (wanted == null) {
            return;
        }
        CompletableFuture<Code> asked = watching;
        boolean failed = asked != null && asked.isDone() && asked.join() != Code.OK;
        if (watched != session || failed) {
            watched = session;
            watching = session.watch(wanted.path(), wanted.listener()).whenComplete((code, thrown) -> {
                if (code == Code.OK) {
                    wanted.listener().accept(Event.MISSED);
                }
            });
        }
    }

    /** Whoever did not even try to renew for a whole ttl has lost its lease, so nobody shall wait longer for its keys: its loop hangs. */
    private void endIfAbandoned(Session session) {
        long silentNanos = time.nanos() - renewedAtNanos;
        int timeoutMillis = Math.max(session.askedTimeoutMillis(), session.grantedTimeoutMillis());
        if (wasEverRenewed && silentNanos > Duration.ofMillis(timeoutMillis).toNanos()) {
            LOG.warn("Nobody tried to renew the session for {} s: giving up its keys", silentNanos / 1_000_000_000L);
            wasEverRenewed = false;
            endInBackground(session);
        }
    }

    private void endRetired() {
        synchronized (lock) {
            retired.removeIf(old -> {
                boolean isOver = time.nanos() - old.endAtNanos() > 0;
                if (isOver) {
                    endInBackground(old.session());
                }
                return isOver;
            });
        }
    }

    private void endInBackground(Session session) {
        tasks.start("zookeeper-end", () -> {
            session.end();
            return true;
        });
    }
}
