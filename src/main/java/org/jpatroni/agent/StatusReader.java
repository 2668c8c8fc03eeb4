package org.jpatroni.agent;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jpatroni.dcs.ClusterStore;
import org.jpatroni.dcs.StoreUnavailableException;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.PostgresObservation;
import org.jpatroni.model.PostgresState;
import org.jpatroni.node.FreshSnapshot;
import org.jpatroni.node.HaStatus;
import org.jpatroni.node.MetricFamily;
import org.jpatroni.node.NodeStatus;
import org.jpatroni.node.NodeView;
import org.jpatroni.runtime.Breaker;
import org.jpatroni.runtime.SingleFlight;
import org.jpatroni.runtime.Tasks;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the REST API reads: the loop's published status, paired with PostgreSQL's answer or the store's, each asked once for all who wait, with a
 * hard deadline. A question that is still stuck from before is not asked a second time: once PostgreSQL let a check wait until the deadline, checks
 * are answered at once with its last answer, until it answers again.
 */
public final class StatusReader implements NodeView {

    private static final Logger LOG = LoggerFactory.getLogger(StatusReader.class);

    /** vip-manager gives up after one second; two flights must fit. */
    private static final Duration HARD_LIMIT = Duration.ofMillis(400);

    private final StatusBoard board;
    private final SingleFlight<NodeStatus> statusFlight;
    private final SingleFlight<Optional<FreshSnapshot>> clusterFlight;
    private final StatusSource postgres;
    private final Breaker<PostgresObservation> breaker;
    private final AtomicReference<Optional<PostgresObservation>> lastObservation = new AtomicReference<>(
            Optional.empty());
    private final Bounded<FreshSnapshot> store;
    private final Supplier<List<MetricFamily>> metrics;

    /**
     * @param source what checks wait for
     * @param patient the same question with a longer limit, for a server that did not answer the other
     */
    public StatusReader(StatusBoard board, StatusSource source, StatusSource patient, ClusterStore clusterStore,
            Tasks tasks, Supplier<List<MetricFamily>> metrics) {
        this.board = board;
        this.metrics = metrics;
        this.postgres = source;
        this.breaker = new Breaker<>("status-probe", tasks, patient::ask,
                late -> lastObservation.set(Optional.of(late)));
        this.store = new Bounded<>(tasks, "store-read", () -> readStore(clusterStore, tasks));
        this.statusFlight = new SingleFlight<>("status-flight", tasks, this::flyStatus);
        this.clusterFlight = new SingleFlight<>("cluster-flight", tasks, this::flyCluster);
    }

    @Override
    public HaStatus ha() {
        return board.current();
    }

    @Override
    public CompletableFuture<NodeStatus> status() {
        HaStatus now = board.current();
        if (!now.state().maySpeakSql() || now.state() == PostgresState.STARTING) {
            return CompletableFuture.completedFuture(new NodeStatus(now, Optional.empty(), false));
        }
        if (breaker.isOpen()) {
            return CompletableFuture.completedFuture(new NodeStatus(now, lastObservation.get(), true));
        }
        return statusFlight.join();
    }

    @Override
    public CompletableFuture<Optional<FreshSnapshot>> cluster() {
        return clusterFlight.join();
    }

    @Override
    public List<MetricFamily> agentMetrics() {
        return metrics.get();
    }

    /** The source has a hard deadline of its own, so that no second thread is needed to watch over it. */
    private NodeStatus flyStatus() {
        Optional<PostgresObservation> answer = breaker.ask(postgres::ask);
        if (answer.isPresent()) {
            lastObservation.set(answer);
            return new NodeStatus(board.current(), answer, false);
        }
        HaStatus now = board.current();
        return now.state().maySpeakSql()
                ? new NodeStatus(now, lastObservation.get(), true)
                : new NodeStatus(now, Optional.empty(), false);
    }

    private Optional<FreshSnapshot> flyCluster() {
        Answer<FreshSnapshot> answer = store.ask();
        if (answer.value().isPresent() && !answer.late()) {
            return answer.value();
        }
        HaStatus now = board.current();
        return now.snapshot().map(snapshot -> new FreshSnapshot(snapshot, now.snapshotAtNanos(), true));
    }

    private static Optional<FreshSnapshot> readStore(ClusterStore clusterStore, Tasks tasks) {
        long askedAt = tasks.time().nanos();
        try {
            ClusterSnapshot snapshot = clusterStore.snapshot();
            return Optional.of(new FreshSnapshot(snapshot, askedAt, false));
        } catch (StoreUnavailableException down) {
            LOG.debug("the store did not answer a reader: {}", down.getMessage());
            return Optional.empty();
        }
    }

    /**
     * An answer.
     *
     * @param late it is the last one known, because the question of now was not answered in time
     */
    private record Answer<T>(Optional<T> value, boolean late) {
    }

    private interface Question<T> {
        Optional<T> ask();
    }

    /** One question at a time with a hard limit; called by one flight at a time. */
    private static final class Bounded<T> {
        private final Tasks tasks;
        private final String name;
        private final Question<T> question;
        private final AtomicReference<Optional<T>> last = new AtomicReference<>(Optional.empty());
        private Optional<Tasks.Task<Optional<T>>> stuck = Optional.empty();

        Bounded(Tasks tasks, String name, Question<T> question) {
            this.tasks = tasks;
            this.name = name;
            this.question = question;
        }

        Answer<T> ask() {
            if (stuck.filter(task -> !task.isDone()).isPresent()) {
                return new Answer<>(last.get(), true);
            }
            Tasks.Task<Optional<T>> task = tasks.start(name, question::ask);
            try {
                if (task.await(HARD_LIMIT)) {
                    stuck = Optional.empty();
                    Optional<T> value = task.result().orElse(Optional.empty());
                    last.set(value);
                    return new Answer<>(value, false);
                }
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
            stuck = Optional.of(task);
            return new Answer<>(last.get(), true);
        }
    }
}
