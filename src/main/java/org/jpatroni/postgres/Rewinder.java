package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jpatroni.model.Upstream;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.runtime.CancelToken;
import org.jpatroni.runtime.Time.Deadline;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs pg_rewind on stopped data against a primary that has written its first checkpoint. */
final class Rewinder {

    private static final Logger LOG = LoggerFactory.getLogger(Rewinder.class);
    private static final Duration SQL_LIMIT = Duration.ofSeconds(5);
    private static final Duration CHECKPOINT_LIMIT = Duration.ofSeconds(30);
    private static final Duration LOOK = Duration.ofMillis(50);
    private static final int CONFIG_FILE_OPTION_SINCE = 15;

    private static final Set<String> NOT_FOR_USERS = Set.of("target-pgdata", "source-pgdata", "source-server",
            "write-recovery-conf", "dry-run", "restore-target-wal", "config-file", "no-ensure-shutdown", "version",
            "help");

    /** The control file of a primary shows its new timeline after its first checkpoint only; pg_rewind before 16 relies on it. */
    private static final String CHECKPOINT_DONE = """
            SELECT NOT pg_is_in_recovery(), NOT pg_is_in_recovery()
                   AND ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int = timeline_id
              FROM pg_control_checkpoint()""";

    private final ServerParts parts;

    Rewinder(ServerParts parts) {
        this.parts = parts;
    }

    /** Timed out means: the primary has not written its checkpoint yet, ask again later. */
    Outcome run(Upstream upstream, CancelToken cancel) {
        if (parts.postmasters().current().isPresent()) {
            return Outcome.failed("pg_rewind: PostgreSQL is still running");
        }
        Optional<SqlTarget> target = parts.target(upstream, parts.rewindAuthentication())
                .map(SqlTarget::primaryAmongHosts);
        if (target.isEmpty()) {
            return Outcome.failed("pg_rewind: the address of " + ServerParts.nameOf(upstream) + " is not known");
        }
        try {
            Outcome ready = awaitCheckpoint(upstream, target.get(), cancel);
            return ready.isDone() ? rewind(target.get(), cancel) : ready;
        } catch (IOException failure) {
            return Outcome.failed(DataDirectory.message(failure));
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return new Outcome.Cancelled();
        }
    }

    private Outcome awaitCheckpoint(Upstream upstream, SqlTarget target, CancelToken cancel)
            throws InterruptedException {
        boolean superuser = parts.rewindAuthentication().username().equals(parts.config().superuser().username());
        Deadline deadline = parts.tasks().time().deadlineIn(CHECKPOINT_LIMIT);
        try (SqlSession session = new SqlSession("Patroni rewind", () -> target, parts.tasks())) {
            boolean asked = false;
            while (true) {
                boolean[] state = session.queryOne(CHECKPOINT_DONE, SQL_LIMIT,
                        row -> new boolean[]{row.getBoolean(1), row.getBoolean(2)});
                if (!state[0]) {
                    return Outcome.failed("pg_rewind: " + ServerParts.nameOf(upstream) + " is in recovery itself");
                }
                if (state[1]) {
                    return Outcome.done();
                }
                if (cancel.isCancelled() || deadline.isPast()) {
                    return cancel.isCancelled() ? new Outcome.Cancelled() : new Outcome.TimedOut();
                }
                if (superuser && !asked) {
                    asked = true;
                    session.execute(deadline.left(), "CHECKPOINT");
                } else {
                    parts.tasks().time().sleep(LOOK);
                }
            }
        } catch (SQLException unreachable) {
            return Outcome.failed("pg_rewind: cannot ask " + ServerParts.nameOf(upstream) + ": "
                    + unreachable.getMessage());
        }
    }

    private Outcome rewind(SqlTarget target, CancelToken cancel) throws IOException {
        new WalArchiver(parts).archiveReady(cancel);
        Map<String, String> environment = new HashMap<>(parts.passwordEnvironment(target));
        environment.put("PGOPTIONS", "-c statement_timeout=0");
        List<String> command = new ArrayList<>(List.of(parts.programs().path("pg_rewind")));
        Optional<String> restoreCommand = Optional.ofNullable(parts.recovery().lines().get("restore_command"))
                .or(() -> parts.server().parameter("restore_command")).filter(text -> !text.isBlank());
        command.addAll(restoreOptions(restoreCommand.isPresent()));
        String source = parts.connectionString(target, Map.of("target_session_attrs", "read-write"));
        command.addAll(List.of("--target-pgdata=" + parts.data().path(), "--source-server=" + source));
        command.addAll(OptionList.toArguments("rewind", parts.settings().tree().get("rewind") == null
                ? List.of()
                : parts.settings().tree().get("rewind"), NOT_FOR_USERS, LOG::error));
        LOG.info("running pg_rewind from {}", source);
        // Until it succeeds the directory is neither the old one nor the new one; the control file tells pg_rewind itself.
        environment.put("LC_ALL", "C");
        Programs.Result result = parts.programs().runLogged(command, environment, cancel);
        if (result.cancelled()) {
            return new Outcome.Cancelled();
        }
        parts.replayTimeline().forget();
        return result.exitCode() == 0 ? Outcome.done() : Outcome.failed("pg_rewind failed: " + result.complaint());
    }

    /** With an archive pg_rewind fetches WAL that is gone here; before 15 it finds the command only in the data directory. */
    private List<String> restoreOptions(boolean hasArchive) {
        Path configuration = parts.server().configurationFile();
        boolean inside = configuration.startsWith(parts.data().path());
        if (!hasArchive || !inside && parts.version().major() < CONFIG_FILE_OPTION_SINCE) {
            return List.of();
        }
        return inside
                ? List.of("--restore-target-wal")
                : List.of("--restore-target-wal", "--config-file=" + configuration);
    }
}
