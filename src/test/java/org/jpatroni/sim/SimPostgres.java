package org.jpatroni.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jpatroni.model.ControlData;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Upstream;
import org.jpatroni.postgres.PostgresControl.StopMode;
import org.jspecify.annotations.Nullable;

/**
 * PostgreSQL on one machine: data directory and postmaster. It lives on its own events, so it survives the agent; what has been begun
 * (start, promotion, shutdown) goes on when nobody waits for it any more.
 */
final class SimPostgres {

    /** The postmaster. */
    enum Phase {
        DOWN, STARTING, UP, STOPPING
    }

    /** The data directory. */
    enum Data {
        EMPTY,
        PRESENT,
        /** A copy or initdb that was begun and not finished. */
        HALF
    }

    private final SimKernel kernel;
    private final int index;
    private final String name;
    private final SimPace pace = new SimPace();
    private final SimReceiver receiver;
    private final SimShutdown shutdown;
    private final SimCommits commits;
    private final List<Runnable> waiters = new ArrayList<>();
    private final NavigableMap<String, Long> slots = new TreeMap<>();
    private @Nullable Runnable changeListener;
    private Data data = Data.EMPTY;
    private Phase phase = Phase.DOWN;
    private SimWal wal = new SimWal();
    private String systemIdentifier = "";
    private String clusterState = "shut down";
    private boolean standbySignal;
    private boolean inRecovery;
    private Optional<Upstream> upstream = Optional.empty();
    private long pid;
    private long startTicks;
    private long epoch;
    private long stalledUntilNanos;
    private int checkpointedTimeline;

    SimPostgres(SimKernel kernel, SimNetwork network, int index, String name, List<SimPostgres> servers) {
        this.kernel = kernel;
        this.index = index;
        this.name = name;
        this.receiver = new SimReceiver(kernel, network, this, servers);
        this.shutdown = new SimShutdown(kernel, this);
        this.commits = new SimCommits(kernel, this);
    }

    void initialize(String newSystemIdentifier) {
        data = Data.PRESENT;
        wal = new SimWal();
        wal.append(SimWal.Kind.CHECKPOINT, 120, 0);
        systemIdentifier = newSystemIdentifier;
        clusterState = "shut down";
        standbySignal = false;
        slots.clear();
    }

    /** Somebody begins to fill the directory. */
    void beginFilling() {
        data = Data.HALF;
    }

    /** The directory becomes what a backup holds. */
    void restore(SimWal backup, String identifier) {
        data = Data.PRESENT;
        wal = SimWal.copyOf(backup);
        systemIdentifier = identifier;
        clusterState = "in production";
        standbySignal = true;
        slots.clear();
    }

    /** The directory becomes a copy of the other's as it is now. */
    void copyFrom(SimPostgres source) {
        restore(source.wal, source.systemIdentifier);
    }

    void empty() {
        data = Data.EMPTY;
        wal = new SimWal();
        systemIdentifier = "";
        standbySignal = false;
        slots.clear();
    }

    /** Starts the postmaster as a standby of the upstream, or as a primary when there is none. */
    void beginStart(Optional<Upstream> newUpstream) {
        upstream = newUpstream;
        standbySignal = newUpstream.isPresent();
        phase = Phase.STARTING;
        shutdown.clear();
        inRecovery = standbySignal;
        pid = kernel.random().between(1000, 30000);
        startTicks = kernel.nowNanos() / 10_000_000L;
        long thisEpoch = ++epoch;
        boolean clean = clusterState.startsWith("shut down");
        long millis = clean ? kernel.random().between(80, 600) : kernel.random().between(400, 8000);
        if (kernel.random().chance(pace.slowStartChance)) {
            millis = kernel.random().between(20_000, 120_000);
        }
        trace("postmaster " + pid + " starts as " + (standbySignal ? "standby" : "primary") + " on timeline "
                + wal.timeline() + " at " + wal.end());
        kernel.afterMillis(millis, () -> becomeUp(thisEpoch));
    }

    private void becomeUp(long ofEpoch) {
        if (epoch != ofEpoch || phase != Phase.STARTING) {
            return;
        }
        if (kernel.random().chance(pace.startFailChance)) {
            vanish("start failed: a parameter is wrong");
            return;
        }
        phase = Phase.UP;
        commits.takeEffect();
        clusterState = standbySignal ? "in archive recovery" : "in production";
        checkpointTimeline();
        trace("ready, " + (standbySignal ? "in recovery" : "accepts writes"));
        receiver.reconnectSoon();
        changed();
    }

    /** The postmaster is gone at once, as after SIGKILL of all its processes or an immediate shutdown. */
    void vanish(String why) {
        if (phase != Phase.DOWN) {
            trace("postmaster gone: " + why);
            phase = Phase.DOWN;
            epoch++;
            shutdown.clear();
            commits.endSessions();
            receiver.disconnect();
            receiver.feedFollowers();
            changed();
        }
    }

    /** Begins a shutdown; see {@link SimShutdown#begin}. */
    void beginStop(StopMode mode, Runnable onSafe, Consumer<Lsn> onCheckpoint) {
        shutdown.begin(mode, onSafe, onCheckpoint);
    }

