package org.jpatroni.watchdog;

import java.io.IOException;

/** A device as it is spoken to. Open or not; only {@link #open} is called while it is not. */
interface WatchdogDevice {

    /**
     * What an open device says of itself.
     *
     * @param identity its name
     * @param settable its timeout can be set
     * @param closable it can be closed without a reset following
     * @param resets it resets the machine; otherwise it only tells somebody
     */
    record Traits(String identity, boolean settable, boolean closable, boolean resets) {
    }

    /** The device's path. */
    String path();

    boolean isOpen();

    /** Opens it, which starts the timer of a real one. */
    Traits open() throws IOException;

    void setTimeout(int seconds) throws IOException;

    /** The timeout in force, in seconds: drivers round. */
    int timeout() throws IOException;

    void keepAlive() throws IOException;

    /** Says that all is well, and closes it. */
    void closeInOrder() throws IOException;

    /** Closes it without a word: the timer of a real one goes on. */
    void abandon();
}
