package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jpatroni.config.BootstrapConfig;
import org.jpatroni.config.HostPort;
import org.jpatroni.config.PostgresConfig.Authentication;
import org.jpatroni.config.Secret;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.Tree;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.runtime.CancelToken;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a new cluster: initdb or the custom method of {@code bootstrap.method}, a first start, the roles, {@code post_bootstrap}. What was
 * made is moved away when any of it fails, so that another member can try.
 */
final class Bootstrap {

    private static final Logger LOG = LoggerFactory.getLogger(Bootstrap.class);
    private static final Duration SQL_LIMIT = Duration.ofSeconds(60);
    private static final Duration LOOK = Duration.ofMillis(20);

    /** Keys of a custom method that are not passed on to it. */
    private static final Set<String> OWN_KEYS = Set.of("command", "no_params", "keep_existing_recovery_conf",
            "recovery_conf", "scope", "datadir");

    private final ServerParts parts;
    private final Launcher launcher;
    private final BootstrapConfig config;
    private final Map<String, @Nullable Object> method;
    private final BootstrapAccess access;
    private boolean begun;

    Bootstrap(ServerParts parts, Launcher launcher) {
        this.parts = parts;
        this.launcher = launcher;
        this.config = parts.node().bootstrap();
        this.method = config.method().equals("initdb") ? Map.of() : Tree.mapAt(config.tree(), config.method());
        this.access = new BootstrapAccess(parts);
    }

    /** Whether there is something of ours in the data directory. */
    boolean hasBegun() {
        return begun;
    }

    /** Runs everything; the caller cleans up when it is not done. */
    Outcome run(CancelToken cancel) {
        try {
            parts.data().requireRoom();
            parts.status().setSilent(true);
            parts.data().markCopyBegun();
            begun = true;
            boolean custom = method.containsKey("command");
            Outcome made = custom ? runCustomMethod(cancel) : runInitdb(cancel);
            if (!made.isDone()) {
                return made;
            }
            parts.data().markCopyDone();
            Outcome started = firstStart(custom, cancel);
            if (!started.isDone()) {
                return started;
            }
            Outcome finished = finish(custom, cancel);
            if (finished.isDone()) {
                parts.status().setRole(PostgresRole.PRIMARY);
            }
            return finished;
        } catch (IOException failure) {
            return Outcome.failed(DataDirectory.message(failure));
        } catch (SQLException failure) {
            return Outcome.failed("bootstrap: " + failure.getMessage());
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return new Outcome.Cancelled();
        } finally {
            parts.status().setSilent(false);
        }
    }

    /** After the data was moved away. */
    void abandon() {
        parts.status().setState(method.containsKey("command")
                ? PostgresState.CUSTOM_BOOTSTRAP_FAILED
                : PostgresState.INITDB_FAILED);
        parts.status().setRole(PostgresRole.UNINITIALIZED);
        try {
            parts.data().markCopyDone();
        } catch (IOException failure) {
            LOG.warn("{}", DataDirectory.message(failure));
        }
    }

    private Outcome runInitdb(CancelToken cancel) throws IOException {
        parts.status().setState(PostgresState.INITDB);
        Authentication superuser = parts.config().superuser();
        List<String> command = new ArrayList<>(
                List.of(parts.programs().path("initdb"), "--pgdata=" + parts.data().path()));
        command.addAll(config.initdbOptions());
        if (!superuser.username().isEmpty()) {
            command.add("--username=" + superuser.username());
        }
        Optional<Path> passwordFile = Optional.empty();
        try {
            if (superuser.password().isPresent()) {
                passwordFile = Optional.of(writePassword(superuser.password().get()));
                command.add("--pwfile=" + passwordFile.get());
            }
            Programs.Result result = parts.programs().runLogged(command, Map.of(), cancel);
            if (!result.isSuccess()) {
                parts.status().setState(PostgresState.INITDB_FAILED);
            }
            return outcome("initdb", result);
        } finally {
            if (passwordFile.isPresent()) {
                Files.deleteIfExists(passwordFile.get());
            }
        }
    }

    private static Path writePassword(Secret password) throws IOException {
        Path file = Files.createTempFile("jpatroni", ".pw",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, password.reveal() + "\n");
        return file;
    }

    private Outcome runCustomMethod(CancelToken cancel) throws IOException {
        parts.status().setState(PostgresState.CUSTOM_BOOTSTRAP);
        List<String> command = new ArrayList<>(ShellWords.split(String.valueOf(method.get("command"))));
        if (!Truth.of(method.get("no_params"))) {
            command.add("--scope=" + parts.node().scope());
            command.add("--datadir=" + parts.data().path());
        }
        method.forEach((key, value) -> {
            if (!OWN_KEYS.contains(key)) {
                command.add("--" + key + "=" + Truth.text(value));
            }
        });
        LOG.info("Running custom bootstrap script: {}", method.get("command"));
        Programs.Result result = parts.programs().run(command, Map.of(), cancel);
        if (!result.isSuccess()) {
            parts.status().setState(PostgresState.CUSTOM_BOOTSTRAP_FAILED);
            return outcome("bootstrap." + config.method() + ".command", result);
        }
        parts.removePromotionTrigger();
        Map<String, @Nullable Object> recovery = Tree.mapAt(method, "recovery_conf");
        if (!recovery.isEmpty()) {
            writeRecovery(recovery);
        } else if (Truth.of(method.get("keep_existing_recovery_conf"))) {
            parts.recovery().keepForeign();
        } else {
            parts.recovery().write(Optional.empty());
        }
        return Outcome.done();
    }