    /** Begins a promotion; it happens unless the postmaster goes first. */
    void beginPromotion() {
        long thisEpoch = epoch;
        SimRandom random = kernel.random();
        long millis = random.chance(pace.slowPromoteChance) ? random.between(1_000, 12_000) : random.between(20, 200);
        trace("promotion begins at " + wal.end());
        kernel.afterMillis(millis, () -> {
            if (epoch == thisEpoch && phase == Phase.UP && inRecovery) {
                receiver.disconnect();
                upstream = Optional.empty();
                standbySignal = false;
                wal.beginTimeline(wal.timeline() + 1);
                inRecovery = false;
                clusterState = "in production";
                kernel.afterMillis(random.between(500, 20_000), this::checkpointTimeline);
                trace("promoted to timeline " + wal.timeline());
                receiver.feedFollowers();
                changed();
            }
        });
    }

    /** Single user mode: replays what is there and shuts down in order. */
    void finishCrashRecovery() {
        if (standbySignal) {
            clusterState = "shut down in recovery";
        } else {
            clusterState = "shut down";
            wal.append(SimWal.Kind.CHECKPOINT, 114, 0);
        }
    }

    /** The WAL becomes that of the source, as after pg_rewind and the replay that follows. */
    void rewindTo(SimPostgres source) {
        wal = SimWal.copyOf(source.wal);
        clusterState = "in archive recovery";
        standbySignal = true;
        slots.clear();
    }

    void setUpstream(Upstream newUpstream) {
        upstream = Optional.of(newUpstream);
        receiver.reconnectSoon();
    }

    /** A client's transaction, if writes are taken; {@link #commits} tells when it is acknowledged. */
    boolean commit(long transaction) {
        if (!acceptsWrites()) {
            return false;
        }
        SimWal.Entry commit = wal.append(SimWal.Kind.COMMIT, kernel.random().between(60, 900), transaction);
        receiver.feedFollowers();
        commits.written(commit);
        return true;
    }

    SimCommits commits() {
        return commits;
    }

    /** Whether a session can write now: also during the first moments of a shutdown. */
    boolean acceptsWrites() {
        boolean takesWrites = phase == Phase.UP || phase == Phase.STOPPING && !shutdown.refusesWrites();
        return takesWrites && !inRecovery && clusterState.equals("in production");
    }

    /** What was to happen in this life of the postmaster happens no more; what begins now has the number that is returned. */
    long nextEpoch() {
        return ++epoch;
    }

    boolean isEpoch(long number) {
        return epoch == number;
    }

    void stopping() {
        phase = Phase.STOPPING;
        changed();
    }

    void setClusterState(String state) {
        clusterState = state;
    }

    boolean servesReplication() {
        return phase == Phase.UP;
    }

    boolean isUp() {
        return phase == Phase.UP;
    }

    /** Statements are not answered for a while; whoever waits for an answer hears of the end. */
    void stall(long nanos) {
        stalledUntilNanos = kernel.nowNanos() + nanos;
        kernel.after(nanos, this::changed);
    }

    boolean isStalled() {
        return kernel.nowNanos() < stalledUntilNanos;
    }

    /** Whether the control file shows the timeline that it is on: only after a checkpoint since the promotion. */
    boolean hasCheckpointedTimeline() {
        return checkpointedTimeline == wal.timeline();
    }

    void checkpointTimeline() {
        checkpointedTimeline = wal.timeline();
    }

    ControlData control() {
        long checkpoint = 0;
        for (int i = wal.size() - 1; i >= 0 && checkpoint == 0; i--) {
            SimWal.Entry entry = wal.entries().get(i);
            checkpoint = entry.kind() == SimWal.Kind.COMMIT ? 0 : entry.startLsn();
        }
        return new ControlData(systemIdentifier, wal.timeline(), clusterState, new Lsn(checkpoint));
    }

    void onChange(@Nullable Runnable listener) {
        changeListener = listener;
    }

    /** Adds somebody who wants to look again after every change. */
    void addWaiter(Runnable waiter) {
        waiters.add(waiter);
    }

    void removeWaiter(Runnable waiter) {
        waiters.remove(waiter);
    }

    void changed() {
        List.copyOf(waiters).forEach(Runnable::run);
        Runnable listener = changeListener;
        if (listener != null) {
            listener.run();
        }
    }

    void trace(String what) {
        kernel.trace("pg-" + name, what);
    }

    int index() {
        return index;
    }

    String name() {
        return name;
    }

    SimPace pace() {
        return pace;
    }

    SimReceiver receiver() {
        return receiver;
    }

    Data data() {
        return data;
    }

    Phase phase() {
        return phase;
    }

    SimWal wal() {
        return wal;
    }

    String systemIdentifier() {
        return systemIdentifier;
    }

    boolean standbySignal() {
        return standbySignal;
    }

    boolean inRecovery() {
        return inRecovery;
    }

    Optional<Upstream> upstream() {
        return upstream;
    }

    NavigableMap<String, Long> slots() {
        return slots;
    }

    long pid() {
        return pid;
    }

    long startTicks() {
        return startTicks;
    }
}
