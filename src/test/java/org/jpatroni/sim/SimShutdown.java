package org.jpatroni.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jpatroni.model.Lsn;
import org.jpatroni.postgres.PostgresControl.StopMode;

/** How a postmaster stops: sessions end, a checkpoint is written, the standbys receive it, the process goes. It cannot be taken back. */
final class SimShutdown {

    private record Listener(Runnable onSafe, Consumer<Lsn> onCheckpoint) {
    }

    private final List<Listener> listeners = new ArrayList<>();
    private final SimKernel kernel;
    private final SimPostgres server;
    private boolean refusesWrites;

    SimShutdown(SimKernel kernel, SimPostgres server) {
        this.kernel = kernel;
        this.server = server;
    }

    /** Nobody waits any more, and the next life of the postmaster takes writes. */
    void clear() {
        listeners.clear();
        refusesWrites = false;
    }

    /** Whether all sessions were ended. */
    boolean refusesWrites() {
        return refusesWrites;
    }

    /**
     * Begins a shutdown.
     *
     * @param onSafe when no session can write any more
     * @param onCheckpoint with the position of the shutdown checkpoint of a primary
     */
    void begin(StopMode mode, Runnable onSafe, Consumer<Lsn> onCheckpoint) {
        if (server.phase() == SimPostgres.Phase.DOWN) {
            onSafe.run();
            return;
        }
        if (mode == StopMode.FAST && server.phase() == SimPostgres.Phase.STOPPING) {
            listeners.add(new Listener(onSafe, onCheckpoint));
            if (refusesWrites) {
                onSafe.run();
            }
            return;
        }
        long thisEpoch = server.nextEpoch();
        SimRandom random = kernel.random();
        if (mode == StopMode.IMMEDIATE) {
            kernel.afterMillis(random.between(5, 80), () -> {
                if (server.isEpoch(thisEpoch)) {
                    server.vanish("immediate shutdown");
                    onSafe.run();
                }
            });
            return;
        }
        boolean wasUp = server.isUp();
        boolean primary = wasUp && !server.inRecovery();
        listeners.add(new Listener(onSafe, onCheckpoint));
        server.stopping();
        kernel.afterMillis(random.between(2, 60), () -> {
            if (server.isEpoch(thisEpoch)) {
                refusesWrites = true;
                server.commits().endSessions();
                listeners.forEach(listener -> listener.onSafe().run());
                server.changed();
            }
        });
        long millis = random.chance(server.pace().slowStopChance)
                ? random.between(5_000, 60_000)
                : random.between(80, 900);
        kernel.afterMillis(millis, () -> writeCheckpoint(thisEpoch, wasUp, primary));
    }

    private void writeCheckpoint(long ofEpoch, boolean wasUp, boolean primary) {
        if (!server.isEpoch(ofEpoch)) {
            return;
        }
        if (primary) {
            SimWal.Entry checkpoint = server.wal().append(SimWal.Kind.CHECKPOINT, 114, 0);
            server.setClusterState("shut down");
            Lsn position = new Lsn(checkpoint.startLsn());
            server.trace("shutdown checkpoint at " + position);
            server.receiver().feedFollowers();
            List.copyOf(listeners).forEach(listener -> listener.onCheckpoint().accept(position));
        } else if (wasUp) {
            server.setClusterState("shut down in recovery");
        }
        kernel.afterMillis(kernel.random().between(10, 200), () -> {
            if (server.isEpoch(ofEpoch)) {
                server.receiver().flushFollowers();
                server.vanish("fast shutdown");
            }
        });
    }
}
