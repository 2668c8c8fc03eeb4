package org.jpatroni.dcs;

/**
 * The outcome of a change in the store. {@code Unknown} means that the request was sent and no trustworthy answer came: it may
 * have been applied, may be applied later, or never. Whoever gets it must not act as if it had been won.
 *
 * @param <T> what a won change returns
 */
public sealed interface Cas<T> {

    /** The store confirmed the change. */
    record Won<T>(T value) implements Cas<T> {
    }

    /** The store confirmed that it did not make the change: somebody else was first, or the key is not as expected. */
    record Lost<T>(String reason) implements Cas<T> {
    }

    /** Nobody knows. */
    record Unknown<T>(String cause) implements Cas<T> {
    }

    default boolean isWon() {
        return this instanceof Won;
    }
}
