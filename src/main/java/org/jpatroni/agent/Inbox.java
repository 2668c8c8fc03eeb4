package org.jpatroni.agent;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.function.Consumer;
import org.jpatroni.decide.Situation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What must happen on the thread of the HA loop, between two steps, without being a decision. Bounded: who finds it full may come again. */
final class Inbox {

    private static final Logger LOG = LoggerFactory.getLogger(Inbox.class);
    private static final int ROOM = 16;

    private final ArrayBlockingQueue<Runnable> chores = new ArrayBlockingQueue<>(ROOM);
    private final ArrayBlockingQueue<Consumer<Situation>> questions = new ArrayBlockingQueue<>(ROOM);
    private final Runnable wake;

    Inbox(Runnable wake) {
        this.wake = wake;
    }

    /** Something to do before the next step; false when there is no room. */
    boolean put(Runnable chore) {
        boolean taken = chores.offer(chore);
        wake.run();
        return taken;
    }

    /** A question about what the loop sees next; false when there is no room. */
    boolean ask(Consumer<Situation> question) {
        boolean taken = questions.offer(question);
        wake.run();
        return taken;
    }

    /** Carries out what has come in; a chore that fails is logged and harms nobody else. */
    void empty() {
        for (Runnable chore = chores.poll(); chore != null; chore = chores.poll()) {
            safely(chore);
        }
    }

    void answer(Situation seen) {
        for (Consumer<Situation> question = questions.poll(); question != null; question = questions.poll()) {
            Consumer<Situation> asked = question;
            safely(() -> asked.accept(seen));
        }
    }

    private static void safely(Runnable chore) {
        try {
            chore.run();
        } catch (RuntimeException bug) {
            LOG.error("a chore of the HA loop failed", bug);
        }
    }
}
