package org.jpatroni.postgres;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jpatroni.config.PostgresSettings;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.postgres.Callbacks.Action;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings changed settings into a running server, and knows what waits for its restart. */
final class LiveSettings {

    private static final Logger LOG = LoggerFactory.getLogger(LiveSettings.class);
    private static final Duration SQL_LIMIT = Duration.ofSeconds(5);

    /**
     * PostgreSQL's own view of its files as they are now. What it would not take shows as an error, and so does what only a restart can change.
     */
    private static final String COMPLAINTS = "SELECT count(*) FROM pg_catalog.pg_file_settings WHERE error IS NOT NULL";

    private final Supplier<ServerParts> current;
    private final Runnable changed;
    private volatile Map<String, @Nullable Object> pendingRestart = Collections.emptyMap();
    private volatile boolean stale;

    /**
     * @param changed told when what waits for a restart may be something else
     */
    LiveSettings(Supplier<ServerParts> current, Runnable changed) {
        this.current = current;
        this.changed = changed;
    }

    /** Parameters that wait for a restart: name to {@code {old_value, new_value}}. */
    Map<String, @Nullable Object> pendingRestart() {
        return pendingRestart;
    }

    /** After a start: only what could not be made effective waits. */
    void started(Map<String, @Nullable Object> pending) {
        pendingRestart = pending;
        stale = false;
    }

    /** The files of a server are not what the configuration says now: they are written once it answers. */
    void mustApply() {
        stale = true;
    }

    /** Shows another role; sections such as {@code pg_hba_replica} take effect. */
    void showRole(PostgresRole role) {
        ServerParts parts = current.get();
        PostgresSettings before = parts.settings();
        parts.status().setRole(role);
        if (!parts.settings().equals(before)) {
            apply();
        }
    }

    /** The server answers: what changed before is made effective. */
    void becameReady() {
        if (stale) {
            apply();
        }
    }

    /** Makes the configuration effective in the background, as soon as there is a server that answers. */
    void apply() {
        ServerParts parts = current.get();
        parts.wantSettings();
        Optional<PostmasterProcess> running = parts.postmasters().current();
        stale = true;
        if (running.filter(process -> parts.postmasters().status(process).acceptsSessions()).isPresent()) {
            stale = false;
            var _ = parts.tasks().start("settings", this::rewrite);
        }
    }

    /** Like {@link #reload}; problems are logged. */
    boolean rewrite() {
        try {
            reload(true, false);
            return true;
        } catch (IOException failure) {
            LOG.error("{}", DataDirectory.message(failure));
        } catch (SQLException failure) {
            LOG.error("Cannot reload the configuration: {}", failure.getMessage());
        }
        return false;
    }

    /**
     * Writes the files and has the server read them when they changed; asks what waits for a restart now.
     *
     * @param callback whether {@code on_reload} is run
     * @param force reload although no file changed
     */
    synchronized void reload(boolean callback, boolean force) throws IOException, SQLException {
        ServerParts parts = current.get();
        boolean written = parts.server().writeUnproven();
        if (parts.server().isUnproven()) {
            written |= parts.server().proven(takesAll(parts));
        }
        written |= parts.server().writeHba();
        written |= parts.server().writeIdent();
        if (written || force) {
            PendingRestart.reload(parts.session(), parts.tasks().time(), SQL_LIMIT);
            if (callback) {
                parts.status().call(Action.ON_RELOAD);
            }
        }
        pendingRestart = Collections.unmodifiableMap(
                new LinkedHashMap<>(PendingRestart.query(parts.session(), SQL_LIMIT)));
        changed.run();
    }

    /** A question to a server that runs takes a millisecond or two; the program {@code postgres}, which can name the line, takes many times that. */
    private static boolean takesAll(ServerParts parts) {
        try {
            return parts.session().queryOne(COMPLAINTS, SQL_LIMIT, row -> row.getLong(1)) == 0;
        } catch (SQLException notAnswered) {
            LOG.debug("pg_file_settings: {}", notAnswered.getMessage());
            return false;
        }
    }
}
