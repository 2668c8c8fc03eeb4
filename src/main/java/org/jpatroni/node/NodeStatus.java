package org.jpatroni.node;

import java.util.Optional;
import org.jpatroni.model.PostgresObservation;

/**
 * What the outside may know of this node at one moment: the loop's status and PostgreSQL's own answer.
 *
 * @param ha what the loop published
 * @param observation PostgreSQL's answer; empty when it is not running, did not answer in time, or refused
 * @param stale the observation is the last one known, because the question for a new one hit its deadline
 */
public record NodeStatus(HaStatus ha, Optional<PostgresObservation> observation, boolean stale) {
}
