package org.jpatroni.postgres;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.PostgresView.Data;
import org.jpatroni.model.Upstream;
import org.jpatroni.postgres.Callbacks.Action;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.postgres.PostgresControl.RestartSpec;
import org.jpatroni.postgres.PostgresControl.StartSpec;
import org.jpatroni.postgres.PostgresControl.StopMode;
import org.jpatroni.postgres.PostgresControl.StopSpec;
import org.jpatroni.runtime.CancelToken;
import org.jpatroni.runtime.Time.Deadline;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starting, stopping, promoting and following, with the state, the role and the callbacks that go with each. */
final class Lifecycle {

    private static final Logger LOG = LoggerFactory.getLogger(Lifecycle.class);
    private static final Duration SQL_LIMIT = Duration.ofSeconds(5);

    private final ServerParts parts;
    private final ServerStatus status;
    private final DataDirectory data;
    private final Postmasters postmasters;
    private final Launcher launcher;
    private final LiveSettings settings;

    /** For one verb: the configuration does not change under it. */
    Lifecycle(ServerParts parts, Launcher launcher, LiveSettings settings) {
        this.parts = parts;
        this.status = parts.status();
        this.data = parts.data();
        this.postmasters = parts.postmasters();
        this.launcher = launcher;
        this.settings = settings;
    }

    Outcome start(StartSpec spec, CancelToken cancel) {
        if (postmasters.current().isPresent()) {
            return Outcome.failed("PostgreSQL is running already");
        }
        Data found = data.look(parts.version()::major);
        if (!(found instanceof Data.Present)) {
            status.setState(PostgresState.START_FAILED);
            return Outcome.failed(found instanceof Data.Unusable unusable
                    ? unusable.reason()
                    : data.path() + " is empty (postgresql.data_dir)");
        }
        boolean roleChange = spec.upstream().isPresent() && status.isRoleChange(spec.role());
        status.setPending(roleChange ? null : Action.ON_START);
        try {
            status.setRole(spec.role());
            parts.wantSettings();
            parts.recovery().write(spec.upstream());
        } catch (IOException failure) {
            status.setState(PostgresState.START_FAILED);
            return Outcome.failed(DataDirectory.message(failure));
        }
        Outcome outcome = launch(spec.role(), spec.waitLimit(), cancel, PostgresState.START_FAILED);
        if (roleChange) {
            status.call(Action.ON_ROLE_CHANGE);
        }
        return outcome;
    }

    private Outcome launch(PostgresRole role, Duration waitLimit, CancelToken cancel, PostgresState whenFailed) {
        parts.disconnect();
        status.setState(PostgresState.STARTING);
        Outcome outcome;
        try {
            settings.started(parts.prepareStart(role));
            outcome = StartFailure.explain(parts, launcher.launch(parts.startOptions(), waitLimit, cancel));
        } catch (IOException failure) {
            outcome = Outcome.failed(DataDirectory.message(failure));
        }
        if (outcome instanceof Outcome.Failed) {
            status.setState(whenFailed);
        }
        return outcome;
    }

    Outcome stop(StopSpec spec, CancelToken cancel) {
        Optional<PostmasterProcess> process = postmasters.current();
        if (process.isEmpty()) {
            spec.onSafe().run();
            status.setState(PostgresState.STOPPED);
            return Outcome.done();
        }
        Outcome outcome = shutDown(process.get(), spec, cancel, PostgresState.STOPPING);
        switch (outcome) {
            case Outcome.Done _ -> {
                status.setState(PostgresState.STOPPED);
                if (spec.callback()) {
                    status.call(Action.ON_STOP);
                }
            }
            case Outcome.Failed _,Outcome.TimedOut _,Outcome.Cancelled _,Outcome.Refused _ -> status
                    .setState(PostgresState.STOP_FAILED);
        }
        return outcome;
    }

    private Outcome shutDown(PostmasterProcess process, StopSpec spec, CancelToken cancel, PostgresState shown) {
        if (spec.checkpoint() && postmasters.status(process).acceptsSessions()) {
            try {
                parts.session().execute(spec.waitLimit(), "CHECKPOINT");
            } catch (SQLException failure) {
                LOG.warn("No checkpoint before the shutdown: {}", failure.getMessage());
            }
        }
        status.setPending(null);
        status.setState(shown);
        parts.config().beforeStop()
                .ifPresent(command -> UserScript.run(parts.programs(), "before_stop", command, cancel));
        Outcome outcome = new Shutdown(process, postmasters, data, spec, parts.tasks().time()).run(cancel);
        parts.disconnect();
        return outcome;
    }

    Outcome restart(RestartSpec spec, CancelToken cancel) {
        return restartAs(status.role(), Action.ON_RESTART, spec, cancel);
    }

