package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jpatroni.citus.NodeTable;
import org.jpatroni.config.HostPort;
import org.jpatroni.config.NodeConfig;
import org.jpatroni.config.PostgresConfig;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.PermanentSlot;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.PostgresView;
import org.jpatroni.model.PostgresView.Data;
import org.jpatroni.model.PostgresView.Postmaster;
import org.jpatroni.model.SlotStep;
import org.jpatroni.model.StandbyNames;
import org.jpatroni.model.TimelineHistory;
import org.jpatroni.model.Upstream;
import org.jpatroni.postgres.Callbacks.Action;
import org.jpatroni.runtime.CancelToken;
import org.jpatroni.runtime.Tasks;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The PostgreSQL of this machine: {@link PostgresControl} over a real data directory and real processes. Each verb is a class of its own;
 * this one holds what they share and keeps state, role and callbacks right.
 */
public final class LocalPostgres implements PostgresControl, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LocalPostgres.class);
    private static final Duration SQL_LIMIT = Duration.ofSeconds(5);

    private final Tasks tasks;
    private final Programs programs;
    private final DataDirectory data;
    private final Postmasters postmasters;
    private final ServerStatus status;
    private final InstalledVersion version;
    private final Launcher launcher;
    private final LiveSettings settings;
    private final Heartbeat heartbeat;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private volatile ServerParts parts;
    private volatile boolean copying;

    /**
     * Adopts a postmaster that already runs; starts nothing.
     *
     * @param dynamic the last known dynamic configuration, or the default
     */
    public LocalPostgres(NodeConfig node, DynamicConfig dynamic, Tasks tasks) {
        this(node, dynamic, tasks, Optional.empty());
    }

    /**
     * @param output where programs write; empty: to the agent's own output
     */
    LocalPostgres(NodeConfig node, DynamicConfig dynamic, Tasks tasks, Optional<Path> output) {
        PostgresConfig postgres = node.postgres();
        this.tasks = tasks;
        this.programs = new Programs(postgres.binDir(), postgres.binNames(), output, tasks);
        this.data = new DataDirectory(Path.of(postgres.dataDir()), tasks.time());
        this.postmasters = new Postmasters(data, programs, tasks);
        this.version = new InstalledVersion(programs);
        Callbacks callbacks = new Callbacks(programs, node.scope(), tasks);
        this.status = new ServerStatus(callbacks, () -> config().callbacks());
        this.launcher = new Launcher(data, programs, postmasters, tasks);
        this.parts = ServerParts.of(node, dynamic, tasks, programs, data, postmasters, status, version);
        parts.slots().onCreated(this::tell);
        this.settings = new LiveSettings(() -> parts, this::tell);
        this.heartbeat = new Heartbeat(() -> parts, postmasters, tasks, this::tell);
        postmasters.addListener(new Changes());
        postmasters.onFound(this::adopt);
        var _ = tasks.start("installed-version", version::major);
        postmasters.current();
        if (state() == PostgresState.STOPPED) {
            status.setRole(data.stoppedRole());
        }
    }

    private PostgresConfig config() {
        return parts.config();
    }

    /** Takes over a changed local configuration. */
    public synchronized void reconfigure(NodeConfig node) {
        ServerParts old = parts;
        ServerParts fresh = ServerParts.of(node, old.dynamic(), tasks, programs, data, postmasters, status, version);
        fresh.recovery().succeed(old.recovery());
        fresh.server().takeStandbyNames(old.server());
        fresh.slots().onCreated(this::tell);
        parts = fresh;
        old.closeSessions();
        applyConfiguration(old.dynamic());
    }

    /** The API's question to the server, with a connection of its own. */
    public StatusQuery statusQuery() {
        return parts.statusQuery();
    }

    private Lifecycle lifecycle() {
        return new Lifecycle(parts, launcher, settings);
    }

    /** A postmaster that we did not start. Its readiness is an event like that of any other. */
    private void adopt(PostmasterProcess process) {
        status.setRole(data.hasStandbySignal() ? PostgresRole.REPLICA : PostgresRole.PRIMARY);
        status.setPending(status.isAnnounced() ? null : Action.ON_START);
        status.setState(PostgresState.STARTING);
        parts.disconnect();
        settings.mustApply();
        parts.recovery().adopt(RecoveryLines.read(parts.server().configurationFile(), data.path()));
    }

    /** Translates events of the postmaster into states. */
    private final class Changes implements PostmasterWatch.Listener {
        @Override
        public void ready(PostmasterProcess process) {
            PostgresState state = status.state();
            if (state == PostgresState.STARTING || state == PostgresState.BOOTSTRAP_STARTING
                    || state == PostgresState.RESTARTING || state == PostgresState.START_FAILED) {
                status.becameReady();
            }
            settings.becameReady();
            tell();
        }

        @Override
        public void exited(PostmasterProcess process) {
            parts.disconnect();
            boolean moved = status.moveState(PostgresState.RUNNING, PostgresState.CRASHED)
                    || status.moveState(PostgresState.STARTING, PostgresState.START_FAILED)
                    || status.moveState(PostgresState.STOP_FAILED, PostgresState.STOPPED);
            LOG.debug("{} ended, state {} ({})", process, status.state(), moved);
            tell();
        }

    }

    private void tell() {
        listeners.forEach(Runnable::run);
    }

    @Override
    public PostgresView observe(Duration sqlLimit) {
        return new PostgresView(look(), postmaster(sqlLimit), settings.pendingRestart());
    }

    private Data look() {
        return copying ? new Data.Empty() : data.look(version::major);
    }

    private Postmaster postmaster(Duration sqlLimit) {
        Optional<PostmasterProcess> process = postmasters.current();
        if (process.isEmpty()) {
            // The event of its end may still be on its way; state and view shall agree.
            status.moveState(PostgresState.RUNNING, PostgresState.CRASHED);
            return new Postmaster.Absent();
        }
        long pid = process.get().pid();
        return switch (postmasters.status(process.get())) {
            case STARTING, UNKNOWN -> new Postmaster.Starting(pid);
            case STOPPING -> new Postmaster.Stopping(pid);
            case READY, STANDBY -> heartbeat.look(process.get(), sqlLimit);
        };
    }

    @Override
    public PostgresState state() {
        return status.state();
    }

    @Override
    public PostgresRole role() {
        return status.role();
    }

    @Override
    public void setRole(PostgresRole role) {
        settings.showRole(role);
    }

    @Override
    public void changeRole(PostgresRole role) {
        status.setRole(role);
        status.call(Action.ON_ROLE_CHANGE);
    }

    @Override
    public Outcome bootstrapNew(CancelToken cancel) {
        Bootstrap bootstrap = new Bootstrap(parts, launcher);
        status.setPending(null);
        Outcome outcome = bootstrap.run(cancel);
        if (outcome.isDone()) {
            status.call(Action.ON_START);
        } else if (bootstrap.hasBegun()) {
            stop(new StopSpec(StopMode.IMMEDIATE, false, SQL_LIMIT, () -> {
            }, lsn -> {
            }, false), new CancelToken());
            moveDataDirectoryAway();
            bootstrap.abandon();
        }
        return outcome;
    }

    @Override
    public Outcome cloneFrom(CloneSpec spec, CancelToken cancel) {
        copying = true;
        try {
            return new ReplicaCreation(parts).run(spec, cancel);
        } finally {
            copying = false;
            parts.replayTimeline().forget();
            status.setRole(data.stoppedRole());
        }
    }

    /** Whether one of the methods that make a copy now needs nobody to copy from. */
    public boolean clonesWithoutLeader() {
        return new ReplicaCreation(parts).worksWithoutSource();
    }

    @Override
    public DynamicConfig withLocalSettings(DynamicConfig dynamic) {
        return parts.config().withLocalSettings(dynamic);
    }

    @Override
    public void archiveToTheEnd(CancelToken cancel) {
        new WalArchiver(parts).archiveShutdownCheckpoint(cancel);
    }

    @Override
    public Outcome start(StartSpec spec, CancelToken cancel) {
        return lifecycle().start(spec, cancel);
    }

    @Override
    public Outcome stop(StopSpec spec, CancelToken cancel) {
        return lifecycle().stop(spec, cancel);
    }

    @Override
    public Outcome restart(RestartSpec spec, CancelToken cancel) {
        return lifecycle().restart(spec, cancel);
    }

    @Override
    public Outcome promote(Duration waitLimit, CancelToken cancel) {
        parts.slots().beforePromotion();
        return lifecycle().promote(waitLimit, cancel);
    }

    @Override
    public Outcome follow(PostgresRole role, Upstream upstream, CancelToken cancel) {
        return lifecycle().follow(role, upstream, cancel);
    }

    @Override
    public boolean follows(Upstream upstream) {
        if (postmasters.current().isEmpty()) {
            return parts.recovery().lines().equals(parts.recovery().wanted(upstream));
        }
        try {
            return parts.recovery().matches(upstream, heartbeat.ask(SQL_LIMIT));
        } catch (SQLException notAnswered) {
            return false;
        }
    }

    @Override
    public Divergence checkDivergence(Upstream upstream) {
        return new DivergenceCheck(parts).run(upstream);
    }

    @Override
    public boolean canRewind() {
        try {
            ControlFile control = data.control();
            return parts.settings().usePgRewind() && (control.checksums() || control.walLogHints())
                    && programs.exists("pg_rewind");
        } catch (IOException noData) {
            return false;
        }
    }

    @Override
    public Outcome rewind(Upstream upstream, CancelToken cancel) {
        return new Rewinder(parts).run(upstream, cancel);
    }

    @Override
    public Outcome recoverFromCrash(CancelToken cancel) {
        return new CrashRecovery(parts).run(cancel);
    }

    @Override
    public Outcome checkpoint(Duration limit) {
        try {
            parts.session().execute(limit, "CHECKPOINT");
            return Outcome.done();
        } catch (SQLException failure) {
            return Outcome.failed("CHECKPOINT: " + failure.getMessage());
        }
    }

    @Override
    public Outcome moveDataDirectoryAway() {
        return parts.withoutServer(data::moveAway);
    }

    @Override
    public Outcome removeDataDirectory() {
        Outcome outcome = parts.withoutServer(data::remove);
        if (outcome.isDone()) {
            status.setRole(PostgresRole.UNINITIALIZED);
        }
        return outcome;
    }

    @Override
    public Outcome changeSlots(List<SlotStep> steps) {
        return parts.slots().change(steps, parts.server(), settings, SQL_LIMIT);
    }

    @Override
    public Outcome copySlots(Upstream primary, List<PermanentSlot.Logical> slots, CancelToken cancel) {
        return new SlotCopying(parts, lifecycle()).run(primary, slots, cancel);
    }

    @Override
    public Outcome setStandbyNames(Optional<StandbyNames> names) {
        return new StandbyNamesChange(parts, settings).run(names);
    }

    @Override
    public synchronized void applyConfiguration(DynamicConfig dynamic) {
        parts = parts.with(dynamic);
        parts.heartbeat().askStandbys(dynamic.isSynchronous());
        settings.apply();
    }

    @Override
    public Optional<TimelineHistory> timelineHistory(int timeline) {
        return TimelineFile.read(data.path(), timeline, parts.node().name());
    }

    /** The table of nodes in the database that has the extension Citus; to be closed by the caller. */
    public NodeTable citusNodes(String database) {
        return new CitusNodeTable(parts.connections().openIn(database, "citus"));
    }

    @Override
    public String connUrl() {
        return url(new HostPort(config().connectHost(), config().connectPort()));
    }

    @Override
    public Optional<String> proxyUrl() {
        return config().proxyAddress().map(this::url);
    }

    private String url(HostPort place) {
        return "postgres://" + place + "/" + config().database();
    }

    @Override
    public void onLaunch(Runnable launched) {
        postmasters.onLaunch(launched);
    }

    @Override
    public void onChange(Runnable changed) {
        listeners.add(changed);
    }

    @Override
    public Optional<PostmasterIdentity> postmaster() {
        return postmasters.current().map(PostmasterProcess::identity);
    }

    /** Stops watching and drops connections; PostgreSQL goes on. */
    @Override
    public void close() {
        postmasters.close();
        parts.closeSessions();
    }
}
