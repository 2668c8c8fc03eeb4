package org.jpatroni.agent;

import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import org.jpatroni.decide.Action;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresView;
import org.jpatroni.runtime.Histogram;

/** Counts what the loop does and sees, for {@code /metrics}. Written by the loop, read by anybody. */
public final class LoopCounters {

    /** An action and how it ended, as in the labels. */
    record Ending(String action, String result) implements Comparable<Ending> {

        @Override
        public int compareTo(Ending other) {
            int byAction = action.compareTo(other.action);
            return byAction != 0 ? byAction : result.compareTo(other.result);
        }
    }

    /**
     * A replication slot of this server.
     *
     * @param retainedBytes WAL that it keeps, counted from the position of this server; empty when it keeps none
     */
    record Slot(boolean active, Optional<Long> retainedBytes) {
    }

    private final Map<String, LongAdder> rules = new ConcurrentSkipListMap<>();
    private final Map<Ending, LongAdder> actions = new ConcurrentSkipListMap<>();
    private final Histogram cycles = Histogram.ofSeconds(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
            30.0);
    private final LongAdder failures = new LongAdder();
    private final LongAdder leaderChanges = new LongAdder();
    private volatile Optional<String> lastLeader = Optional.empty();
    private volatile SortedMap<String, Slot> slots = Collections.emptySortedMap();

    void rule(String ruleId) {
        rules.computeIfAbsent(ruleId, id -> new LongAdder()).increment();
    }

    void cycle(long nanos) {
        cycles.record(nanos);
    }

    void failure() {
        failures.increment();
    }

    void action(Action action, Action.Result result) {
        Ending ending = new Ending(action.getClass().getSimpleName().toLowerCase(Locale.ROOT),
                result.getClass().getSimpleName().toLowerCase(Locale.ROOT));
        actions.computeIfAbsent(ending, end -> new LongAdder()).increment();
    }

    /** A cluster without a leader in between is no change: only another holder is one. */
    void seen(ClusterSnapshot cluster) {
        Optional<String> holder = cluster.leader().map(LeaderKey::holder);
        if (holder.isPresent() && !holder.equals(lastLeader)) {
            if (lastLeader.isPresent()) {
                leaderChanges.increment();
            }
            lastLeader = holder;
        }
    }

    /** What PostgreSQL said of itself in this cycle; empty when it does not run or does not answer. */
    void seen(Optional<PostgresView.Replication> replication) {
        SortedMap<String, Slot> now = new TreeMap<>();
        replication.ifPresent(up -> {
            Lsn position = up.walPosition();
            up.slots().forEach((name, slot) -> now.put(name, new Slot(slot.active(),
                    slot.restartLsn().map(restart -> Math.max(0, position.bytes() - restart.bytes())))));
        });
        slots = now;
    }

    SortedMap<String, Long> rules() {
        return sums(rules);
    }

    SortedMap<Ending, Long> actions() {
        return sums(actions);
    }

    Histogram.Snapshot cycles() {
        return cycles.snapshot();
    }

    long failures() {
        return failures.sum();
    }

    long leaderChanges() {
        return leaderChanges.sum();
    }

    SortedMap<String, Slot> slots() {
        return slots;
    }

    private static <K extends Comparable<K>> SortedMap<K, Long> sums(Map<K, LongAdder> counts) {
        SortedMap<K, Long> sums = new TreeMap<>();
        counts.forEach((key, count) -> sums.put(key, count.sum()));
        return sums;
    }
}
