package org.jpatroni.sim;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jpatroni.model.Lsn;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.postgres.PostgresControl.StopSpec;
import org.jpatroni.runtime.CancelToken;
import org.jspecify.annotations.Nullable;

/** Stops a simulated server for an agent that waits for it. The hooks run on the agent's thread and not in the server's events: they may ask the store. */
final class SimStops {

    private final SimTime time;
    private final SimPostgres server;
    private final SimWaiting waiting;

    SimStops(SimTime time, SimPostgres server, SimWaiting waiting) {
        this.time = time;
        this.server = server;
        this.waiting = waiting;
    }

    Outcome stop(StopSpec spec, CancelToken cancel) {
        AtomicBoolean safe = new AtomicBoolean();
        AtomicReference<@Nullable Lsn> checkpoint = new AtomicReference<>();
        server.beginStop(spec.mode(), () -> safe.set(true), lsn -> {
            checkpoint.set(lsn);
            server.changed();
        });
        long deadline = time.nanos() + spec.waitLimit().toNanos();
        boolean safeTold = false;
        while (true) {
            boolean down = server.phase() == SimPostgres.Phase.DOWN;
            if ((safe.get() || down) && !safeTold) {
                safeTold = true;
                spec.onSafe().run();
            }
            Lsn position = checkpoint.getAndSet(null);
            if (position != null) {
                spec.onShutdownCheckpoint().accept(position);
            } else if (down) {
                return Outcome.done();
            } else if (cancel.isCancelled()) {
                return new Outcome.Cancelled();
            } else if (deadline - time.nanos() <= 0) {
                return new Outcome.TimedOut();
            } else {
                boolean told = safeTold;
                waiting.await(() -> server.phase() == SimPostgres.Phase.DOWN || safe.get() && !told
                        || checkpoint.get() != null, Duration.ofNanos(deadline - time.nanos()), cancel);
            }
        }
    }
}
