package org.jpatroni.e2e;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;

/** A client that writes row after row to one server, each in a transaction of its own, and remembers what was acknowledged and when. */
final class Writer implements AutoCloseable {

    private static final Duration PAUSE = Duration.ofMillis(5);

    private final TestNode node;
    private final AtomicLong nextId;
    private final List<Acknowledged> acknowledged = Collections.synchronizedList(new ArrayList<>());
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread;

    /** A row that the server has acknowledged, on {@link System#nanoTime}. */
    record Acknowledged(long id, long atNanos) {
    }

    private Writer(TestNode node, long firstId) {
        this.node = node;
        this.nextId = new AtomicLong(firstId);
        this.thread = Thread.ofPlatform().daemon().name("writer").unstarted(this::write);
    }

    /** Creates the table on first use and begins. */
    static Writer start(TestNode node, long firstId) throws SQLException {
        node.execute("CREATE TABLE IF NOT EXISTS written (id bigint PRIMARY KEY)");
        Writer writer = new Writer(node, firstId);
        writer.thread.start();
        return writer;
    }

    /** Begins on a server that may not take writes yet; the table is there. */
    static Writer append(TestNode node, long firstId) {
        Writer writer = new Writer(node, firstId);
        writer.thread.start();
        return writer;
    }

    private void write() {
        while (stop.getCount() > 0) {
            try (Connection connection = node.connect();
                    PreparedStatement insert = connection.prepareStatement("INSERT INTO written VALUES (?)")) {
                while (stop.getCount() > 0) {
                    long id = nextId.getAndIncrement();
                    insert.setLong(1, id);
                    insert.executeUpdate();
                    acknowledged.add(new Acknowledged(id, System.nanoTime()));
                    pause();
                }
            } catch (SQLException refused) {
                pause();
            }
        }
    }

    private void pause() {
        try {
            var _ = stop.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            stop.countDown();
        }
    }

    List<Acknowledged> acknowledged() {
        synchronized (acknowledged) {
            return List.copyOf(acknowledged);
        }
    }

    List<String> acknowledgedIds() {
        return acknowledged().stream().map(each -> Long.toString(each.id())).toList();
    }

    long lastAcknowledgedNanos() {
        return acknowledged().getLast().atNanos();
    }

    /** Waits until that many more rows were acknowledged. */
    void awaitMore(int rows, Duration limit) {
        int before = acknowledged.size();
        Awaitility.await(rows + " more rows on " + node).atMost(limit).pollInterval(Duration.ofMillis(10))
                .until(() -> acknowledged.size() >= before + rows);
    }

    @Override
    public void close() {
        stop.countDown();
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
