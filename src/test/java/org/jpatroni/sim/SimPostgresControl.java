package org.jpatroni.sim;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.PostgresView;
import org.jpatroni.model.SlotStep;
import org.jpatroni.model.StandbyNames;
import org.jpatroni.model.TimelineHistory;
import org.jpatroni.model.Upstream;
import org.jpatroni.postgres.PostgresControl;
import org.jpatroni.runtime.CancelToken;
import org.jspecify.annotations.Nullable;

/** What one agent holds in its hands of the {@link SimPostgres} beside it. Gone with the agent; the server stays. */
final class SimPostgresControl implements PostgresControl {

    private static final Duration SQL_LIMIT = Duration.ofSeconds(5);

    private final SimKernel kernel;
    private final SimProcess process;
    private final SimWaiting waiting;
    private final SimStops stops;
    private final SimPostgres server;
    private final SimPeersOfServer peers;
    private final SimCopies copies;
    private PostgresRole role;
    private @Nullable PostgresState busy;
    /** The last question was not answered: the next one is not waited for. */
    private boolean stuck;
    private Runnable onLaunch = () -> {
    };
    private PostgresState whenDown = PostgresState.STOPPED;

    /** How a server finds and asks another one over the network. */
    interface SimPeersOfServer {

        /** The server that the upstream names, if it can be reached now and accepts replication. */
        Optional<SimPostgres> reach(Upstream upstream);

        /** What a replica method without a leader finds. */
        default Optional<SimBackup.Kept> backup() {
            return Optional.empty();
        }

        /** Something on this server is about to become a primary, or data is about to be given up: checkers look. */
        void before(String act, SimPostgres server);
    }

    SimPostgresControl(SimKernel kernel, SimProcess process, SimTime time, SimPostgres server, SimPeersOfServer peers) {
        this.kernel = kernel;
        this.process = process;
        this.server = server;
        this.peers = peers;
        this.waiting = new SimWaiting(kernel, time, server);
        this.stops = new SimStops(time, server, waiting);
        this.copies = new SimCopies(kernel, server, peers, waiting);
        this.role = server.data() != SimPostgres.Data.PRESENT
                ? PostgresRole.UNINITIALIZED
                : server.standbySignal()
                        ? PostgresRole.REPLICA
                        : server.phase() == SimPostgres.Phase.DOWN ? PostgresRole.DEMOTED : PostgresRole.PRIMARY;
    }

    static String connUrl(int index) {
        return "postgres://10.0.0." + (index + 1) + ":5432/postgres";
    }

    boolean isAtWork() {
        return copies.isAtWork() || busy != null;
    }

    private Outcome busy(PostgresState state, PostgresState onFailure, Supplier<Outcome> body) {
        busy = state;
        try {
            Outcome outcome = body.get();
            if (outcome instanceof Outcome.Failed) {
                whenDown = onFailure;
            }
            return outcome;
        } finally {
            busy = null;
        }
    }

    @Override
    public PostgresView observe(Duration sqlLimit) {
        boolean asks = server.isUp();
        if (asks && !(stuck && server.isStalled())) {
            waiting.sleep(
                    server.isStalled() ? sqlLimit : Duration.ofNanos(kernel.random().between(200_000, 4_000_000)));
        }
        stuck = asks && server.isStalled();
        return SimView.of(server, stuck);
    }

    @Override
    public PostgresState state() {
        PostgresState doing = busy;
        if (doing != null) {
            return doing;
        }
        return switch (server.phase()) {
            case DOWN -> whenDown;
            case STARTING -> PostgresState.STARTING;
            case STOPPING -> PostgresState.STOPPING;
            case UP -> PostgresState.RUNNING;
        };
    }

    @Override
    public PostgresRole role() {
        return role;
    }

    @Override
    public void setRole(PostgresRole newRole) {
        role = newRole;
    }

