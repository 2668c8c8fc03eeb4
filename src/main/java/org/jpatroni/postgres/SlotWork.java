package org.jpatroni.postgres;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jpatroni.config.PostgresConfig;
import org.jpatroni.model.SlotStep;
import org.jpatroni.model.Upstream;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.runtime.Tasks;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything about the replication slots of the local server, put together. */
final class SlotWork {

    private static final Logger LOG = LoggerFactory.getLogger(SlotWork.class);

    private final PostgresConfig config;
    private final LocalConnections connections;
    private final SlotNotes notes = new SlotNotes();
    private final LogicalSlots logical;
    private final SlotManager manager;
    private volatile Runnable created = () -> {
    };

    /** @param session for nobody else */
    SlotWork(SqlSession session, LocalConnections connections, PostgresConfig config, Tasks tasks) {
        this.config = config;
        this.connections = connections;
        SlotConfirmation confirmation = new SlotConfirmation(session, this::openPrimary, notes);
        this.logical = new LogicalSlots(database -> connections.openIn(database, "logical slots"), confirmation, notes,
                tasks, () -> created.run());
        this.manager = new SlotManager(session, logical, tasks.time());
    }

    /** Called when a slot was created in the background: others wait for its position. */
    void onCreated(Runnable listener) {
        created = listener;
    }

    SlotNotes notes() {
        return notes;
    }

    Outcome change(List<SlotStep> steps, ServerSettings server, LiveSettings settings, Duration limit) {
        return manager.change(steps, feedback -> {
            notes.feedbackForced(feedback.forced());
            server.setHotStandbyFeedbackForced(feedback.forced());
            settings.apply();
        }, limit);
    }

    /** To another server, as somebody who may read its files. */
    Optional<SqlSession> openPrimary(Upstream upstream) {
        return ServerParts.place(upstream)
                .map(at -> connections.openRemote("slots", at.host(), at.port(), config.database(),
                        config.rewind().orElse(config.superuser())));
    }

    /** What was known of the slots of a server that has ended says nothing of the next one. */
    void serverEnded() {
        logical.forget();
    }

    void beforePromotion() {
        notes.unconfirmed().ifPresent(names -> LOG
                .warn("Logical replication slots that might be unsafe to use after promote: {}", names));
    }
}