    private void writeRecovery(Map<String, @Nullable Object> settings) throws IOException {
        Map<String, String> lines = new HashMap<>();
        settings.forEach((key, value) -> lines.put(key, Truth.text(value)));
        boolean standby = Truth.of(lines.remove("standby_mode"));
        parts.recovery().write(Optional.empty());
        Files.createFile(parts.data().path().resolve(standby ? "standby.signal" : "recovery.signal"));
        parts.recovery().fix(lines);
    }

    private Outcome firstStart(boolean custom, CancelToken cancel) throws IOException, InterruptedException {
        parts.status().setState(custom ? PostgresState.BOOTSTRAP_STARTING : PostgresState.STARTING);
        parts.prepareStart(PostgresRole.PRIMARY);
        List<String> options = new ArrayList<>(parts.startOptions());
        if (custom) {
            options.addAll(access.open());
        } else if (parts.settings().pgHba().isEmpty()) {
            appendHba();
        }
        // Recovery of a restored backup takes as long as it takes; a cluster made by initdb starts at once.
        Duration limit = custom ? Duration.ofDays(365) : Duration.ofSeconds(parts.settings().pgCtlTimeoutSeconds());
        Outcome started = launcher.launch(options, limit, cancel);
        if (!started.isDone()) {
            return StartFailure.explain(parts, started);
        }
        return custom ? awaitEndOfRecovery(cancel) : started;
    }

    /** {@code bootstrap.pg_hba}: added to what initdb wrote. */
    private void appendHba() throws IOException {
        if (config.tree().get("pg_hba") instanceof List<?> lines && !lines.isEmpty()) {
            StringBuilder text = new StringBuilder(Files.readString(parts.server().hbaFile()));
            lines.forEach(line -> text.append(line).append('\n'));
            Files.writeString(parts.server().hbaFile(), text);
        }
    }

    private Outcome awaitEndOfRecovery(CancelToken cancel) throws IOException, InterruptedException {
        while (parts.data().control().state() != ControlFile.IN_PRODUCTION) {
            if (cancel.isCancelled()) {
                return new Outcome.Cancelled();
            }
            if (parts.postmasters().current().isEmpty()) {
                return Outcome.failed("PostgreSQL ended while it recovered the data of bootstrap." + config.method());
            }
            parts.tasks().time().sleep(LOOK);
        }
        return Outcome.done();
    }

    private Outcome finish(boolean custom, CancelToken cancel) throws SQLException, IOException {
        BootstrapSql roles = new BootstrapSql(parts.session(), SQL_LIMIT);
        roles.superuser(parts.config());
        Outcome script = runPostBootstrap(cancel);
        if (!script.isDone()) {
            return script;
        }
        roles.replicationAndRewind(parts.config());
        Map<String, @Nullable Object> users = Tree.mapAt(config.tree(), "users");
        if (!users.isEmpty()) {
            LOG.warn("bootstrap.users is deprecated; make users in bootstrap.post_bootstrap");
            roles.users(users);
        }
        if (parts.node().citus().isPresent()) {
            CitusSetup.install(parts.node().citus().get(), parts.config().superuser(),
                    database -> parts.connections().openIn(database, "citus"), parts.config().database(),
                    new HostPort(parts.config().connectHost(), parts.config().connectPort()), SQL_LIMIT);
        }
        return custom ? access.close(launcher, cancel) : Outcome.done();
    }

    /** Gets a connection string without password as its last argument; the password is in the file that {@code PGPASSFILE} names. */
    private Outcome runPostBootstrap(CancelToken cancel) throws IOException {
        if (config.postBootstrap().isEmpty()) {
            return Outcome.done();
        }
        SqlTarget target = parts.connections().superuser();
        Map<String, String> environment = new HashMap<>(parts.passwordEnvironment(target));
        environment.put("PGOPTIONS", "-c synchronous_commit=local -c statement_timeout=0");
        List<String> command = new ArrayList<>(ShellWords.split(config.postBootstrap().get()));
        command.add(parts.connectionString(target, Map.of()));
        return outcome("bootstrap.post_bootstrap", parts.programs().run(command, environment, cancel));
    }

    private static Outcome outcome(String what, Programs.Result result) {
        if (result.cancelled()) {
            return new Outcome.Cancelled();
        }
        return result.exitCode() == 0
                ? Outcome.done()
                : Outcome.failed(what + " failed: " + result.complaint());
    }
}
