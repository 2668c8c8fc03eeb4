package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.runtime.CancelToken;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings crashed data to a clean shutdown with a server in single user mode, where nobody can connect and nothing is archived. */
final class CrashRecovery {

    private static final Logger LOG = LoggerFactory.getLogger(CrashRecovery.class);

    private final ServerParts parts;

    CrashRecovery(ServerParts parts) {
        this.parts = parts;
    }

    Outcome run(CancelToken cancel) {
        if (parts.postmasters().current().isPresent()) {
            return Outcome.failed("crash recovery: PostgreSQL is still running");
        }
        if (parts.data().hasBackupLabel()) {
            LOG.info("Skipping single-user crash recovery because backup_label exists");
            return Outcome.failed("crash recovery: the data was restored from a backup and needs an ordinary start");
        }
        try {
            List<Long> left = new LeftoverBackends(parts.data().path(), parts.programs().fileName("postgres"),
                    parts.tasks().time()).end();
            if (!left.isEmpty()) {
                return Outcome.failed("crash recovery: processes " + left + " of the former server cannot be ended");
            }
            WalArchiver archiver = new WalArchiver(parts);
            archiver.archiveReady(cancel);
            archiver.keepSegments();
            parts.recovery().write(Optional.empty());
            parts.prepareStart(parts.status().role());
            return single(cancel);
        } catch (IOException failure) {
            return Outcome.failed(DataDirectory.message(failure));
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return new Outcome.Cancelled();
        }
    }

    private Outcome single(CancelToken cancel) {
        Path data = parts.data().path();
        List<String> command = new ArrayList<>(List.of(parts.programs().path("postgres"), "--single", "-D",
                data.toString()));
        command.addAll(parts.startOptions());
        command.addAll(List.of("-c", "archive_mode=on", "-c", "archive_command=false", "template1"));
        LOG.info("doing crash recovery in a single user mode");
        Programs.Result result = parts.programs().capture(command, Map.of(), cancel);
        if (result.cancelled()) {
            return new Outcome.Cancelled();
        }
        if (result.exitCode() != 0) {
            result.err().lines().forEach(line -> LOG.info("postgres --single: {}", line));
            return Outcome.failed("crash recovery in single user mode failed: " + result.complaint());
        }
        return Outcome.done();
    }
}
