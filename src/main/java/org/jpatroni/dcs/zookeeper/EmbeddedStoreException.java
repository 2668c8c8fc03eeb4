package org.jpatroni.dcs.zookeeper;

/** The embedded store cannot be started as configured. The message is one line for the operator and names the setting or the file. */
public final class EmbeddedStoreException extends Exception {

    private static final long serialVersionUID = 1;

    public EmbeddedStoreException(String message) {
        super(message);
    }

    public EmbeddedStoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