    @Override
    public Outcome bootstrapNew(CancelToken cancel) {
        return busy(PostgresState.INITDB, PostgresState.INITDB_FAILED, () -> {
            server.beginFilling();
            waiting.pause(800, 3000);
            boolean failed = kernel.random().chance(server.pace().bootstrapFailChance);
            if (cancel.isCancelled() || failed) {
                server.empty();
                return failed ? Outcome.failed("initdb failed") : new Outcome.Cancelled();
            }
            server.initialize(String.valueOf(7_000_000_000_000_000_000L + kernel.random().below(1_000_000_000L)));
            role = PostgresRole.PRIMARY;
            peers.before("bootstrap", server);
            server.beginStart(Optional.empty());
            onLaunch.run();
            waiting.await(server::isUp, Duration.ofMinutes(10), cancel);
            return server.isUp() ? Outcome.done() : Outcome.failed("postmaster did not come up");
        });
    }

    @Override
    public Outcome start(StartSpec spec, CancelToken cancel) {
        if (server.phase() != SimPostgres.Phase.DOWN || server.data() != SimPostgres.Data.PRESENT) {
            return Outcome.failed("pg_ctl: cannot start: " + server.phase() + ", data " + server.data());
        }
        role = spec.role();
        return busy(PostgresState.STARTING, PostgresState.START_FAILED, () -> {
            peers.before(spec.upstream().isEmpty() ? "start as primary" : "start as standby", server);
            server.beginStart(spec.upstream());
            onLaunch.run();
            long pid = server.pid();
            waiting.await(() -> server.phase() != SimPostgres.Phase.STARTING || server.pid() != pid, spec.waitLimit(),
                    cancel);
            if (server.isUp()) {
                return Outcome.done();
            }
            if (cancel.isCancelled()) {
                return new Outcome.Cancelled();
            }
            return server.phase() == SimPostgres.Phase.STARTING
                    ? new Outcome.TimedOut()
                    : Outcome.failed("postmaster ended during start");
        });
    }

    @Override
    public Outcome stop(StopSpec spec, CancelToken cancel) {
        if (server.phase() == SimPostgres.Phase.DOWN) {
            spec.onSafe().run();
            whenDown = PostgresState.STOPPED;
            return Outcome.done();
        }
        peers.before("stop", server);
        return busy(PostgresState.STOPPING, PostgresState.STOP_FAILED, () -> {
            if (spec.checkpoint() && server.isUp()) {
                waiting.pause(20, 800);
            }
            Outcome outcome = stops.stop(spec, cancel);
            whenDown = outcome.isDone() ? PostgresState.STOPPED : whenDown;
            return outcome;
        });
    }

    @Override
    public Outcome restart(RestartSpec spec, CancelToken cancel) {
        Optional<Upstream> upstream = server.inRecovery() ? server.upstream() : Optional.empty();
        Outcome stopped = stop(new StopSpec(StopMode.FAST, false, spec.waitLimit(), () -> {
        }, lsn -> {
        }, false), cancel);
        if (stopped.isDone() && !spec.mayStart().getAsBoolean()) {
            return Outcome.failed("must not be started again");
        }
        return stopped.isDone() ? start(new StartSpec(role, upstream, spec.waitLimit()), cancel) : stopped;
    }

    @Override
    public Outcome promote(Duration waitLimit, CancelToken cancel) {
        waiting.pause(1, 20);
        if (!server.isUp() || !server.inRecovery()) {
            return Outcome.failed("pg_ctl: cannot promote: " + server.phase());
        }
        if (kernel.random().chance(server.pace().promoteFailChance)) {
            return Outcome.failed("the script pre_promote failed");
        }
        if (cancel.isCancelled()) {
            return new Outcome.Cancelled();
        }
        peers.before("promote", server);
        server.beginPromotion();
        waiting.await(() -> !server.isUp() || !server.inRecovery(), waitLimit, new CancelToken());
        if (!server.isUp()) {
            return Outcome.failed("postmaster ended during promotion");
        }
        if (server.inRecovery()) {
            return new Outcome.TimedOut();
        }
        role = PostgresRole.PRIMARY;
        return Outcome.done();
    }

