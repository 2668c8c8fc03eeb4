package org.jpatroni.sim;

import java.lang.reflect.Constructor;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Hands the processor to one simulated thread and takes it back when that thread waits. Two ways that give the same runs: virtual
 * threads whose continuations are executed on the scheduler's own thread (millions of switches a second; needs a constructor of the
 * JDK that is opened by a flag of the test JVM), and a baton passed between real threads (about a hundred times slower, needs
 * nothing).
 */
abstract sealed class Carrier {

    /** How long a thread may be off the processor without having asked the scheduler: waiting for a lock of the JVM is such a case. */
    private static final long FOREIGN_WAIT_SECONDS = 10;

    abstract Thread newThread(String name, Runnable body);

    /** Returns when the thread waits in the scheduler or has ended. */
    abstract void run(SimThread thread);

    /** Called by the simulated thread just before it waits or ends. */
    abstract void yielded();

    static Carrier best() {
        return Inline.BUILDER == null ? new Baton() : new Inline();
    }

    static SimFailure blockedOutside(SimThread thread) {
        StringBuilder text = new StringBuilder("blocked outside the scheduler: ").append(thread.thread().getName());
        for (StackTraceElement frame : thread.thread().getStackTrace()) {
            text.append("\n    at ").append(frame);
        }
        return new SimFailure(text.toString());
    }

    /** Continuations executed in place. */
    static final class Inline extends Carrier {

        static final @Nullable Constructor<?> BUILDER = findBuilder();
        private final LinkedBlockingQueue<Runnable> continuations = new LinkedBlockingQueue<>();
        private final Executor scheduler = continuations::add;

        private static @Nullable Constructor<?> findBuilder() {
            try {
                Constructor<?> found = Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
                        .getDeclaredConstructor(Executor.class);
                found.setAccessible(true);
                return found;
            } catch (ReflectiveOperationException | RuntimeException notOpened) {
                return null;
            }
        }

        @Override
        Thread newThread(String name, Runnable body) {
            try {
                Constructor<?> builder = java.util.Objects.requireNonNull(BUILDER);
                return ((Thread.Builder.OfVirtual) builder.newInstance(scheduler)).name(name).unstarted(body);
            } catch (ReflectiveOperationException impossible) {
                throw new IllegalStateException(impossible);
            }
        }

        @Override
        void run(SimThread thread) {
            thread.release();
            while (thread.hasProcessor()) {
                Runnable continuation = continuations.poll();
                if (continuation == null) {
                    continuation = awaitForeign(thread);
                }
                continuation.run();
            }
        }

        private Runnable awaitForeign(SimThread thread) {
            try {
                Runnable continuation = continuations.poll(FOREIGN_WAIT_SECONDS, TimeUnit.SECONDS);
                if (continuation != null) {
                    return continuation;
                }
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
            throw blockedOutside(thread);
        }

        @Override
        void yielded() {
            // the continuation returns to the scheduler by itself when the thread parks
        }
    }

    /** Real threads and a semaphore. */
    static final class Baton extends Carrier {

        private final Semaphore baton = new Semaphore(0);

        @Override
        Thread newThread(String name, Runnable body) {
            return Thread.ofVirtual().name(name).unstarted(body);
        }

        @Override
        void run(SimThread thread) {
            thread.release();
            try {
                if (!baton.tryAcquire(FOREIGN_WAIT_SECONDS, TimeUnit.SECONDS)) {
                    throw blockedOutside(thread);
                }
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
                throw blockedOutside(thread);
            }
        }

        @Override
        void yielded() {
            baton.release();
        }
    }
}
