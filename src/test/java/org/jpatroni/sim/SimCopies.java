package org.jpatroni.sim;

import java.util.Optional;
import java.util.function.Supplier;
import org.jpatroni.model.Upstream;
import org.jpatroni.postgres.PostgresControl.Divergence;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.runtime.CancelToken;

/** pg_basebackup, pg_rewind, the look at timeline histories, and single user recovery. */
final class SimCopies {

    private final SimKernel kernel;
    private final SimPostgres server;
    private final SimPostgresControl.SimPeersOfServer peers;
    private final SimWaiting waiter;
    private boolean atWork;

    SimCopies(SimKernel kernel, SimPostgres server, SimPostgresControl.SimPeersOfServer peers,
            SimWaiting waiter) {
        this.kernel = kernel;
        this.server = server;
        this.peers = peers;
        this.waiter = waiter;
    }

    private Outcome working(Supplier<Outcome> body) {
        atWork = true;
        try {
            return body.get();
        } finally {
            atWork = false;
        }
    }

    /** Whether the data directory is being written to. */
    boolean isAtWork() {
        return atWork;
    }

    Outcome cloneFrom(Optional<Upstream> source, CancelToken cancel) {
        peers.before("clone", server);
        return working(() -> copy(source, cancel));
    }

    private Outcome copy(Optional<Upstream> source, CancelToken cancel) {
        Optional<SimPostgres> from = source.flatMap(peers::reach);
        if (source.isPresent() && from.isEmpty() || server.phase() != SimPostgres.Phase.DOWN) {
            return Outcome.failed("pg_basebackup: could not connect");
        }
        long pid = from.map(SimPostgres::pid).orElse(0L);
        server.beginFilling();
        waiter.await(kernel.random().between(1000, 15_000), cancel);
        boolean lost = source.isPresent()
                && (source.flatMap(peers::reach).isEmpty() || from.orElseThrow().pid() != pid);
        if (cancel.isCancelled() || lost || source.isEmpty() && peers.backup().isEmpty()) {
            server.empty();
            return cancel.isCancelled() ? new Outcome.Cancelled() : Outcome.failed("pg_basebackup: connection lost");
        }
        if (source.isEmpty()) {
            SimBackup.Kept backup = peers.backup().orElseThrow();
            server.restore(backup.wal(), backup.systemIdentifier());
            server.trace("restored from a backup at " + server.wal().end());
        } else {
            server.copyFrom(from.orElseThrow());
            server.trace("copied from " + from.get().name() + " at " + server.wal().end());
        }
        return Outcome.done();
    }

    Divergence checkDivergence(Upstream upstream) {
        Optional<SimPostgres> source = peers.reach(upstream);
        boolean settled = server.phase() == SimPostgres.Phase.UP || server.phase() == SimPostgres.Phase.DOWN;
        if (source.isEmpty() || source.get().inRecovery() || !settled) {
            return Divergence.UNKNOWN;
        }
        if (source.get().wal().hasForkOf(server.wal())) {
            server.trace("timelines of one number that began twice");
            return Divergence.FORKED;
        }
        return source.get().wal().continuesByIds(server.wal()) ? Divergence.NONE : Divergence.DIVERGED;
    }

    Outcome rewind(Upstream upstream, CancelToken cancel) {
        return working(() -> rewound(upstream, cancel));
    }

    private Outcome rewound(Upstream upstream, CancelToken cancel) {
        if (server.phase() != SimPostgres.Phase.DOWN || !server.control().isCleanShutdown()) {
            return Outcome.failed("pg_rewind: target server must be shut down cleanly");
        }
        Optional<SimPostgres> source = peers.reach(upstream);
        waiter.await(kernel.random().between(300, 5000), cancel);
        if (cancel.isCancelled()) {
            return new Outcome.Cancelled();
        }
        if (source.isEmpty() || peers.reach(upstream).isEmpty() || source.get().inRecovery()) {
            return Outcome.failed("pg_rewind: connection to source failed");
        }
        if (source.get().wal().timeline() == server.wal().timeline() || !source.get().hasCheckpointedTimeline()
                || source.get().wal().continuesByIds(server.wal())) {
            server.trace("pg_rewind: source and target cluster are on the same timeline, no rewind required");
            return Outcome.done();
        }
        peers.before("rewind", server);
        server.rewindTo(source.get());
        server.trace("rewound to " + source.get().name() + " at " + server.wal().end());
        return Outcome.done();
    }

    Outcome recoverFromCrash(CancelToken cancel) {
        return working(() -> recovered(cancel));
    }

    private Outcome recovered(CancelToken cancel) {
        waiter.await(kernel.random().between(300, 4000), cancel);
        if (server.phase() != SimPostgres.Phase.DOWN || cancel.isCancelled()) {
            return cancel.isCancelled() ? new Outcome.Cancelled() : Outcome.failed("a postmaster runs");
        }
        server.finishCrashRecovery();
        return Outcome.done();
    }
}
