package org.jpatroni.agent;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jpatroni.model.PostgresState;
import org.jpatroni.node.HaStatus;

/**
 * What the loop has published for the outside. Written by the loop after every step; the watch of the postmaster may only turn it towards
 * "not running", at once.
 */
public final class StatusBoard {

    private final AtomicReference<HaStatus> status;

    public StatusBoard(HaStatus initial) {
        this.status = new AtomicReference<>(initial);
    }

    public HaStatus current() {
        return status.get();
    }

    void publish(UnaryOperator<HaStatus> change) {
        status.updateAndGet(change);
    }

    /** The postmaster has ended: whatever the loop thinks, health checks must not say that PostgreSQL runs. */
    void postmasterEnded() {
        status.updateAndGet(now -> now.state() == PostgresState.RUNNING ? now.withState(PostgresState.CRASHED) : now);
    }
}
