package org.jpatroni.dcs.zookeeper;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;
import org.jpatroni.config.Secret;
import org.jpatroni.dcs.KeyValueClient;
import org.jpatroni.runtime.Time;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One session of one ZooKeeper client, from opening to its end; reconnects by itself as long as it lives. All calls return answers late. */
final class Session {

    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    /** What the server, or the client on its behalf, said. */
    record Answer(Code code, List<OpResult> results) {
    }

    /** ZooKeeper's client sends "close session" when it is closed; this one can also just go. */
    private static final class Client extends ZooKeeper {
        Client(ZooKeeperAccess access, int timeoutMillis, Time time, Watcher watcher) throws IOException {
            // The connect string serves logs only: the host provider decides.
            super("127.0.0.1:2181", timeoutMillis, watcher, false,
                    new PreferredHosts(access, timeoutMillis, time), access.clientConfig());
        }

        void leave() {
            cnxn.disconnect();
        }
    }

    private final Client client;
    private final int askedTimeoutMillis;
    private final String description;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition stateChanged = lock.newCondition();
    private final Runnable missed;
    private KeeperState state = KeeperState.Disconnected;
    private boolean ended;

    /** @param missed called after each connect, the first one too: events may have been missed */
    Session(ZooKeeperAccess access, int timeoutMillis, Time time, Runnable missed) throws IOException {
        this.missed = missed;
        this.askedTimeoutMillis = timeoutMillis;
        this.description = access.description();
        this.client = new Client(access, timeoutMillis, time, this::onState);
        for (var entry : access.authData().entrySet()) {
            Secret credential = entry.getValue();
            client.addAuthInfo(entry.getKey(), credential.reveal().getBytes(StandardCharsets.UTF_8));
        }
    }

    private void onState(WatchedEvent event) {
        if (event.getType() != EventType.None) {
            return;
        }
        lock.lock();
        try {
            logChange(event.getState());
            state = event.getState();
            stateChanged.signalAll();
        } finally {
            lock.unlock();
        }
        if (event.getState() == KeeperState.SyncConnected) {
            missed.run();
        }
    }

    private void logChange(KeeperState next) {
        switch (next) {
            case SyncConnected -> LOG.info("Connected to {}", description);
            case Disconnected -> {
                if (state == KeeperState.SyncConnected && !ended) {
                    LOG.warn("Lost the connection to {}", description);
                }
            }
            case Expired -> LOG.warn("The session with {} has expired", description);
            case AuthFailed -> LOG.error("{} refused the credentials", description);
            default -> LOG.debug("{}: {}", description, next);
        }
    }

    /** Whether nothing will ever come from it again: expired, refused, or left. */
    boolean isDead() {
        lock.lock();
        try {
            return ended || state == KeeperState.Expired || state == KeeperState.AuthFailed
                    || state == KeeperState.Closed
                    || !client.getState().isAlive();
        } finally {
            lock.unlock();
        }
    }

    boolean wasRefused() {
        lock.lock();
        try {
            return state == KeeperState.AuthFailed;
        } finally {
            lock.unlock();
        }
    }

    boolean isConnected() {
        lock.lock();
        try {
            return !ended && state == KeeperState.SyncConnected && client.getState().isConnected();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for a connection; false when the time was over first, or the session died. */
    boolean awaitConnected(Duration limit) throws InterruptedException {
        lock.lock();
        try {
            long leftNanos = limit.toNanos();
            while (!isConnected()) {
                if (isDead() || leftNanos <= 0) {
                    return false;
                }
                // Not every change of the client's own state comes with an event: look again now and then.
                long turnNanos = Math.min(leftNanos, TimeUnit.MILLISECONDS.toNanos(100));
                leftNanos -= turnNanos - Math.max(0, stateChanged.awaitNanos(turnNanos));
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** 0 while there is none yet. */
    long id() {
        return client.getSessionId();
    }

    /** With it another client can take the session over, and end it. */
    byte[] password() {
        return client.getSessionPasswd();
    }

    int askedTimeoutMillis() {
        return askedTimeoutMillis;
    }

    /** What the server granted; 0 while there is no session yet. */
    int grantedTimeoutMillis() {
        return client.getSessionTimeout();
    }

    /** All reads or all writes in one request. */
    CompletableFuture<Answer> multi(List<Op> ops) {
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        client.multi(ops, (code, path, context, results) -> answer
                .complete(new Answer(Code.get(code), results == null ? List.of() : new ArrayList<>(results))), null);
        return answer;
    }

    /** A cheap read that any server answers from memory; keeps the session alive. */
    CompletableFuture<Code> touch() {
        CompletableFuture<Code> answer = new CompletableFuture<>();
        client.exists("/", false, (code, path, context, stat) -> answer.complete(Code.get(code)), null);
        return answer;
    }

    /** Reports changes below the path for as long as the session lives, reconnects included. */
    CompletableFuture<Code> watch(String path, Consumer<KeyValueClient.Event> listener) {
        CompletableFuture<Code> answer = new CompletableFuture<>();
        client.addWatch(path, event -> toEvent(event).ifPresent(listener), AddWatchMode.PERSISTENT_RECURSIVE,
                (code, watched, context) -> answer.complete(Code.get(code)), null);
        return answer;
    }

    private static Optional<KeyValueClient.Event> toEvent(WatchedEvent event) {
        return switch (event.getType()) {
            case NodeCreated ->
                Optional.of(new KeyValueClient.Event(KeyValueClient.Event.Kind.CREATED, event.getPath()));
            case NodeDeleted ->
                Optional.of(new KeyValueClient.Event(KeyValueClient.Event.Kind.DELETED, event.getPath()));
            case NodeDataChanged ->
                Optional.of(new KeyValueClient.Event(KeyValueClient.Event.Kind.WRITTEN, event.getPath()));
            default -> Optional.empty();
        };
    }

    /** Cuts the connection, so that another server is tried: this one does not answer. What was sent may still be applied. */
    void breakConnection() {
        try {
            client.getTestable().closeSocket();
        } catch (IOException broken) {
            LOG.debug("Closing a connection that was broken already", broken);
        }
    }

    /** Goes without a word: the session and its keys live on until they expire. May take a second. */
    void leave() {
        markEnded();
        client.leave();
    }

    /** Ends the session and with it its keys, if the server can be told; expiry does it otherwise. May take as long as the timeout. */
    void end() throws InterruptedException {
        markEnded();
        client.close();
    }

    private void markEnded() {
        lock.lock();
        try {
            ended = true;
            stateChanged.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for an answer; empty when the time was over first. */
    static <T> Optional<T> await(CompletableFuture<T> answer, Duration limit) throws InterruptedException {
        try {
            return Optional.of(answer.get(limit.toNanos(), TimeUnit.NANOSECONDS));
        } catch (TimeoutException late) {
            return Optional.empty();
        } catch (ExecutionException impossible) {
            throw new IllegalStateException("answers are completed with codes, not with exceptions", impossible);
        }
    }
}
