package org.jpatroni.dcs;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jpatroni.dcs.KeyValueClient.Change;
import org.jpatroni.dcs.KeyValueClient.Entry;
import org.jpatroni.dcs.KeyValueClient.Event;
import org.jpatroni.dcs.KeyValueClient.Expect;
import org.jpatroni.runtime.Time;

/**
 * The reference implementation of a store: keys with revisions, sessions that expire on the store's own clock, watches. Deterministic and
 * without threads: what is due expires at the next operation or at {@link #expireDue()}. Many clients share one store.
 */
public final class MemoryStore {

    private record Row(String value, long revision, String sessionId) {
    }

    private record Session(int ttlSeconds, long expiresAtNanos) {
    }

    /** The result of a transaction: whether the expectations held, and if not, which did not. */
    record Applied(boolean succeeded, String reason) {
    }

    private static final class Watcher {
        private final MemoryKeyValue client;
        private final String prefix;
        private final Consumer<Event> listener;
        private boolean missed;

        Watcher(MemoryKeyValue client, String prefix, Consumer<Event> listener) {
            this.client = client;
            this.prefix = prefix;
            this.listener = listener;
        }
    }

    private final Time time;
    private final SortedMap<String, Row> rows = new TreeMap<>();
    private final SortedMap<String, Session> sessions = new TreeMap<>();
    private final List<Watcher> watchers = new ArrayList<>();
    private final Deque<Runnable> late = new ArrayDeque<>();
    private final List<Event> undelivered = new ArrayList<>();
    private long revision;
    private long sessionCount;

    /** @param time the store's clock; leases are counted on it */
    public MemoryStore(Time time) {
        this.time = time;
    }

    /** A client with a clock of its own. */
    public MemoryKeyValue client(String name, Time clientTime, Faults faults) {
        return new MemoryKeyValue(this, name, clientTime, faults);
    }

    /** A client that nothing happens to. */
    public MemoryKeyValue client(String name) {
        return client(name, time, Faults.NONE);
    }

    /** Ends the sessions that are due, with their keys. */
    public void expireDue() {
        synchronized (this) {
            expire();
        }
        deliverEvents();
    }

    /** When the next session expires on the store's clock; empty when there is none. */
    public synchronized OptionalLong nextExpiryNanos() {
        return sessions.values().stream().mapToLong(Session::expiresAtNanos).min();
    }

    /** Applies what clients have given up, in the order of sending. */
    public void deliverLate() {
        while (true) {
            Runnable next;
            synchronized (this) {
                next = late.poll();
            }
            if (next == null) {
                return;
            }
            next.run();
        }
    }

    /** Tells watches that were cut off, and are no longer, that they missed something. */
    public void reconnect() {
        List<Watcher> all;
        synchronized (this) {
            all = List.copyOf(watchers);
        }
        for (Watcher watcher : all) {
            if (watcher.missed && watcher.client.faults().watchWorks()) {
                watcher.missed = false;
                watcher.listener.accept(Event.MISSED);
            }
        }
    }

    /** Ends a session as if its time were over. */
    public void expireSession(String sessionId) {
        synchronized (this) {
            drop(sessionId);
        }
        deliverEvents();
    }

    /** Writes as somebody else would: an operator, or another implementation. The key belongs to no session. */
    public void putByHand(String key, String value) {
        synchronized (this) {
            expire();
            revision++;
            put(key, value, "");
        }
        deliverEvents();
    }

    public void deleteByHand(String key) {
        synchronized (this) {
            expire();
            revision++;
            delete(key);
        }
        deliverEvents();
    }

    /** For checkers: the value of a key right now. */
    public synchronized Optional<String> valueOf(String key) {
        expire();
        return Optional.ofNullable(rows.get(key)).map(Row::value);
    }

    /** For checkers: the session of a key right now; empty when it has none or does not exist. */
    public synchronized String sessionOf(String key) {
        expire();
        Row row = rows.get(key);
        return row == null ? "" : row.sessionId();
    }

    synchronized List<Entry> list(String prefix) {
        expire();
        List<Entry> entries = new ArrayList<>();
        rows.tailMap(prefix).forEach((key, row) -> {
            if (key.startsWith(prefix)) {
                entries.add(new Entry(key, row.value(), row.revision(), row.sessionId()));
            }
        });
        return entries;
    }

