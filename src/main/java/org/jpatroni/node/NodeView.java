package org.jpatroni.node;

import java.util.List;
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

    /** What the agent counts, for {@code /metrics}. Asks nobody. */
    List<MetricFamily> agentMetrics();
}
