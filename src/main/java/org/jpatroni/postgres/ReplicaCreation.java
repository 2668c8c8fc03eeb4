package org.jpatroni.postgres;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jpatroni.config.PostgresSettings;
import org.jpatroni.model.DynamicConfig.StandbyCluster;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.Tree;
import org.jpatroni.postgres.PostgresControl.CloneSpec;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.runtime.CancelToken;
import org.jpatroni.runtime.Wakeup;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies a data directory with the methods of {@code create_replica_methods}, in order, until one succeeds. Only what such a method
 * itself has put there is removed between two of them.
 */
final class ReplicaCreation {

    private static final Logger LOG = LoggerFactory.getLogger(ReplicaCreation.class);

    static final String BASEBACKUP = "basebackup";

    /** What decides where the copy goes, comes from, and how it gets there is not the user's. */
    private static final Set<String> NOT_FOR_USERS = Set.of("pgdata", "format", "wal-method", "xlog-method", "gzip",
            "version", "dbname", "host", "port", "username", "password");
    private static final int BASEBACKUP_ATTEMPTS = 2;
    private static final Duration BEFORE_NEXT_ATTEMPT = Duration.ofSeconds(5);
    private static final int SERVER_SIDE_COMPRESSION_SINCE = 15;

    private final ServerParts parts;
    private boolean foreignData;

    ReplicaCreation(ServerParts parts) {
        this.parts = parts;
    }

    /** Runs the methods; on failure nothing of a copy is left. */
    Outcome run(CloneSpec spec, CancelToken cancel) {
        PostgresSettings settings = parts.settings();
        Optional<SqlTarget> target = spec.source().flatMap(
                upstream -> parts.target(upstream, parts.config().replication()));
        List<String> methods = (spec.basebackupOnly() ? List.of(BASEBACKUP) : methods(settings)).stream()
                .filter(method -> target.isPresent() || worksWithoutSource(settings, method)).toList();
        if (methods.isEmpty()) {
            return Outcome.failed("none of create_replica_methods works without a member to copy from");
        }
        parts.status().setState(PostgresState.CREATING_REPLICA);
        Outcome outcome = Outcome.failed("no method was tried");
        try {
            if (methods.stream().noneMatch(method -> keepsData(settings, method))) {
                parts.data().requireRoom();
            }
            foreignData = !parts.data().isEmpty();
            parts.data().markCopyBegun();
            Map<String, String> environment = target.isPresent() ? parts.passwordEnvironment(target.get()) : Map.of();
            String connection = target.map(from -> parts.connectionString(from, Map.of())).orElse("");
            for (String method : methods) {
                Map<String, @Nullable Object> options = Tree.mapAt(settings.tree(), method);
                outcome = method.equals(BASEBACKUP)
                        ? basebackup(settings.tree().get(BASEBACKUP), connection, environment, cancel)
                        : custom(method, options, connection, environment, cancel);
                if (outcome.isDone() || outcome instanceof Outcome.Cancelled) {
                    break;
                }
                LOG.error("Error creating replica using method {}: {}", method, reason(outcome));
            }
            return finish(outcome);
        } catch (IOException failure) {
            return Outcome.failed(DataDirectory.message(failure));
        } finally {
            parts.status().setState(PostgresState.STOPPED);
        }
    }

    private Outcome finish(Outcome outcome) throws IOException {
        if (outcome.isDone()) {
            parts.removePromotionTrigger();
        } else {
            clear(false);
        }
        parts.data().markCopyDone();
        return outcome;
    }

    /** A standby cluster has methods of its own, for all its members. */
    private List<String> methods(PostgresSettings settings) {
        List<String> methods = parts.dynamic().standbyCluster().map(StandbyCluster::createReplicaMethods)
                .orElseGet(settings::createReplicaMethods);
        return methods.isEmpty() ? List.of(BASEBACKUP) : methods;
    }

    boolean worksWithoutSource() {
        PostgresSettings settings = parts.settings();
        return methods(settings).stream().anyMatch(method -> worksWithoutSource(settings, method));
    }

