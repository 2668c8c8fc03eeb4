package org.jpatroni.dcs;

import java.util.function.Function;

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

    /** The same outcome with another value. */
    default <B> Cas<B> map(Function<T, B> function) {
        return switch (this) {
            case Won<T>(T value) -> new Won<>(function.apply(value));
            case Lost<T>(String reason) -> new Lost<>(reason);
            case Unknown<T>(String cause) -> new Unknown<>(cause);
        };
    }

    /** Why it was not won, for logs; empty when it was. */
    default String reason() {
        return switch (this) {
            case Won<T> won -> "";
            case Lost<T>(String reason) -> reason;
            case Unknown<T>(String cause) -> cause;
        };
    }
}
