package org.jpatroni.agent;

import java.util.Optional;
import org.jpatroni.postgres.PostgresControl.Outcome;

/** Reading how a verb of PostgreSQL ended. */
final class Outcomes {

    private Outcomes() {
    }

    static Optional<String> failure(Outcome outcome) {
        return outcome instanceof Outcome.Failed failed ? Optional.of(failed.reason()) : Optional.empty();
    }
}
