package org.jpatroni.dcs;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jpatroni.runtime.Time;

/** One client of a {@link MemoryStore}, with its faults. It behaves as etcd does: a change of the ttl needs another session. */
public final class MemoryKeyValue implements KeyValueClient {

    private final MemoryStore store;
    private final String name;
    private final Time time;
    private final Faults faults;

    private int ttlSeconds = 30;
    private int grantedTtlSeconds = 30;
    private volatile String sessionId = "";
    private boolean hadSession;
    private final List<Cas<Confirmed>> answers = new ArrayList<>();

    MemoryKeyValue(MemoryStore store, String name, Time time, Faults faults) {
        this.store = store;
        this.name = name;
        this.time = time;
        this.faults = faults;
    }

    Faults faults() {
        return faults;
    }

    /** What became of the requests that this client had given up and {@link MemoryStore#deliverLate()} applied. */
    public List<Cas<Confirmed>> lateOutcomes() {
        return List.copyOf(answers);
    }

    @Override
    public List<Entry> list(String prefix) throws StoreUnavailableException {
        return read("list", () -> store.list(prefix));
    }

    @Override
    public Optional<Entry> get(String key) throws StoreUnavailableException {
        return read("get", () -> store.list(key).stream().filter(entry -> entry.key().equals(key)).findFirst());
    }

    private <T> T read(String verb, Supplier<T> reading) throws StoreUnavailableException {
        Faults.Fate fate = faults.beforeApply(verb);
        if (fate == Faults.Fate.LOST || fate == Faults.Fate.LATE) {
            throw new StoreUnavailableException("request of " + name + " was lost");
        }
        T result = reading.get();
        if (!faults.replyArrives(verb)) {
            throw new StoreUnavailableException("answer to " + name + " was lost");
        }
        return result;
    }

    @Override
    public Cas<Confirmed> transact(List<Expect> expectations, List<Change> changes) {
        long sentAtNanos = time.nanos();
        String usedSession = sessionId;
        return write("transact", () -> {
            MemoryStore.Applied applied = store.transact(expectations, changes, usedSession);
            return applied.succeeded() ? new Cas.Won<>(new Confirmed(sentAtNanos)) : new Cas.Lost<>(applied.reason());
        });
    }

    @Override
    public Cas<Confirmed> deletePrefix(String prefix) {
        long sentAtNanos = time.nanos();
        return write("deletePrefix", () -> {
            store.deletePrefix(prefix);
            return new Cas.Won<>(new Confirmed(sentAtNanos));
        });
    }

    private Cas<Confirmed> write(String verb, Supplier<Cas<Confirmed>> writing) {
        switch (faults.beforeApply(verb)) {
            case LOST -> {
                return new Cas.Unknown<>("request of " + name + " was lost");
            }
            case LATE -> {
                store.applyLater(() -> answers.add(writing.get()));
                return new Cas.Unknown<>("request of " + name + " was given up");
            }
            case REFUSED -> {
                return new Cas.Lost<>("the store refused");
            }
            case DELIVERED -> {
            }
        }
        Cas<Confirmed> outcome = writing.get();
        if (!faults.replyArrives(verb)) {
            return new Cas.Unknown<>("answer to " + name + " was lost");
        }
        if (outcome instanceof Cas.Lost && !sessionId.isEmpty() && !store.isAlive(sessionId)) {
            sessionId = "";
        }
        return outcome;
    }

    @Override
    public Cas<Confirmed> refreshSession() {
        long sentAtNanos = time.nanos();
        Faults.Fate fate = faults.beforeApply("refreshSession");
        String usedSession = sessionId;
        if (fate == Faults.Fate.LATE) {
            store.applyLater(() -> store.extendSession(usedSession));
        }
        if (fate == Faults.Fate.LOST || fate == Faults.Fate.LATE) {
            return new Cas.Unknown<>("request of " + name + " was lost");
        }
        boolean expired = !sessionId.isEmpty() && !store.isAlive(sessionId) || sessionId.isEmpty() && hadSession;
        if (!expired && !sessionId.isEmpty() && grantedTtlSeconds == ttlSeconds) {
            store.extendSession(sessionId);
            return answered(sentAtNanos, new Cas.Won<>(new Confirmed(sentAtNanos)));
        }
        String opened = store.openSession(ttlSeconds);
        if (!faults.replyArrives("refreshSession")) {
            return new Cas.Unknown<>("answer to " + name + " was lost");
        }
        sessionId = opened;
        grantedTtlSeconds = ttlSeconds;
        hadSession = true;
        return expired ? new Cas.Lost<>("the session had expired") : new Cas.Won<>(new Confirmed(sentAtNanos));
    }

    private Cas<Confirmed> answered(long sentAtNanos, Cas<Confirmed> outcome) {
        return faults.replyArrives("refreshSession")
                ? outcome
                : new Cas.Unknown<>("answer to " + name + " sent for at " + sentAtNanos + " was lost");
    }

    @Override
    public String sessionId() {
        return sessionId;
    }

    @Override
    public void setTimeouts(int newTtlSeconds, Duration callLimit) {
        ttlSeconds = newTtlSeconds;
    }

    @Override
    public int grantedTtlSeconds() {
        return grantedTtlSeconds;
    }

    @Override
    public void watch(String prefix, Consumer<Event> listener) {
        store.addWatcher(this, prefix, listener);
    }

    @Override
    public void close() {
        store.removeWatchers(this);
    }

    @Override
    public String describe() {
        return "memory store";
    }
}
