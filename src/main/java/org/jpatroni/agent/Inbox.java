package org.jpatroni.agent;

import java.util.concurrent.ArrayBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What must happen on the thread of the HA loop, between two steps, without being a decision. Bounded: who finds it full may come again. */
final class Inbox {

    private static final Logger LOG = LoggerFactory.getLogger(Inbox.class);
    private static final int ROOM = 16;

    private final ArrayBlockingQueue<Runnable> chores = new ArrayBlockingQueue<>(ROOM);
    private final Runnable wake;

    Inbox(Runnable wake) {
        this.wake = wake;
    }

    /** False when there is no room. */
    boolean put(Runnable chore) {
        boolean taken = chores.offer(chore);
        wake.run();
        return taken;
    }

    /** Carries out what has come in; a chore that fails is logged and harms nobody else. */
    void empty() {
        for (Runnable chore = chores.poll(); chore != null; chore = chores.poll()) {
            try {
                chore.run();
            } catch (RuntimeException bug) {
                LOG.error("a chore of the HA loop failed", bug);
            }
        }
    }
}
