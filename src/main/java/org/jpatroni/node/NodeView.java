package org.jpatroni.node;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The read side of this node, for the REST API. Never blocks the HA loop and takes no lock that it takes. */
public interface NodeView {

    /** What is known now, without asking PostgreSQL. */
    HaStatus ha();

    /**
     * The status with an answer of PostgreSQL that began after this call. All callers share one question; the future is completed within
     * the hard deadline ({@code well under a second}), with a stale or no observation when PostgreSQL does not answer. Never fails.
     */
    CompletableFuture<NodeStatus> status();

    /**
     * The cluster as stored now. Completed within the hard deadline with the last known snapshot marked stale when the store does not
     * answer, or with nothing if there never was one. Never fails.
     */
    CompletableFuture<Optional<FreshSnapshot>> cluster();

    /** Extra metrics of the agent by full metric name without labels, for {@code /metrics}. */
    java.util.SortedMap<String, Double> agentMetrics();
}
