package org.jpatroni.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The scheduler of a simulated cluster: one queue of events on virtual time. Events of the same instant run in an order that the seed
 * decides. Code under test runs on threads of which exactly one has the processor ({@link SimThread}); it gives it back only by
 * blocking through the ports for time and tasks, so every run of a seed is the same run.
 */
final class SimKernel {

    private static final int TRACE_LINES = 600;

    /** Something that happens at an instant; may be called off. */
    static final class Event {
        private final long atNanos;
        private final long tie;
        private final long sequence;
        private final Runnable action;
        private boolean calledOff;

        private Event(long atNanos, long tie, long sequence, Runnable action) {
            this.atNanos = atNanos;
            this.tie = tie;
            this.sequence = sequence;
            this.action = action;
        }

        void callOff() {
            calledOff = true;
        }
    }

    private final PriorityQueue<Event> queue = new PriorityQueue<>(Comparator.<Event>comparingLong(e -> e.atNanos)
            .thenComparingLong(e -> e.tie).thenComparingLong(e -> e.sequence));
    private final SimRandom order;
    private final SimRandom random;
    private final Carrier carrier;
    private final ArrayDeque<String> lastLines = new ArrayDeque<>();
    private final List<Runnable> afterEvent = new ArrayList<>();
    private @Nullable Consumer<String> traceListener;
    private @Nullable SimFailure failure;
    private long nowNanos;
    private long sequence;
    private long events;
    private long switches;
    private long hash;

    SimKernel(long seed) {
        this(seed, Carrier.best());
    }

    SimKernel(long seed, Carrier carrier) {
        SimRandom root = new SimRandom(seed);
        this.order = root.fork("order");
        this.random = root.fork("world");
        this.carrier = carrier;
        this.hash = seed;
    }

    /** True time since the start of the run, which no node knows. */
    long nowNanos() {
        return nowNanos;
    }

    /** Chance of the world: delays, losses, durations. */
    SimRandom random() {
        return random;
    }

    Event after(long delayNanos, Runnable action) {
        Event event = new Event(nowNanos + Math.max(0, delayNanos), order.nextLong(), sequence++, action);
        queue.add(event);
        return event;
    }

    Event afterMillis(long delayMillis, Runnable action) {
        return after(delayMillis * 1_000_000L, action);
    }

    /** Runs after every event: where invariants are checked. */
    void onEvent(Runnable check) {
        afterEvent.add(check);
    }

    void onTrace(Consumer<String> listener) {
        traceListener = listener;
    }

    /** A line of the transcript; part of what two runs of a seed must agree on. */
    void trace(String who, String what) {
        hash = SimRandom.mix(hash ^ nowNanos) + who.hashCode() * 31L + what.hashCode();
        String line = formatSeconds(nowNanos) + " " + who + ": " + what;
        if (lastLines.size() == TRACE_LINES) {
            lastLines.removeFirst();
        }
        lastLines.addLast(line);
        if (traceListener != null) {
            traceListener.accept(line);
        }
    }

    static String formatSeconds(long nanos) {
        String text = "%d.%06d".formatted(nanos / 1_000_000_000L, nanos % 1_000_000_000L / 1000);
        return " ".repeat(Math.max(0, 11 - text.length())) + text;
    }

    /** Ends the run as failed; the first failure counts. */
    void fail(String message) {
        if (failure == null) {
            trace("kernel", "FAILED: " + message);
            failure = new SimFailure(message);
        }
    }

    @Nullable
    SimFailure failure() {
        return failure;
    }

    /** Runs all events up to that instant; ends early when the run has failed. */
    void runUntil(long untilNanos) {
        WallGuard.enter(this);
        try {
            while (failure == null) {
                Event event = queue.peek();
                if (event == null || event.atNanos > untilNanos) {
                    break;
                }
                queue.poll();
                if (!event.calledOff) {
                    runOne(event);
                }
            }
            nowNanos = Math.max(nowNanos, untilNanos);
        } catch (SimFailure thrown) {
            fail(String.valueOf(thrown.getMessage()));
        } finally {
            WallGuard.leave(this);
        }
    }

    private void runOne(Event event) {
        nowNanos = event.atNanos;
        events++;
        hash = SimRandom.mix(hash ^ nowNanos);
        event.action.run();
        for (Runnable check : afterEvent) {
            check.run();
        }
    }

    /** A thread of the code under test; it begins with an event of its own. */
    SimThread start(SimProcess process, String name, Runnable body) {
        SimThread thread = new SimThread(this, process, name, body, carrier);
        wake(thread);
        return thread;
    }

    /** Makes a waiting thread runnable, now, in the order that the seed decides. */
    void wake(SimThread thread) {
        long waiting = thread.waitNumber();
        after(0, () -> resume(thread, waiting));
    }

    /** Gives the processor to the thread if it still waits in that wait. */
    void resume(SimThread thread, long waitNumber) {
        if (!thread.waitsIn(waitNumber) || !thread.process().admits(() -> resume(thread, waitNumber))) {
            return;
        }
        switches++;
        carrier.run(thread);
    }

    long events() {
        return events;
    }

    long switches() {
        return switches;
    }

    /** What two runs of a seed must have in common. */
    long hash() {
        return SimRandom.mix(hash ^ order.nextLong() ^ random.nextLong());
    }

    List<String> lastLines() {
        return List.copyOf(lastLines);
    }
}
