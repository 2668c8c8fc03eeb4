package org.jpatroni.agent;

import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jpatroni.decide.Action;

/** Counts what the loop does, for {@code /metrics}. Written by the loop, read by anybody. */
public final class LoopCounters {

    private final ConcurrentSkipListMap<String, AtomicLong> counts = new ConcurrentSkipListMap<>();
    private volatile long lastCycleNanos;

    void rule(String ruleId) {
        add("jpatroni_ha_rule_total{rule=\"" + ruleId + "\"}");
    }

    void cycle(long nanos) {
        lastCycleNanos = nanos;
        add("jpatroni_ha_cycles_total");
    }

    void failure() {
        add("jpatroni_ha_cycle_failures_total");
    }

    void action(Action action, Action.Result result) {
        add("jpatroni_ha_actions_total{action=\"" + action.getClass().getSimpleName().toLowerCase(Locale.ROOT)
                + "\",result=\"" + result.getClass().getSimpleName().toLowerCase(Locale.ROOT) + "\"}");
    }

    private void add(String name) {
        counts.computeIfAbsent(name, _ -> new AtomicLong()).incrementAndGet();
    }

    /** Metric name with labels to value. */
    public SortedMap<String, Double> values() {
        SortedMap<String, Double> values = new TreeMap<>();
        counts.forEach((name, count) -> values.put(name, (double) count.get()));
        values.put("jpatroni_ha_cycle_seconds", lastCycleNanos / 1e9);
        return values;
    }
}
