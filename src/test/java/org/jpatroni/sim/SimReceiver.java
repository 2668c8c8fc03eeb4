package org.jpatroni.sim;

import java.util.List;
import java.util.Optional;
import org.jpatroni.model.Upstream;
import org.jspecify.annotations.Nullable;

/**
 * The WAL receiver of one standby, and its side of feeding those that stream from it. Connects by PostgreSQL's rules (timelines,
 * positions, slot), retries as {@code wal_retrieve_retry_interval} says, delivers with the delay of the network.
 */
final class SimReceiver {

    private static final long RETRY_MILLIS = 5_000;
    private static final long RETRANSMIT_NANOS = 1_000_000_000L;
    private static final long UNREPORTED = -1;

    private final SimKernel kernel;
    private final SimNetwork network;
    private final SimPostgres server;
    private final List<SimPostgres> servers;
    private @Nullable SimPostgres source;
    private long connection;
    private boolean deliveryPending;
    private boolean reportPending;
    private boolean caughtUp;
    private long reportedLsn = UNREPORTED;

    SimReceiver(SimKernel kernel, SimNetwork network, SimPostgres server, List<SimPostgres> servers) {
        this.kernel = kernel;
        this.network = network;
        this.server = server;
        this.servers = servers;
    }

    /** The server that it streams from; empty while it does not stream. */
    Optional<SimPostgres> source() {
        return Optional.ofNullable(source);
    }

    /** Those that stream from this server. */
    List<SimReceiver> followers() {
        return servers.stream().map(SimPostgres::receiver).filter(theirs -> theirs.source == server).toList();
    }

    /** {@code application_name}. */
    String name() {
        return server.name();
    }

    /** Of the process that sends, a new one for each connection. */
    long senderPid() {
        return 1_000_000L * (server.index() + 1) + connection;
    }

    /** Whether the walsender has sent all there was, once since the connection was made: it counts as a synchronous standby only then. */
    boolean isCaughtUp() {
        return caughtUp;
    }

    /** What the upstream knows to be flushed here; negative before the first report. */
    long reportedLsn() {
        return reportedLsn;
    }

    private void lookIfCaughtUp(SimPostgres upstream) {
        caughtUp |= server.wal().size() >= upstream.wal().size();
    }

    /** Tells the upstream what is flushed here; one report is under way at a time, and a lost one is sent again. */
    private void report() {
        SimPostgres to = source;
        if (reportPending || to == null) {
            return;
        }
        reportPending = true;
        long thisConnection = connection;
        long flushed = server.wal().endLsn();
        long nanos = network.legNanos(server.index(), to.index()).orElse(RETRANSMIT_NANOS);
        kernel.after(nanos, () -> {
            if (connection == thisConnection) {
                reportPending = false;
                if (!network.isCut(server.index(), to.index())) {
                    reportedLsn = flushed;
                    to.commits().releaseDone();
                }
                if (server.wal().endLsn() > reportedLsn) {
                    report();
                }
            }
        });
    }

    void disconnect() {
        source = null;
        connection++;
        deliveryPending = false;
        reportPending = false;
        caughtUp = false;
        reportedLsn = UNREPORTED;
    }

    void reconnectSoon() {
        disconnect();
        if (server.standbySignal()) {
            attemptAfter(kernel.random().between(5, 60));
        }
    }

    private void attemptAfter(long millis) {
        long thisConnection = connection;
        kernel.afterMillis(millis, () -> {
            if (connection == thisConnection && server.isUp() && server.inRecovery() && source == null) {
                attempt();
            }
        });
    }

    private void attempt() {
        Optional<SimPostgres> target = server.upstream().flatMap(this::resolve);
        if (target.isPresent() && target.get() != server && accepts(target.get())) {
            if (!target.get().wal().hasPrefix(server.wal())) {
                // Timelines and positions fit and the bytes do not: replay finds no valid record and ends the receiver.
                server.trace("invalid record in the stream from " + target.get().name());
                attemptAfter(RETRY_MILLIS);
                return;
            }
            source = target.get();
            server.trace("streams from " + source.name() + " at " + server.wal().end());
            lookIfCaughtUp(source);
            report();
            server.changed();
            scheduleDelivery();
        } else {
            attemptAfter(RETRY_MILLIS);
        }
    }

    private boolean accepts(SimPostgres target) {
        return network.isConnected(server.index(), target.index()) && target.servesReplication()
                && slotName().map(target.slots()::containsKey).orElse(true)
                && target.systemIdentifier().equals(server.systemIdentifier()) && target.wal().canServe(server.wal());
    }

    /** Whether a standby streams from this server through that slot. */
    boolean isSlotActive(String slot) {
        return servers.stream().map(SimPostgres::receiver)
                .anyMatch(theirs -> theirs.source == server && theirs.slotName().equals(Optional.of(slot)));
    }

    private Optional<String> slotName() {
        return server.upstream().flatMap(up -> up instanceof Upstream.OfMember member
                ? member.slotName()
                : Optional.empty());
    }

    private Optional<SimPostgres> resolve(Upstream upstream) {
        if (upstream instanceof Upstream.OfMember member) {
            return member.member().connUrl().flatMap(url -> servers.stream()
                    .filter(candidate -> SimPostgresControl.connUrl(candidate.index()).equals(url)).findFirst());
        }
        if (upstream instanceof Upstream.Remote remote && remote.host().equals(SimRemote.HOST)) {
            return servers.stream().filter(candidate -> candidate.name().equals("remote")).findFirst();
        }
        return Optional.empty();
    }

    /** There is something new here: those that stream from this server get it. */
    void feedFollowers() {
        for (SimPostgres follower : servers) {
            if (follower.receiver().source == server) {
                follower.receiver().scheduleDelivery();
            }
        }
    }

    /** A shutdown in order delivers the rest to those that can be reached, and ends the connections. */
    void flushFollowers() {
        for (SimPostgres follower : servers) {
            SimReceiver theirs = follower.receiver();
            if (theirs.source == server) {
                if (network.isConnected(server.index(), follower.index())) {
                    theirs.receive(server.wal().size());
                }
                theirs.reconnectSoon();
            }
        }
    }

    private void scheduleDelivery() {
        if (deliveryPending || source == null) {
            return;
        }
        deliveryPending = true;
        long thisConnection = connection;
        int until = source.wal().size();
        long nanos = network.legNanos(source.index(), server.index()).orElse(1_000_000_000L)
                + server.pace().streamDelayMillis * 1_000_000L;
        kernel.after(nanos, () -> {
            if (connection == thisConnection) {
                deliveryPending = false;
                deliver(until);
            }
        });
    }

    private void deliver(int until) {
        SimPostgres from = source;
        if (from == null || !server.isUp() || !server.inRecovery()) {
            return;
        }
        if (from.phase() == SimPostgres.Phase.DOWN || !from.wal().canServe(server.wal())) {
            server.trace("stream from " + from.name() + " broke");
            disconnect();
            attemptAfter(RETRY_MILLIS);
            server.changed();
            return;
        }
        boolean reachable = network.isConnected(from.index(), server.index());
        if (reachable) {
            receive(Math.min(until, from.wal().size()));
        }
        if (!reachable || from.wal().size() > server.wal().size()) {
            scheduleDelivery();
        }
    }

    private void receive(int until) {
        if (source != null && source.wal().hasPrefix(server.wal())) {
            server.wal().receiveFrom(source.wal(), until);
            lookIfCaughtUp(source);
            report();
            feedFollowers();
        }
    }
}
