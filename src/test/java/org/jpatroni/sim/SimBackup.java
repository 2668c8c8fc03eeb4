package org.jpatroni.sim;

import java.util.Optional;

/** Base backups of the primary, taken from time to time: what a replica method without a leader restores. */
final class SimBackup {

    private static final long FIRST_MILLIS = 30_000;
    private static final long EVERY_MILLIS = 60_000;

    /** One backup. */
    record Kept(SimWal wal, String systemIdentifier) {
    }

    private final SimCluster cluster;
    private Optional<Kept> kept = Optional.empty();

    SimBackup(SimCluster cluster) {
        this.cluster = cluster;
    }

    void begin() {
        takeAfter(FIRST_MILLIS);
    }

    private void takeAfter(long millis) {
        cluster.kernel().afterMillis(millis, () -> {
            cluster.writable().map(SimNode::server).filter(SimPostgres::isUp).ifPresent(primary -> kept = Optional
                    .of(new Kept(SimWal.copyOf(primary.wal()), primary.systemIdentifier())));
            takeAfter(EVERY_MILLIS);
        });
    }

    Optional<Kept> kept() {
        return kept;
    }
}
