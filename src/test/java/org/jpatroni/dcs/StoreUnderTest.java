package org.jpatroni.dcs;

import java.time.Duration;
import java.util.Optional;
import org.jpatroni.runtime.Time;

/** What the contract needs of a store: clients, a way past them, and time. */
public interface StoreUnderTest {

    /** Another client of the same store, with a session of its own. */
    KeyValueClient connect();

    /** Writes a permanent key as an operator would. */
    void put(String key, String value);

    void delete(String key);

    /** The value of a key as stored, read past the client under test. */
    Optional<String> read(String key);

    /** Ends the session of this client in the store, as if its time were over; the client learns of it by itself. */
    void endSession(KeyValueClient client);

    /** Lets time pass: moves the clock, or waits. */
    void passTime(Duration duration);

    /** The clock of the clients. */
    Time time();

    /** A ttl that is over soon, and that the store grants. */
    int shortTtlSeconds();
}
