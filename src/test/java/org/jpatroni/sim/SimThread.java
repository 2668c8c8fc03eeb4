package org.jpatroni.sim;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A thread of the code under test. It has the processor from {@link Carrier#run} until it waits or ends. */
final class SimThread {

    private static final ThreadLocal<@Nullable SimThread> CURRENT = new ThreadLocal<>();

    private final SimKernel kernel;
    private final SimProcess process;
    private final String name;
    private final Thread thread;
    private final Carrier carrier;
    private volatile boolean hasProcessor;
    private volatile boolean done;
    private boolean started;
    private boolean interruptPending;
    private long waitNumber = 1;

    SimThread(SimKernel kernel, SimProcess process, String name, Runnable body, Carrier carrier) {
        this.kernel = kernel;
        this.process = process;
        this.name = name;
        this.carrier = carrier;
        this.thread = carrier.newThread(process.name() + "/" + name, () -> runBody(body));
    }

    /** The simulated thread that runs now; null in the scheduler's own events. */
    static @Nullable SimThread current() {
        return CURRENT.get();
    }

    static SimThread required() {
        SimThread current = CURRENT.get();
        if (current == null) {
            throw new SimFailure("a blocking call outside a simulated thread");
        }
        return current;
    }

    private void runBody(Runnable body) {
        CURRENT.set(this);
        try {
            body.run();
        } catch (Throwable thrown) {
            kernel.fail("thread " + thread.getName() + " ended with " + thrown);
        } finally {
            done = true;
            hasProcessor = false;
            carrier.yielded();
        }
    }

    /** Waits until woken or until that instant of true time; the caller looks for itself why it runs again. */
    void waitUntil(long untilNanos) throws InterruptedException {
        throwIfInterrupted();
        long waiting = ++waitNumber;
        SimKernel.Event timer = untilNanos == Long.MAX_VALUE
                ? null
                : kernel.after(untilNanos - kernel.nowNanos(), () -> kernel.resume(this, waiting));
        hasProcessor = false;
        carrier.yielded();
        while (!hasProcessor) {
            LockSupport.park(this);
        }
        waitNumber++;
        if (timer != null) {
            timer.callOff();
        }
        throwIfInterrupted();
    }

    private void throwIfInterrupted() throws InterruptedException {
        boolean flagged = Thread.interrupted();
        if (flagged || interruptPending) {
            interruptPending = false;
            throw new InterruptedException(name + " interrupted");
        }
    }

    /** As {@link Thread#interrupt()}: ends the wait. */
    void interrupt() {
        interruptPending = true;
        kernel.wake(this);
    }

    SimKernel kernel() {
        return kernel;
    }

    SimProcess process() {
        return process;
    }

    long waitNumber() {
        return waitNumber;
    }

    boolean waitsIn(long number) {
        return !done && !hasProcessor && waitNumber == number;
    }

    boolean hasProcessor() {
        return hasProcessor;
    }

    Thread thread() {
        return thread;
    }

    /** Called by the carrier: the thread may go on. */
    void release() {
        hasProcessor = true;
        if (started) {
            LockSupport.unpark(thread);
        } else {
            started = true;
            thread.start();
        }
    }
}
