package org.jpatroni.app;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jpatroni.agent.StatusBoard;
import org.jpatroni.node.FreshSnapshot;
import org.jpatroni.node.HaStatus;
import org.jpatroni.node.MetricFamily;
import org.jpatroni.node.NodeStatus;
import org.jpatroni.node.NodeView;

/**
 * What the API sees before store and PostgreSQL are put together: the board alone. The port is open first, so that the first answer does
 * not wait for the rest of the start, and a port that is taken is found before anything else was touched.
 */
final class StartingView implements NodeView {

    private final StatusBoard board;
    private volatile Optional<NodeView> ready = Optional.empty();

    StartingView(StatusBoard board) {
        this.board = board;
    }

    /** From now on this one answers. */
    void become(NodeView view) {
        ready = Optional.of(view);
    }

    @Override
    public HaStatus ha() {
        return board.current();
    }

    @Override
    public CompletableFuture<NodeStatus> status() {
        Optional<NodeView> view = ready;
        return view.isPresent()
                ? view.get().status()
                : CompletableFuture.completedFuture(new NodeStatus(board.current(), Optional.empty(), false));
    }

    @Override
    public CompletableFuture<Optional<FreshSnapshot>> cluster() {
        Optional<NodeView> view = ready;
        return view.isPresent() ? view.get().cluster() : CompletableFuture.completedFuture(Optional.empty());
    }

    @Override
    public List<MetricFamily> agentMetrics() {
        return ready.map(NodeView::agentMetrics).orElseGet(List::of);
    }
}
