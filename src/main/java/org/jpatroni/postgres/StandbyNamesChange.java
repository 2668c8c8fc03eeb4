package org.jpatroni.postgres;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.jpatroni.model.StandbyNames;
import org.jpatroni.model.SyncView;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sets whom commits wait for, in the file and in the running server. */
final class StandbyNamesChange {

    private static final Logger LOG = LoggerFactory.getLogger(StandbyNamesChange.class);
    private static final Duration SQL_LIMIT = Duration.ofSeconds(5);

    private final ServerParts parts;
    private final LiveSettings settings;

    StandbyNamesChange(ServerParts parts, LiveSettings settings) {
        this.parts = parts;
        this.settings = settings;
    }

    Outcome run(Optional<StandbyNames> names) {
        ServerSettings server = parts.server();
        if (names.isPresent()) {
            LOG.info("Assigning synchronous_standby_names to '{}'", names.get().text());
            server.setSynchronousStandbyNames(Optional.of(names.get().text()).filter(text -> !text.isEmpty()));
        } else {
            server.leaveSynchronousStandbyNamesToConfiguration();
        }
        Optional<PostmasterProcess> running = parts.postmasters().current();
        if (running.filter(process -> parts.postmasters().status(process).acceptsSessions()).isEmpty()) {
            settings.mustApply();
            return Outcome.done();
        }
        try {
            String wanted = server.parameter("synchronous_standby_names").orElse("");
            settings.reload(false, !wanted.equals(inEffect()));
            // A standby that was added reports its position only when there is something to receive.
            parts.session().execute(SQL_LIMIT,
                    "DO $$ BEGIN IF NOT pg_is_in_recovery() THEN PERFORM txid_current(); END IF; END $$");
            String effective = inEffect();
            return effective.equals(wanted)
                    ? Outcome.done()
                    : Outcome.failed("the server has '" + effective + "' and not '" + wanted + "'");
        } catch (IOException failure) {
            return Outcome.failed(DataDirectory.message(failure));
        } catch (SQLException failure) {
            return Outcome.failed(String.valueOf(failure.getMessage()));
        }
    }

    private String inEffect() throws SQLException {
        return parts.session().queryOne("SELECT current_setting('synchronous_standby_names')", SQL_LIMIT,
                row -> row.getString(1));
    }

    /** What the server cannot say itself: our own sessions have another {@code synchronous_commit}. */
    static SyncView completed(SyncView asked, ServerSettings server) {
        return new SyncView(asked.standbyNames(), server.parameter("synchronous_commit").orElse("on"),
                asked.settled(), server.isStandbyNamesDecided(), asked.standbys());
    }
}
