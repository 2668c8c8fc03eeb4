package org.jpatroni.sim;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jpatroni.dcs.Cas;
import org.jpatroni.dcs.KeyValueClient;
import org.jpatroni.dcs.StoreUnavailableException;

/** A client of the store that writes the transcript, and hears of changes a little later than they happen. */
final class SimKeyValue implements KeyValueClient {

    private final SimKernel kernel;
    private final String name;
    private final KeyValueClient client;
    private final SimStore.Line line;

    SimKeyValue(SimKernel kernel, String name, KeyValueClient client, SimStore.Line line) {
        this.kernel = kernel;
        this.name = name;
        this.client = client;
        this.line = line;
    }

    private <T> Cas<T> traced(String what, Cas<T> outcome) {
        switch (outcome) {
            case Cas.Won<T> won -> kernel.trace("dcs-" + name, what + ": won");
            case Cas.Lost<T>(String reason) -> kernel.trace("dcs-" + name, what + ": lost, " + reason);
            case Cas.Unknown<T>(String cause) -> kernel.trace("dcs-" + name, what + ": unknown, " + cause);
        }
        return outcome;
    }

    private static String keys(List<Change> changes) {
        StringBuilder text = new StringBuilder();
        for (Change change : changes) {
            String key = change instanceof Change.Put put ? put.key() : "-" + ((Change.Delete) change).key();
            text.append(' ').append(key.replace(SimStore.KEYS.prefix(), ""));
        }
        return text.toString();
    }

    @Override
    public List<Entry> list(String prefix) throws StoreUnavailableException {
        try {
            return client.list(prefix);
        } catch (StoreUnavailableException down) {
            kernel.trace("dcs-" + name, "list: " + down.getMessage());
            throw down;
        }
    }

    @Override
    public Optional<Entry> get(String key) throws StoreUnavailableException {
        return client.get(key);
    }

    @Override
    public Cas<Confirmed> transact(List<Expect> expectations, List<Change> changes) {
        if (changes.isEmpty()) {
            line.nextIsCheck();
        }
        return traced("write" + keys(changes), client.transact(expectations, changes));
    }

    @Override
    public Cas<Confirmed> refreshSession() {
        Cas<Confirmed> outcome = client.refreshSession();
        return outcome.isWon() ? outcome : traced("refresh session", outcome);
    }

    @Override
    public String sessionId() {
        return client.sessionId();
    }

    @Override
    public Cas<Confirmed> deletePrefix(String prefix) {
        return traced("delete " + prefix, client.deletePrefix(prefix));
    }

    @Override
    public void setTimeouts(int ttlSeconds, Duration callLimit) {
        line.setCallLimit(callLimit);
        client.setTimeouts(ttlSeconds, callLimit);
    }

    @Override
    public int grantedTtlSeconds() {
        return client.grantedTtlSeconds();
    }

    @Override
    public void watch(String prefix, Consumer<Event> listener) {
        client.watch(prefix, event -> kernel.after(kernel.random().between(200_000, 30_000_000),
                () -> listener.accept(event)));
    }

    @Override
    public void close() {
        client.close();
    }

    @Override
    public String describe() {
        return client.describe();
    }
}
