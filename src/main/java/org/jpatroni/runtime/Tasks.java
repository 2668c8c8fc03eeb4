package org.jpatroni.runtime;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;

/** The only way to run something beside the current thread, so that a simulation can own all scheduling. */
public interface Tasks {

    /** Runs the body on a thread of its own. */
    <T> Task<T> start(String name, Callable<T> body);

    /**
     * Like {@link #start}, for a body that blocks in native code: on a virtual thread it would hold one of the few threads that carry
     * them.
     */
    default <T> Task<T> startBlocking(String name, Callable<T> body) {
        return start(name, body);
    }

    Wakeup newWakeup();

    /**
     * Asks all questions at the same time and returns the answers that came within the limit, in the order of the questions; an
     * exception or a late answer is an empty place. Late questions are interrupted.
     */
    default <T> List<Optional<T>> askAll(String name, List<Callable<T>> questions, Duration limit)
            throws InterruptedException {
        List<Task<T>> tasks = questions.stream().map(question -> start(name, question)).toList();
        long deadline = time().nanos() + limit.toNanos();
        List<Optional<T>> answers = new java.util.ArrayList<>();
        for (Task<T> task : tasks) {
            Duration left = Duration.ofNanos(Math.max(0, deadline - time().nanos()));
            Optional<T> answer = task.await(left) ? task.result() : Optional.empty();
            if (!task.isDone()) {
                task.cancel();
            }
            answers.add(answer);
        }
        return answers;
    }

    Time time();

    /** Something that runs. */
    interface Task<T> {

        boolean isDone();

        /** Interrupts the thread. Does not wait. */
        void cancel();

        /** Waits until it is done; false when the time was over first. */
        boolean await(Duration limit) throws InterruptedException;

        /** The value, empty while it runs and when it failed. */
        Optional<T> result();

        /** What it failed with, empty while it runs and when it succeeded. */
        Optional<Throwable> failure();
    }

    /** Virtual threads and the real clock. */
    static Tasks system() {
        return VirtualThreadTasks.INSTANCE;
    }
}
