package org.jpatroni.agent;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jpatroni.dcs.StoreUnavailableException;
import org.jpatroni.decide.Facts;
import org.jpatroni.decide.Facts.ClusterView;
import org.jpatroni.decide.Facts.PeersView;
import org.jpatroni.decide.Failsafe;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.ClusterSnapshot.StoredConfig;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.FailsafeAnswer;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresView;
import org.jpatroni.runtime.Time;
import org.jpatroni.watchdog.Watchdog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns the ports into facts, failures included. Keeps what was seen until a decision has made it stale. Owned by the HA loop's thread.
 */
final class Observer {

    private static final Logger LOG = LoggerFactory.getLogger(Observer.class);

    /** How long the loop's own question to PostgreSQL may take before the server counts as not answering. */
    private static final Duration SQL_LIMIT = Duration.ofSeconds(2);

    /** On the way out a call to the store gets no more than this: a service manager waits, and what is not said in time is said by the ttl. */
    private static final Duration LEAVING_CALL_LIMIT = Duration.ofSeconds(3);

    private final AgentParts parts;
    private final Time time;
    private final LeaseKeeper lease;
    private final ActionSlot slot;
    private final Procedures procedures;
    private final OrderDesk orders;
    private final FailsafeBoard failsafe;
    private Optional<Failsafe.Round> round = Optional.empty();

    private ClusterView cluster;
    private PostgresView view = PostgresView.nothing();
    private PeersView peers;
    private DynamicConfig dynamic;
    private String appliedConfig = "";
    private long cycleStartNanos;
    private boolean storeStale = true;
    private boolean postgresStale = true;
    private long lastSeenEpochSeconds;
    private boolean leaving;
    private boolean storeUnanswered;

    Observer(AgentParts parts, LeaseKeeper lease, ActionSlot slot, Procedures procedures, OrderDesk orders,
            FailsafeBoard failsafe) {
        this.parts = parts;
        this.time = parts.tasks().time();
        this.lease = lease;
        this.slot = slot;
        this.procedures = procedures;
        this.orders = orders;
        this.failsafe = failsafe;
        this.dynamic = parts.readConfig().apply(parts.initialConfig().get());
        this.cluster = new ClusterView.Unreachable(time.nanos(), Optional.empty(), "not asked yet");
        this.peers = new PeersView(time.nanos() - 3_600_000_000_000L, Collections.emptyList());
    }

    /** @param handingOver the lease is about to be given back: what was seen before is enough for that, and clients wait */
    void beginCycle(boolean handingOver) {
        cycleStartNanos = time.nanos();
        storeStale = !handingOver || !(cluster instanceof ClusterView.Seen);
        postgresStale = !handingOver;
    }

    void storeChanged() {
        storeStale = true;
    }

    void postgresChanged() {
        postgresStale = true;
    }

    void answered(PeersView answers) {
        peers = answers;
    }

    /** Members were asked whether this primary may go on; returns whether all agreed. */
    boolean failsafeAnswered(long sentAtNanos, List<FailsafeAnswer> answers) {
        round = Optional.of(Failsafe.Round.of(sentAtNanos, answers, round));
        return round.get().isAccepted();
    }

    /**
     * All facts as of now; what is stale is looked at again first.
     *
     * @param handover asked last: an action that ended while we looked has left its position there, and without it the lease would be kept
     */
    Facts observe(Facts.Request request, Supplier<Optional<Lsn>> handover) {
        if (request == Facts.Request.SHUTDOWN && !leaving) {
            leaving = true;
            setStoreTimeouts();
        }
        if (storeStale && mayGoWithoutStore()) {
            storeFailed(time.nanos(), "no answer, and the agent ends");
        } else if (storeStale) {
            observeStore();
        }
        if (postgresStale) {
            view = parts.postgres().observe(SQL_LIMIT);
            postgresStale = false;
        }
        return new Facts(parts.node().get(), time.nanos(), time.wall(), cycleStartNanos, cluster, view,
                parts.postgres().state(), parts.postgres().role(), lease.view(), peers, slot.running(),
                parts.postgres().withLocalSettings(dynamic),
                parts.tags().get(), request, parts.postgres().canRewind(), handover.get(),
                procedures.checkpointPending(),
                orders.pending(), parts.watchdog().status(watchdogTimes()),
                new Failsafe(failsafe.primary(time.nanos()), round, lease.agreedUntilNanos()));
    }

    private void observeStore() {
        long askedAt = time.nanos();
        try {
            ClusterSnapshot snapshot = parts.store().snapshot();
            cluster = new ClusterView.Seen(snapshot, askedAt);
            storeUnanswered = false;
            lastSeenEpochSeconds = time.wall().getEpochSecond();
            snapshot.config().ifPresent(this::applyConfig);
        } catch (StoreUnavailableException down) {
            storeFailed(askedAt, String.valueOf(down.getMessage()));
        }
        storeStale = false;
    }

    private void storeFailed(long askedAt, String cause) {
        storeUnanswered = true;
        cluster = switch (cluster) {
            case ClusterView.Seen seen -> new ClusterView.Unreachable(askedAt, Optional.of(seen.snapshot()), cause);
            case ClusterView.Unreachable earlier -> new ClusterView.Unreachable(earlier.sinceNanos(), earlier.last(),
                    cause);
        };
    }

    /** Once PostgreSQL is stopped nothing is left to protect: a store that does not answer is not asked again. */
    private boolean mayGoWithoutStore() {
        return leaving && storeUnanswered && parts.postgres().postmaster().isEmpty();
    }

    private void applyConfig(StoredConfig stored) {
        if (stored.json().equals(appliedConfig)) {
            return;
        }
        boolean first = appliedConfig.isEmpty();
        appliedConfig = stored.json();
        DynamicConfig read = parts.readConfig().apply(stored.json());
        if (first || !read.equals(dynamic)) {
            LOG.info(first ? "dynamic configuration read" : "dynamic configuration changed");
            dynamic = read;
            setStoreTimeouts();
            parts.postgres().applyConfiguration(read);
            postgresStale = true;
        }
    }

    /** A call may take {@code retry_timeout}, which together with the loop's wait fits into the ttl. */
    void setStoreTimeouts() {
        Duration limit = Duration.ofSeconds(dynamic.retryTimeoutSeconds());
        boolean hurry = leaving && limit.compareTo(LEAVING_CALL_LIMIT) > 0;
        parts.store().setTimeouts(dynamic.ttlSeconds(), hurry ? LEAVING_CALL_LIMIT : limit);
    }

    /** What the timeout of the watchdog device follows from. */
    Watchdog.Times watchdogTimes() {
        return new Watchdog.Times(dynamic.ttlSeconds(), dynamic.loopWaitSeconds());
    }

    DynamicConfig dynamic() {
        return dynamic;
    }

    /** Wall clock second of the last answer of the store; 0 = never. */
    long lastSeenEpochSeconds() {
        return lastSeenEpochSeconds;
    }

    /** The store did not answer a change. */
    void storeUnanswered() {
        storeUnanswered = true;
    }

    /** The store answered a change: it is there. */
    void storeAnswered() {
        lastSeenEpochSeconds = time.wall().getEpochSecond();
    }
}
