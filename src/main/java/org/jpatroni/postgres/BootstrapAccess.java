package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.postgres.PostgresControl.StopMode;
import org.jpatroni.postgres.PostgresControl.StopSpec;
import org.jpatroni.runtime.CancelToken;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Access to a cluster made by a custom method: its passwords are not known, so the superuser is let in without one, from this machine only,
 * until the configured passwords are set.
 */
final class BootstrapAccess {

    private static final Logger LOG = LoggerFactory.getLogger(BootstrapAccess.class);
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final ServerParts parts;
    private @Nullable String original;
    private boolean byOption;

    BootstrapAccess(ServerParts parts) {
        this.parts = parts;
    }

    /** Writes the file; returns what has to be added to the command line. */
    List<String> open() throws IOException {
        Path file = parts.server().hbaFile();
        original = Files.exists(file) ? Files.readString(file) : null;
        String superuser = parts.config().superuser().username();
        String who = superuser.isEmpty() ? "all" : '"' + superuser + '"';
        parts.server().files().write(file, ManagedFiles.text(
                List.of("local all " + who + " trust", "host all " + who + " samehost trust")));
        Optional<String> elsewhere = parts.server().parameter("hba_file").filter(name -> !name.equals(file.toString()));
        byOption = elsewhere.isPresent();
        return byOption ? List.of("--hba_file=" + file) : List.of();
    }

    /** Puts the file back and makes the server read it; where that takes a restart, it is restarted. */
    Outcome close(Launcher launcher, CancelToken cancel) throws IOException, SQLException {
        Path file = parts.server().hbaFile();
        parts.recovery().write(Optional.empty());
        parts.server().writeConfiguration();
        if (original != null) {
            parts.server().files().write(file, original);
        } else if (!parts.server().writeHba()) {
            Files.deleteIfExists(file);
            LOG.error("{} does not exist and postgresql.pg_hba is not set: nobody will be let in", file);
        }
        if (!byOption) {
            PendingRestart.reload(parts.session(), parts.tasks().time(), LIMIT);
            parts.disconnect();
            return Outcome.done();
        }
        parts.disconnect();
        Optional<PostmasterProcess> running = parts.postmasters().current();
        if (running.isPresent()) {
            StopSpec fast = new StopSpec(StopMode.FAST, true, LIMIT, () -> {
            }, lsn -> {
            }, false);
            Outcome stopped = new Shutdown(running.get(), parts.postmasters(), parts.data(), fast,
                    parts.tasks().time()).run(cancel);
            if (!stopped.isDone()) {
                return stopped;
            }
        }
        parts.prepareStart(PostgresRole.PRIMARY);
        return launcher.launch(parts.startOptions(), LIMIT, cancel);
    }
}
