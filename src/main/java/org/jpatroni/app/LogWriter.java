package org.jpatroni.app;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jpatroni.runtime.Tasks;
import org.jspecify.annotations.Nullable;

/**
 * Hands lines to a sink from a task of its own, so that a log pipe that nobody empties, or a slow disk, never holds up the agent. The queue
 * is bounded; lines that find it full are lost, and their number is written as soon as lines get through again.
 */
final class LogWriter {

    private final LogSink sink;
    private final int maxQueueSize;
    private final Deque<String> queue = new ArrayDeque<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private long offered;
    private long written;
    private long lost;
    private boolean stuck;
    private boolean closed;

    LogWriter(LogSink sink, int maxQueueSize, Tasks tasks) {
        this.sink = sink;
        this.maxQueueSize = maxQueueSize;
        tasks.startBlocking("log-writer", () -> {
            run();
            return true;
        });
    }

    void offer(String line) {
        lock.lock();
        try {
            if (queue.size() >= maxQueueSize) {
                lost++;
                return;
            }
            queue.add(line);
            offered++;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until everything offered so far is written. After one wait in vain it does not wait again before a line got through. */
    void flush(Duration limit) {
        lock.lock();
        try {
            long wanted = offered;
            long left = limit.toNanos();
            while (written < wanted && !stuck) {
                left = changed.awaitNanos(left);
                stuck = left <= 0 && written < wanted;
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    /** No line is taken any more; what is queued is still written, then the sink is closed. */
    void close() {
        flush(Duration.ofSeconds(1));
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void run() throws InterruptedException {
        try {
            while (true) {
                String line = next();
                if (line == null) {
                    return;
                }
                sink.write(line);
                done();
            }
        } finally {
            sink.close();
        }
    }

    /** The next line; null at the end. */
    private @Nullable String next() throws InterruptedException {
        lock.lock();
        try {
            while (queue.isEmpty() && !closed) {
                changed.await();
            }
            return queue.poll();
        } finally {
            lock.unlock();
        }
    }

    private void done() {
        lock.lock();
        try {
            written++;
            stuck = false;
            if (lost > 0 && queue.isEmpty()) {
                queue.add(lost + " log lines were lost: they could not be written as fast as they came");
                offered++;
                lost = 0;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
