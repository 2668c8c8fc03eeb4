package org.jpatroni.dcs;

/** The store could not be read: unreachable, no quorum, refused, or its answer made no sense. The message is for the operator. */
public final class StoreUnavailableException extends Exception {

    private static final long serialVersionUID = 1;

    public StoreUnavailableException(String message) {
        super(message);
    }

    public StoreUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
