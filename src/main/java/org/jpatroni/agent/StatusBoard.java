package org.jpatroni.agent;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.node.HaStatus;

/**
 * What the loop has published for the outside. Written by the loop after every step; the watch of the postmaster and the lease guard
 * may only turn it towards "not running", and the watch towards a replica that has become ready, at once.
 */
public final class StatusBoard {

    private final AtomicReference<HaStatus> status;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private final FailsafeBoard failsafe = new FailsafeBoard();

    public StatusBoard(HaStatus initial) {
        this.status = new AtomicReference<>(initial);
    }

    /** Calls back after each publication, on the thread that published: it must not block. Closing ends that. */
    public Listening listen(Runnable published) {
        listeners.add(published);
        return () -> listeners.remove(published);
    }

    /** Ends when closed. */
    public interface Listening extends AutoCloseable {
        @Override
        void close();
    }

    public HaStatus current() {
        return status.get();
    }

    /** What members say to each other while the store does not answer. */
    public FailsafeBoard failsafe() {
        return failsafe;
    }

    /** Replaces what is shown. For the loop, and for tests that stand in for it. */
    public void publish(UnaryOperator<HaStatus> change) {
        status.updateAndGet(change);
        listeners.forEach(Runnable::run);
    }

    /**
     * The server accepts sessions as a replica: readers need not wait until the loop is back from a store that hangs. Nothing else may be
     * said without the loop.
     */
    void replicaReady() {
        status.updateAndGet(now -> now.with(PostgresState.RUNNING, PostgresRole.REPLICA));
    }

    /** A primary is being stopped while the loop hangs in a call: from now on health checks must send nobody there. */
    void primaryStops() {
        publish(now -> now.state() == PostgresState.RUNNING ? now.withState(PostgresState.STOPPING) : now);
    }

    /**
     * The postmaster has ended: whatever the loop thinks, health checks must not say that PostgreSQL runs.
     *
     * @param state what this node is doing, for example restarting
     */
    void postmasterEnded(PostgresState state) {
        PostgresState shown = state == PostgresState.RUNNING ? PostgresState.CRASHED : state;
        publish(now -> now.state() == PostgresState.RUNNING ? now.withState(shown) : now);
    }
}
