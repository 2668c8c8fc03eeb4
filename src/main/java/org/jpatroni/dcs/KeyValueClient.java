package org.jpatroni.dcs;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

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
     * What a watch reports. A key that was deleted and created in between may be reported as written.
     *
     * @param key full path; empty for {@link Kind#MISSED}
     */
    record Event(Kind kind, String key) {

        /** What happened to the key. */
        public enum Kind {
            CREATED, WRITTEN, DELETED,
            /** The connection was away: anything may have changed. */
            MISSED
        }

        public static final Event MISSED = new Event(Kind.MISSED, "");
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

    /**
     * All changes, or none when an expectation does not hold. Without changes it is a linearizable check. A change in session is Lost when
     * the session has expired: the next {@link #refreshSession()} opens another one, never this call. Lost too when the store refused
     * for a reason of its own (no permission, no space); Unknown only where the request may have been or may be applied.
     */
    Cas<Confirmed> transact(List<Expect> expectations, List<Change> changes);

    /**
     * Makes sure that the session is alive and extends it; opens a new one when it was lost. The deadline of keys in the session follows
     * from the last confirmed call, whoever made it.
     *
     * @return Won with the moment of sending, also for the first session of this client and for one opened because the ttl changed; Lost
     *         when the session had expired and a new one was opened; Unknown when nobody confirmed anything
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

    /**
     * Calls back after every change below the prefix, and after each time in which changes may have been missed. One watch a client; the
     * callback does not block.
     */
    void watch(String prefix, Consumer<Event> listener);

    @Override
    void close();

    String describe();
}
