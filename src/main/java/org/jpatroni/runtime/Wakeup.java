package org.jpatroni.runtime;

import java.time.Duration;

/**
 * A signal without content: whoever is woken looks for itself. Signals that come before the wait are remembered, several count as
 * one.
 */
public interface Wakeup {

    /** May be called from any thread, never blocks. */
    void signal();

    /**
     * Waits for a signal and takes it.
     *
     * @return whether there was one before the time was over
     */
    boolean await(Duration limit) throws InterruptedException;
}
