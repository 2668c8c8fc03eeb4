package org.jpatroni.node;

import org.jpatroni.model.ClusterSnapshot;

/**
 * A snapshot with its age.
 *
 * @param readAtNanos monotonic time when it was asked for
 * @param stale the store did not answer; this is the last one known
 */
public record FreshSnapshot(ClusterSnapshot snapshot, long readAtNanos, boolean stale) {
}
