package org.jpatroni.postgres;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jpatroni.model.PermanentSlot;
import org.jpatroni.model.Upstream;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.postgres.PostgresControl.RestartSpec;
import org.jpatroni.runtime.CancelToken;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The verb that copies logical slots: read them on the primary, and if there is anything to write, write it while PostgreSQL is restarted. */
final class SlotCopying {

    private static final Logger LOG = LoggerFactory.getLogger(SlotCopying.class);

    private final ServerParts parts;
    private final Lifecycle lifecycle;

    SlotCopying(ServerParts parts, Lifecycle lifecycle) {
        this.parts = parts;
        this.lifecycle = lifecycle;
    }

    Outcome run(Upstream primary, List<PermanentSlot.Logical> slots, CancelToken cancel) {
        SlotCopy copy = new SlotCopy(parts.data());
        Optional<SqlSession> opened = parts.slots().openPrimary(primary);
        if (opened.isEmpty()) {
            return Outcome.failed("the address of " + ServerParts.nameOf(primary) + " is not known");
        }
        try (SqlSession session = opened.get()) {
            copy.read(session, slots);
        } catch (SQLException | IOException failure) {
            return Outcome.failed("Failed to copy logical slots from the " + ServerParts.nameOf(primary) + ": "
                    + failure.getMessage());
        }
        if (copy.isEmpty()) {
            return Outcome.done();
        }
        if (cancel.isCancelled()) {
            return new Outcome.Cancelled();
        }
        Duration limit = Duration.ofSeconds(parts.settings().pgCtlTimeoutSeconds());
        return lifecycle.restart(new RestartSpec(limit, () -> install(copy)), cancel);
    }

    /** Without the slots it starts all the same. */
    private static boolean install(SlotCopy copy) {
        try {
            copy.install();
        } catch (IOException failure) {
            LOG.error("Failed to write logical slots: {}", DataDirectory.message(failure));
        }
        return true;
    }
}
