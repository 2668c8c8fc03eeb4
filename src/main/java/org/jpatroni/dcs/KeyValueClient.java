package org.jpatroni.dcs;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The narrow port under {@link KvClusterStore}: a key-value store with sessions, transactions of compare-and-write, and watches. Keys
 * are full paths ({@code /service/<scope>/leader}), values are text.
 */
public interface KeyValueClient extends AutoCloseable {

    /**
     * One key.
     *
     * @param version changes with every write of the key; never 0
     * @param sessionId the session it hangs on as text; empty for a permanent key
     */
    record Entry(String key, String value, long version, String sessionId) {
    }

    /** What must hold for a write to happen. */
    sealed interface Expect {

        /** The key does not exist. */
        record Absent(String key) implements Expect {
        }

        /** The key exists with this version. */
        record Version(String key, long version) implements Expect {
        }

        /** The key exists and hangs on the current session of this client. */
        record OwnSession(String key) implements Expect {
        }
    }

    /** One change inside a transaction. */
    sealed interface Change {

        /** Creates or replaces; {@code inSession} makes the key die with the current session. */
        record Put(String key, String value, boolean inSession) implements Change {
        }

        /** Deletes; no error when it is absent. */
        record Delete(String key) implements Change {
        }
    }

    /**
     * A confirmed answer.
     *
     * @param sentAtNanos monotonic time just before the request that was confirmed was sent
     */
    record Confirmed(long sentAtNanos) {
    }

    /** All keys that begin with the prefix, in order, linearizable. */
    List<Entry> list(String prefix) throws StoreUnavailableException;

    /** One key, linearizable. */
    Optional<Entry> get(String key) throws StoreUnavailableException;

    /** All changes, or none when an expectation does not hold. */
    Cas<Confirmed> transact(List<Expect> expectations, List<Change> changes);

    /**
     * Makes sure that the session is alive and extends it; opens a new one when it was lost. The deadline of keys in the session follows
     * from the last confirmed call, whoever made it.
     *
     * @return Won with the moment of sending; Lost when the session had expired and a new one was opened
     */
    Cas<Confirmed> refreshSession();

    /** Id of the current session; empty when there is none. */
    String sessionId();

    /** Deletes everything below the prefix. */
    Cas<Confirmed> deletePrefix(String prefix);

    /** ttl of sessions to come, and of the current one where the store can change it; time limit of each call. */
    void setTimeouts(int ttlSeconds, Duration callLimit);

    /** The ttl that the store granted to the current session. */
    int grantedTtlSeconds();

    /** Calls back after any change below the prefix, after a reconnect too. The callback does not block. */
    void watch(String prefix, Runnable changed);

    @Override
    void close();

    String describe();
}
