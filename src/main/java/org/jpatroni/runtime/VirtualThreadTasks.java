package org.jpatroni.runtime;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One virtual thread per task. */
enum VirtualThreadTasks implements Tasks {
    INSTANCE;

    @Override
    public <T> Task<T> start(String name, Callable<T> body) {
        RunningTask<T> task = new RunningTask<>(body);
        task.thread = Thread.ofVirtual().name(name).start(task);
        return task;
    }

    @Override
    public <T> Task<T> startBlocking(String name, Callable<T> body) {
        RunningTask<T> task = new RunningTask<>(body);
        task.thread = Thread.ofPlatform().daemon().name(name).start(task);
        return task;
    }

    @Override
    public Wakeup newWakeup() {
        return new SemaphoreWakeup();
    }

    @Override
    public Time time() {
        return Time.system();
    }

    private static final class RunningTask<T> implements Task<T>, Runnable {
        private final Callable<T> body;
        private final CountDownLatch done = new CountDownLatch(1);
        private volatile @Nullable Thread thread;
        private volatile @Nullable T value;
        private volatile @Nullable Throwable failure;

        RunningTask(Callable<T> body) {
            this.body = body;
        }

        @Override
        public void run() {
            try {
                value = body.call();
            } catch (Throwable thrown) {
                failure = thrown;
            } finally {
                done.countDown();
            }
        }

        @Override
        public boolean isDone() {
            return done.getCount() == 0;
        }

        @Override
        public void cancel() {
            Thread running = thread;
            if (running != null) {
                running.interrupt();
            }
        }

        @Override
        public boolean await(Duration limit) throws InterruptedException {
            return done.await(limit.toNanos(), TimeUnit.NANOSECONDS);
        }

        @Override
        public Optional<T> result() {
            return isDone() ? Optional.ofNullable(value) : Optional.empty();
        }

        @Override
        public Optional<Throwable> failure() {
            return isDone() ? Optional.ofNullable(failure) : Optional.empty();
        }
    }

    private static final class SemaphoreWakeup implements Wakeup {
        private final Semaphore signals = new Semaphore(0);

        @Override
        public void signal() {
            signals.release();
        }

        @Override
        public boolean await(Duration limit) throws InterruptedException {
            boolean signalled = signals.tryAcquire(Math.max(0, limit.toNanos()), TimeUnit.NANOSECONDS);
            signals.drainPermits();
            return signalled;
        }
    }
}
