package org.jpatroni.api;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jpatroni.node.FreshSnapshot;
import org.jpatroni.node.HaStatus;
import org.jpatroni.node.MetricFamily;
import org.jpatroni.node.NodeStatus;
import org.jpatroni.node.NodeView;

/** A node that answers what the test says, at once or when the test wants. */
final class FakeNode implements NodeView {

    private volatile Supplier<NodeStatus> status;
    private volatile Supplier<Optional<FreshSnapshot>> cluster;
    private volatile CompletableFuture<Void> gate = CompletableFuture.completedFuture(null);
    final AtomicInteger statusQuestions = new AtomicInteger();
    final List<MetricFamily> metrics = new CopyOnWriteArrayList<>();

    FakeNode(NodeFixture fixture) {
        status = fixture::status;
        cluster = () -> Optional.of(new FreshSnapshot(fixture.snapshot(), fixture.snapshotAt, false));
    }

    void set(NodeFixture fixture) {
        NodeStatus fixed = fixture.status();
        FreshSnapshot snapshot = new FreshSnapshot(fixture.snapshot(), fixture.snapshotAt, false);
        status = () -> fixed;
        cluster = () -> Optional.of(snapshot);
    }

    void setCluster(Optional<FreshSnapshot> snapshot) {
        cluster = () -> snapshot;
    }

    /** Holds back all answers until {@link #release}. */
    void hold() {
        gate = new CompletableFuture<>();
    }

    void release() {
        gate.complete(null);
    }

    @Override
    public HaStatus ha() {
        return status.get().ha();
    }

    @Override
    public CompletableFuture<NodeStatus> status() {
        statusQuestions.incrementAndGet();
        return gate.thenApplyAsync(open -> status.get());
    }

    @Override
    public CompletableFuture<Optional<FreshSnapshot>> cluster() {
        return gate.thenApplyAsync(open -> cluster.get());
    }

    @Override
    public List<MetricFamily> agentMetrics() {
        return metrics;
    }
}