    @Override
    public Outcome follow(PostgresRole newRole, Upstream upstream, CancelToken cancel) {
        waiting.pause(10, 80);
        if (!server.isUp() || !server.inRecovery()) {
            return Outcome.failed("not a running standby");
        }
        role = newRole;
        server.setUpstream(upstream);
        return Outcome.done();
    }

    @Override
    public boolean follows(Upstream upstream) {
        return server.upstream().filter(upstream::equals).isPresent();
    }

    @Override
    public Outcome cloneFrom(CloneSpec spec, CancelToken cancel) {
        Outcome outcome = busy(PostgresState.CREATING_REPLICA, PostgresState.STOPPED,
                () -> copies.cloneFrom(spec.source(), cancel));
        role = outcome.isDone() ? PostgresRole.REPLICA : role;
        return outcome;
    }

    @Override
    public Divergence checkDivergence(Upstream upstream) {
        waiting.pause(5, 60);
        return copies.checkDivergence(upstream);
    }

    @Override
    public Outcome rewind(Upstream upstream, CancelToken cancel) {
        return copies.rewind(upstream, cancel);
    }

    @Override
    public Outcome recoverFromCrash(CancelToken cancel) {
        return copies.recoverFromCrash(cancel);
    }

    @Override
    public boolean canRewind() {
        return true;
    }

    @Override
    public Outcome checkpoint(Duration limit) {
        waiting.pause(10, 1500);
        server.checkpointTimeline();
        return server.isUp() ? Outcome.done() : Outcome.failed("not running");
    }

    @Override
    public Outcome moveDataDirectoryAway() {
        return removeDataDirectory();
    }

    @Override
    public Outcome removeDataDirectory() {
        waiting.pause(5, 200);
        if (server.phase() != SimPostgres.Phase.DOWN) {
            return Outcome.failed("a postmaster runs");
        }
        peers.before("remove data", server);
        server.empty();
        role = PostgresRole.UNINITIALIZED;
        return Outcome.done();
    }

    @Override
    public Outcome changeSlots(List<SlotStep> steps) {
        waiting.pause(1, 10);
        if (!server.isUp()) {
            return Outcome.failed("not running");
        }
        steps.forEach(step -> SimSlots.change(server, step));
        return Outcome.done();
    }

    @Override
    public Outcome setStandbyNames(Optional<StandbyNames> names) {
        waiting.pause(1, 10);
        SimCommits commits = server.commits();
        commits.configure(names.map(StandbyNames::text));
        if (server.isUp()) {
            waiting.await(() -> !server.isUp() || !server.isStalled() && commits.isShown(), SQL_LIMIT,
                    new CancelToken());
        }
        return server.isUp() && (server.isStalled() || !commits.isShown())
                ? Outcome.failed("canceling statement due to statement timeout")
                : Outcome.done();
    }

    @Override
    public void applyConfiguration(DynamicConfig dynamic) {
        // nothing of it matters to the model
    }

    @Override
    public Optional<TimelineHistory> timelineHistory(int timeline) {
        return timeline != server.wal().timeline()
                ? Optional.empty()
                : Optional.of(new TimelineHistory(server.wal().switches().stream()
                        .map(entry -> new TimelineHistory.Entry(entry.timeline(), new Lsn(entry.atLsn()),
                                "no recovery target specified", Optional.empty(), Optional.empty()))
                        .toList(), 0));
    }

    @Override
    public String connUrl() {
        return connUrl(server.index());
    }

    @Override
    public Optional<String> proxyUrl() {
        return Optional.empty();
    }

    @Override
    public void onChange(Runnable changed) {
        server.onChange(() -> {
            if (process.isAlive()) {
                if (server.phase() == SimPostgres.Phase.DOWN && busy == null) {
                    whenDown = PostgresState.CRASHED;
                }
                changed.run();
            }
        });
    }

    @Override
    public void onLaunch(Runnable launched) {
        onLaunch = launched;
    }

    @Override
    public Optional<PostmasterIdentity> postmaster() {
        return server.phase() == SimPostgres.Phase.DOWN
                ? Optional.empty()
                : Optional.of(new PostmasterIdentity(server.pid(), server.startTicks()));
    }
}
