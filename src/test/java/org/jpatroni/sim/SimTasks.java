package org.jpatroni.sim;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;
import org.jpatroni.runtime.Wakeup;
import org.jspecify.annotations.Nullable;

/** Tasks of one process on the scheduler of the simulation. */
final class SimTasks implements Tasks {

    private final SimKernel kernel;
    private final SimProcess process;
    private final SimTime time;

    SimTasks(SimKernel kernel, SimProcess process, SimTime time) {
        this.kernel = kernel;
        this.process = process;
        this.time = time;
    }

    @Override
    public <T> Task<T> start(String name, Callable<T> body) {
        SimTask<T> task = new SimTask<>(body);
        task.thread = kernel.start(process, name, task);
        return task;
    }

    @Override
    public Wakeup newWakeup() {
        return new SimWakeup();
    }

    @Override
    public Time time() {
        return time;
    }

    /** Waits until the condition's owner wakes the thread, or the limit of this machine's clock is over. */
    private boolean awaitSignal(List<SimThread> waiters, java.util.function.BooleanSupplier happened, Duration limit)
            throws InterruptedException {
        SimThread thread = SimThread.required();
        long until = time.trueInstant(limit);
        waiters.add(thread);
        try {
            while (!happened.getAsBoolean() && kernel.nowNanos() < until) {
                thread.waitUntil(until);
            }
        } finally {
            waiters.remove(thread);
        }
        return happened.getAsBoolean();
    }

    private final class SimTask<T> implements Task<T>, Runnable {
        private final Callable<T> body;
        private final List<SimThread> waiters = new ArrayList<>();
        private @Nullable SimThread thread;
        private @Nullable T value;
        private @Nullable Throwable failure;
        private boolean done;

        SimTask(Callable<T> body) {
            this.body = body;
        }

        @Override
        public void run() {
            try {
                value = body.call();
            } catch (SimFailure brokenRun) {
                kernel.fail(String.valueOf(brokenRun.getMessage()));
                failure = brokenRun;
            } catch (Throwable thrown) {
                failure = thrown;
            } finally {
                done = true;
                waiters.forEach(kernel::wake);
            }
        }

        @Override
        public boolean isDone() {
            return done;
        }

        @Override
        public void cancel() {
            SimThread running = thread;
            if (running != null && !done) {
                running.interrupt();
            }
        }

        @Override
        public boolean await(Duration limit) throws InterruptedException {
            return done || awaitSignal(waiters, () -> done, limit);
        }

        @Override
        public Optional<T> result() {
            return Optional.ofNullable(value);
        }

        @Override
        public Optional<Throwable> failure() {
            return Optional.ofNullable(failure);
        }
    }

    private final class SimWakeup implements Wakeup {
        private final List<SimThread> waiters = new ArrayList<>();
        private boolean signalled;

        @Override
        public void signal() {
            signalled = true;
            waiters.forEach(kernel::wake);
        }

        @Override
        public boolean await(Duration limit) throws InterruptedException {
            boolean taken = signalled || awaitSignal(waiters, () -> signalled, limit);
            signalled = false;
            return taken;
        }
    }
}
