package org.jpatroni.agent;

import java.util.Optional;
import org.jpatroni.model.PostgresObservation;

/** Asks PostgreSQL the status statement; bounded in time, empty when it does not answer. */
@FunctionalInterface
public interface StatusSource {

    Optional<PostgresObservation> ask();
}
