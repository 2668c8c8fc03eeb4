package org.jpatroni.dcs;

import java.time.Duration;
import java.util.Optional;
import org.jpatroni.runtime.Time;

/** The memory store on a clock that stands still. */
final class MemoryStoreUnderTest implements StoreUnderTest {

    final ManualTime time = new ManualTime();
    final MemoryStore memory = new MemoryStore(time);
    private int clients;

    @Override
    public KeyValueClient connect() {
        return memory.client("client-" + ++clients);
    }

    @Override
    public void put(String key, String value) {
        memory.putByHand(key, value);
    }

    @Override
    public void delete(String key) {
        memory.deleteByHand(key);
    }

    @Override
    public Optional<String> read(String key) {
        return memory.valueOf(key);
    }

    @Override
    public void endSession(KeyValueClient client) {
        memory.expireSession(client.sessionId());
    }

    @Override
    public void passTime(Duration duration) {
        time.advance(duration);
        memory.expireDue();
    }

    @Override
    public Time time() {
        return time;
    }

    @Override
    public int shortTtlSeconds() {
        return 2;
    }
}