    private Outcome restartAs(PostgresRole role, @Nullable Action callback, RestartSpec spec, CancelToken cancel) {
        Deadline deadline = parts.tasks().time().deadlineIn(spec.waitLimit());
        Optional<PostmasterProcess> process = postmasters.current();
        status.setState(PostgresState.RESTARTING);
        if (process.isPresent()) {
            prepareAhead(role);
            StopSpec fast = new StopSpec(StopMode.FAST, false, spec.waitLimit(), () -> {
            }, lsn -> {
            }, false);
            Outcome stopped = shutDown(process.get(), fast, cancel, PostgresState.RESTARTING);
            if (!stopped.isDone()) {
                status.setState(PostgresState.RESTART_FAILED);
                return stopped;
            }
        }
        if (!spec.mayStart().getAsBoolean()) {
            status.setState(PostgresState.STOPPED);
            return Outcome.failed("PostgreSQL must not be started again: the leader lock ended meanwhile");
        }
        status.setPending(callback);
        return launch(role, deadline.left(), cancel, PostgresState.RESTART_FAILED);
    }

    /** What takes long about a start, while the server still runs: after its end the files are only compared. A problem shows then. */
    private void prepareAhead(PostgresRole role) {
        try {
            var _ = parts.prepareStart(role);
        } catch (IOException unwritable) {
            LOG.debug("not prepared: {}", DataDirectory.message(unwritable));
        }
    }

    Outcome promote(Duration waitLimit, CancelToken cancel) {
        Optional<PostmasterProcess> process = postmasters.current();
        if (process.isEmpty()) {
            return Outcome.failed("PostgreSQL is not running and cannot be promoted");
        }
        Optional<String> refused = parts.config().prePromote()
                .flatMap(command -> UserScript.run(parts.programs(), "pre_promote", command, cancel));
        if (refused.isPresent()) {
            return new Outcome.Refused(refused.get());
        }
        if (cancel.isCancelled()) {
            return new Outcome.Cancelled();
        }
        try {
            return new Promotion(process.get(), data, parts.tasks().time()).isDone()
                    ? promoted()
                    : promote(process.get(), waitLimit, cancel);
        } catch (IOException failure) {
            return Outcome.failed(DataDirectory.message(failure));
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return new Outcome.Cancelled();
        }
    }

    private Outcome promote(PostmasterProcess process, Duration waitLimit, CancelToken cancel)
            throws IOException, InterruptedException {
        Promotion promotion = new Promotion(process, data, parts.tasks().time());
        Outcome begun = promotion.begin();
        if (!begun.isDone()) {
            return begun;
        }
        status.setRole(PostgresRole.PROMOTED);
        // A callback that moves an address shall not wait for the end of recovery.
        status.call(Action.ON_ROLE_CHANGE);
        Outcome outcome = promotion.await(waitLimit, cancel);
        return outcome.isDone() ? promoted() : outcome;
    }

    private Outcome promoted() throws IOException {
        status.setRole(PostgresRole.PRIMARY);
        parts.wantSettings();
        parts.recovery().promoted();
        var _ = parts.tasks().start("settings-after-promotion", settings::rewrite);
        return Outcome.done();
    }

    /** A standby that waits for WAL before it is consistent answers nothing, but reads its files again when told to. */
    private Outcome followWhileStarting(PostmasterProcess process, PostgresRole role, Upstream upstream)
            throws IOException {
        status.setRole(role);
        parts.wantSettings();
        parts.recovery().write(Optional.of(upstream));
        parts.server().writeConfiguration();
        return process.signal(Posix.SIGHUP) ? Outcome.done() : Outcome.failed(process + " cannot be signalled");
    }

    Outcome follow(PostgresRole role, Upstream upstream, CancelToken cancel) {
        Optional<PostmasterProcess> process = postmasters.current();
        if (process.isEmpty()) {
            return Outcome.failed("PostgreSQL is not running and cannot be told whom to follow");
        }
        boolean roleChange = status.isRoleChange(role);
        try {
            if (!postmasters.status(process.get()).acceptsSessions() && data.hasStandbySignal()) {
                return followWhileStarting(process.get(), role, upstream);
            }
            RecoverySettings.Change change = parts.recovery().change(upstream, parts.session(), SQL_LIMIT);
            PostgresRole before = status.role();
            status.setRole(role);
            parts.wantSettings();
            parts.recovery().write(Optional.of(upstream));
            Outcome outcome = Outcome.done();
            if (change == RecoverySettings.Change.RESTART) {
                outcome = restartAs(role, roleChange ? null : Action.ON_RESTART, new RestartSpec(
                        Duration.ofSeconds(parts.settings().pgCtlTimeoutSeconds()), () -> true), cancel);
            } else if (change == RecoverySettings.Change.RELOAD || before != role) {
                settings.reload(!roleChange, true);
            }
            if (roleChange) {
                status.call(Action.ON_ROLE_CHANGE);
            }
            return outcome;
        } catch (SQLException failure) {
            return Outcome.failed("cannot follow " + ServerParts.nameOf(upstream) + ": " + failure.getMessage());
        } catch (IOException failure) {
            return Outcome.failed(DataDirectory.message(failure));
        }
    }
}
