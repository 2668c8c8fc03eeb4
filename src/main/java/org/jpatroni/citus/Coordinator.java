package org.jpatroni.citus;

import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jpatroni.citus.NodeEvent.Kind;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Wakeup;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the coordinator's table of nodes as the groups are. Wishes come from the store in every cycle, and from the workers themselves, which
 * tell of a switchover before it happens: then the change begins in a transaction that stays open, so that traffic to that group waits, and
 * ends when the new primary is there or its time is over (Patroni: "Citus worker switchover"). One thread makes all changes.
 */
public final class Coordinator implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Coordinator.class);
    private static final Duration IDLE = Duration.ofMinutes(1);
    private static final Duration PAUSE_AFTER_ERROR = Duration.ofSeconds(1);
    private static final Duration COOLDOWN = Duration.ofSeconds(10);

    /**
     * What a group shall be.
     *
     * @param timeout of the traffic's pause; empty: a wish out of the store
     * @param done counted down when it was tried, or replaced
     */
    private record Wish(Kind kind, DistGroup group, Optional<Duration> timeout, Duration cooldown,
            CountDownLatch done) {
    }

    /** The group whose change is open, and until when the others wait for it. */
    private record Open(int group, long deadlineNanos, boolean primaryChanged) {
    }

    private final NodeTable table;
    private final Tasks tasks;
    private final Wakeup wakeup;
    private final Object lock = new Object();
    private final Map<Integer, Wish> wishes = new LinkedHashMap<>();
    private @Nullable Open open;
    private boolean leads;
    private boolean started;
    private boolean closed;

    /** @param table closed with this */
    public Coordinator(NodeTable table, Tasks tasks) {
        this.table = table;
        this.tasks = tasks;
        this.wakeup = tasks.newWakeup();
    }

    /** The coordinator's primary has seen this group in the store; called in every cycle. */
    public void observe(DistGroup group) {
        synchronized (lock) {
            leads = true;
            if (!started && !closed) {
                started = true;
                var _ = tasks.start("citus", this::run);
            }
            Wish before = wishes.get(group.number());
            boolean announced = before != null && before.timeout().isPresent();
            // What a worker has just told is newer than its key in the store.
            boolean underWay = open != null && open.group() == group.number() && !isPast(open.deadlineNanos());
            if (!announced && !underWay) {
                put(new Wish(Kind.AFTER_PROMOTE, group, Optional.empty(), COOLDOWN, new CountDownLatch(1)));
            }
        }
    }

    /**
     * A worker's primary tells of a change. Before it stops it waits until the traffic to it does.
     *
     * @param group as it shall be
     * @return whether it was taken: only a coordinator that leads does
     */
    public boolean announce(NodeEvent event, DistGroup group) throws InterruptedException {
        Wish wish = new Wish(event.kind(), group, Optional.of(event.timeout()), event.cooldown(),
                new CountDownLatch(1));
        synchronized (lock) {
            if (!leads || closed) {
                return false;
            }
            put(wish);
        }
        return event.kind() != Kind.BEFORE_DEMOTE
                || wish.done().await(event.timeout().toMillis(), TimeUnit.MILLISECONDS);
    }

    /** This node is not the coordinator's primary any more: its server forgets what was not committed. */
    public void standDown() {
        synchronized (lock) {
            leads = false;
            wishes.values().forEach(wish -> wish.done().countDown());
            wishes.clear();
        }
        wakeup.signal();
    }

    private void put(Wish wish) {
        Wish replaced = wishes.put(wish.group().number(), wish);
        if (replaced != null) {
            replaced.done().countDown();
        }
        wakeup.signal();
    }

    private Boolean run() throws InterruptedException {
        while (!isClosed()) {
            var _ = wakeup.await(untilNext());
            boolean goOn = true;
            while (goOn && !isClosed()) {
                goOn = step();
            }
        }
        table.rollback();
        return Boolean.TRUE;
    }

    private boolean isClosed() {
        synchronized (lock) {
            return closed;
        }
    }

    private boolean isPast(long nanos) {
        return tasks.time().nanos() - nanos >= 0;
    }

    private Duration untilNext() {
        synchronized (lock) {
            return open == null || wishes.isEmpty()
                    ? IDLE
                    : Duration.ofNanos(Math.max(0, open.deadlineNanos() - tasks.time().nanos()));
        }
    }

    /** Takes one wish; false when there is nothing to do now. */
    private boolean step() throws InterruptedException {
        takeBackWhatNobodyFinishes();
        Wish wish;
        Open current;
        synchronized (lock) {
            current = open;
            Optional<Wish> next = next(current);
            if (next.isEmpty()) {
                return false;
            }
            wish = next.get();
        }
        try {
            Optional<Open> after = carryOut(wish, Optional.ofNullable(current));
            settle(wish, after.orElse(null));
        } catch (SQLException failed) {
            LOG.error("pg_dist_node, group {}: {}", wish.group().number(), failed.getMessage());
            table.rollback();
            settle(wish, null);
            tasks.time().sleep(PAUSE_AFTER_ERROR);
        }
        return true;
    }

    /** Without the lock while the server is asked: the HA loop must not wait for it. Only this thread changes what is open. */
    private void takeBackWhatNobodyFinishes() {
        Open current;
        synchronized (lock) {
            current = open;
            if (current == null || leads && !(isPast(current.deadlineNanos())
                    && !wishes.containsKey(current.group()) && !wishes.isEmpty())) {
                return;
            }
        }
        LOG.warn("the change of group {} in pg_dist_node is taken back: nobody has finished it", current.group());
        table.rollback();
        synchronized (lock) {
            open = null;
        }
    }

    /** While a change is open only its own group goes on; else the coordinator's address comes first, as all workers need it. */
    private Optional<Wish> next(@Nullable Open current) {
        if (current != null) {
            return Optional.ofNullable(wishes.get(current.group()));
        }
        Wish ofCoordinator = wishes.get(DistGroup.COORDINATOR);
        return ofCoordinator != null ? Optional.of(ofCoordinator) : wishes.values().stream().findFirst();
    }

    private void settle(Wish wish, @Nullable Open after) {
        synchronized (lock) {
            open = after;
            wishes.remove(wish.group().number(), wish);
        }
        wish.done().countDown();
    }

    private Optional<Open> carryOut(Wish wish, Optional<Open> current) throws SQLException {
        DistGroup known = Optional.ofNullable(table.load().get(wish.group().number()))
                .orElseGet(() -> new DistGroup(wish.group().number(), List.of()));
        boolean changedBefore = current.map(Open::primaryChanged).orElse(false);
        GroupTransition transition = GroupTransition.plan(known, wish.group(), changedBefore);
        boolean finish = wish.kind() == Kind.AFTER_PROMOTE;
        if (finish && current.isEmpty() && transition.changes().isEmpty()) {
            return Optional.empty();
        }
        if (current.isEmpty()) {
            table.begin();
        }
        for (RowChange change : transition.changes()) {
            LOG.info("pg_dist_node, group {}: {}", wish.group().number(), change);
            table.change(change, wish.cooldown());
        }
        if (finish) {
            table.commit();
            return Optional.empty();
        }
        long timeoutNanos = wish.timeout().orElse(COOLDOWN).toNanos();
        return Optional.of(new Open(wish.group().number(), tasks.time().nanos() + timeoutNanos,
                transition.primaryChanged()));
    }

    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            wishes.values().forEach(wish -> wish.done().countDown());
            wishes.clear();
        }
        wakeup.signal();
        table.close();
    }
}