    private static boolean worksWithoutSource(PostgresSettings settings, String method) {
        return !method.equals(BASEBACKUP) && Truth.of(Tree.mapAt(settings.tree(), method).get("no_leader"));
    }

    private static boolean keepsData(PostgresSettings settings, String method) {
        return !method.equals(BASEBACKUP) && Truth.of(Tree.mapAt(settings.tree(), method).get("keep_data"));
    }

    private Outcome basebackup(@Nullable Object options, String connection, Map<String, String> environment,
            CancelToken cancel) throws IOException {
        List<String> command = new ArrayList<>(List.of(parts.programs().path("pg_basebackup"),
                "--pgdata=" + parts.data().path(), "-X", "stream", "--no-password",
                "--dbname=" + connection));
        OptionList.toArguments(BASEBACKUP, options, NOT_FOR_USERS, LOG::error).stream().filter(this::isUsable)
                .forEach(command::add);
        Outcome outcome = Outcome.failed("pg_basebackup was not run");
        for (int attempt = 1; attempt <= BASEBACKUP_ATTEMPTS; attempt++) {
            clear(false);
            outcome = outcome("pg_basebackup", parts.programs().runLogged(command, environment, cancel));
            if (outcome.isDone() || outcome instanceof Outcome.Cancelled) {
                break;
            }
            if (attempt < BASEBACKUP_ATTEMPTS) {
                LOG.warn("{}; trying again in {} seconds", reason(outcome), BEFORE_NEXT_ATTEMPT.toSeconds());
                pause(cancel);
            }
        }
        if (outcome.isDone()) {
            LOG.info("replica has been created using basebackup");
        }
        return outcome;
    }

    /** Compression on this side would leave archives instead of a data directory. */
    private boolean isUsable(String option) {
        boolean compresses = option.startsWith("--compress");
        boolean onServer = parts.version().major() >= SERVER_SIDE_COMPRESSION_SINCE
                && option.startsWith("--compress=server");
        if (compresses && !onServer) {
            LOG.error("postgresql.basebackup: {} is ignored; only server-side compression leaves a data directory",
                    option);
        }
        return !compresses || onServer;
    }

    private Outcome custom(String method, Map<String, @Nullable Object> configured, String connection,
            Map<String, String> environment, CancelToken cancel) throws IOException {
        Map<String, @Nullable Object> options = new LinkedHashMap<>(configured);
        boolean keepData = Truth.of(options.get("keep_data"));
        clear(keepData);
        Object command = options.remove("command");
        List<String> words = new ArrayList<>(ShellWords.split(command == null ? method : command.toString()));
        if (Truth.of(options.get("no_params"))) {
            options.keySet().removeAll(List.of("no_params", "no_leader", "keep_data"));
        } else {
            options.put("scope", parts.node().scope());
            options.put("role", "replica");
            options.put("datadir", parts.data().path().toString());
            options.put("connstring", connection);
        }
        options.forEach((key, value) -> words.add("--" + key + "=" + Truth.text(value)));
        Outcome outcome = outcome("postgresql." + method + ".command",
                parts.programs().run(words, environment, cancel));
        if (outcome.isDone()) {
            LOG.info("replica has been created using {}", method);
        } else {
            clear(keepData);
        }
        return outcome;
    }

    /** Removes what an earlier method left. What was there before the first one is not ours: it is moved away. */
    private void clear(boolean keepData) throws IOException {
        if (keepData || parts.data().isEmpty()) {
            return;
        }
        if (foreignData) {
            parts.data().moveAway();
            foreignData = false;
        } else {
            parts.data().remove();
        }
    }

    private void pause(CancelToken cancel) {
        Wakeup wakeup = parts.tasks().newWakeup();
        cancel.onCancel(wakeup::signal);
        try {
            wakeup.await(BEFORE_NEXT_ATTEMPT);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    private static String reason(Outcome outcome) {
        return outcome instanceof Outcome.Failed failed ? failed.reason() : outcome.toString();
    }

    private static Outcome outcome(String what, Programs.Result result) {
        if (result.cancelled()) {
            return new Outcome.Cancelled();
        }
        return result.exitCode() == 0 ? Outcome.done() : Outcome.failed(what + " failed: " + result.complaint());
    }
}