    Applied transact(List<Expect> expectations, List<Change> changes, String sessionId) {
        Applied applied;
        synchronized (this) {
            applied = apply(expectations, changes, sessionId);
        }
        deliverEvents();
        return applied;
    }

    private Applied apply(List<Expect> expectations, List<Change> changes, String sessionId) {
        expire();
        for (Expect expectation : expectations) {
            if (!holds(expectation, sessionId)) {
                return new Applied(false, "not as expected: " + expectation);
            }
        }
        boolean needsSession = changes.stream().anyMatch(change -> change instanceof Change.Put put && put.inSession());
        if (needsSession && !sessions.containsKey(sessionId)) {
            return new Applied(false, "the session has expired");
        }
        if (!changes.isEmpty()) {
            revision++;
        }
        for (Change change : changes) {
            switch (change) {
                case Change.Put put -> put(put.key(), put.value(), put.inSession() ? sessionId : "");
                case Change.Delete delete -> delete(delete.key());
            }
        }
        return new Applied(true, "");
    }

    private boolean holds(Expect expectation, String sessionId) {
        return switch (expectation) {
            case Expect.Absent(String key) -> !rows.containsKey(key);
            case Expect.Version(String key, long version) -> {
                Row row = rows.get(key);
                yield row != null && row.revision() == version;
            }
            case Expect.OwnSession(String key) -> {
                Row row = rows.get(key);
                yield row != null && !sessionId.isEmpty() && row.sessionId().equals(sessionId);
            }
        };
    }

    void deletePrefix(String prefix) {
        synchronized (this) {
            expire();
            revision++;
            list(prefix).forEach(entry -> delete(entry.key()));
        }
        deliverEvents();
    }

    synchronized String openSession(int ttlSeconds) {
        expire();
        String sessionId = "session-" + ++sessionCount;
        sessions.put(sessionId, session(ttlSeconds));
        return sessionId;
    }

    /** Whether the session was still alive. */
    synchronized boolean extendSession(String sessionId) {
        expire();
        return sessions.computeIfPresent(sessionId, (id, session) -> session(session.ttlSeconds())) != null;
    }

    synchronized boolean isAlive(String sessionId) {
        expire();
        return sessions.containsKey(sessionId);
    }

    synchronized void applyLater(Runnable request) {
        late.add(request);
    }

    synchronized void addWatcher(MemoryKeyValue client, String prefix, Consumer<Event> listener) {
        removeWatchers(client);
        watchers.add(new Watcher(client, prefix, listener));
    }

    synchronized void removeWatchers(MemoryKeyValue client) {
        watchers.removeIf(watcher -> watcher.client == client);
    }

    private Session session(int ttlSeconds) {
        return new Session(ttlSeconds, time.nanos() + ttlSeconds * 1_000_000_000L);
    }

    private void expire() {
        long now = time.nanos();
        List<String> due = new ArrayList<>();
        sessions.forEach((id, session) -> {
            if (now - session.expiresAtNanos() >= 0) {
                due.add(id);
            }
        });
        due.forEach(this::drop);
    }

    private void drop(String sessionId) {
        if (sessions.remove(sessionId) == null) {
            return;
        }
        revision++;
        List<String> ended = new ArrayList<>();
        rows.forEach((key, row) -> {
            if (row.sessionId().equals(sessionId)) {
                ended.add(key);
            }
        });
        ended.forEach(this::delete);
    }

    private void put(String key, String value, String sessionId) {
        Row former = rows.put(key, new Row(value, revision, sessionId));
        undelivered.add(new Event(former == null ? Event.Kind.CREATED : Event.Kind.WRITTEN, key));
    }

    private void delete(String key) {
        if (rows.remove(key) != null) {
            undelivered.add(new Event(Event.Kind.DELETED, key));
        }
    }

    private void deliverEvents() {
        List<Event> events;
        List<Watcher> all;
        synchronized (this) {
            events = List.copyOf(undelivered);
            undelivered.clear();
            all = List.copyOf(watchers);
        }
        for (Event event : events) {
            for (Watcher watcher : all) {
                if (!event.key().startsWith(watcher.prefix)) {
                    continue;
                }
                if (watcher.client.faults().watchWorks()) {
                    watcher.listener.accept(event);
                } else {
                    watcher.missed = true;
                }
            }
        }
    }
}
