package org.jpatroni.agent;

import java.util.List;
import java.util.function.Supplier;
import org.jpatroni.dcs.ClusterStore.VerbFigures;
import org.jpatroni.node.MetricFamily;
import org.jpatroni.runtime.Histogram;

/** What the agent tells of itself in {@code /metrics}: numbers that are there already, so that a scrape asks neither store nor PostgreSQL. */
public final class AgentMetrics {

    private final LoopCounters loop;
    private final OperationCounters operations;
    private final StatusCounters status;
    private final Supplier<List<VerbFigures>> storeCalls;

    /** @param storeCalls {@code ClusterStore.calls} */
    public AgentMetrics(LoopCounters loop, OperationCounters operations, StatusCounters status,
            Supplier<List<VerbFigures>> storeCalls) {
        this.loop = loop;
        this.operations = operations;
        this.status = status;
        this.storeCalls = storeCalls;
    }

    /** All families, also those that have no samples yet. */
    public List<MetricFamily> families() {
        List<VerbFigures> calls = storeCalls.get();
        return List.of(
                histogram("jpatroni_ha_cycle_duration_seconds", "Duration of the completed cycles of the HA loop.",
                        loop.cycles()),
                MetricFamily.counter("jpatroni_ha_cycle_failures_total",
                        "Cycles of the HA loop that ended in an unexpected error.", loop.failures()),
                rules(), actions(),
                MetricFamily.counter("jpatroni_leader_changes_total",
                        "Times this node has seen another member become the holder of the leader key.",
                        loop.leaderChanges()),
                operations(), callDurations(calls), callErrors(calls),
                histogram("jpatroni_status_query_duration_seconds",
                        "Duration of the question to PostgreSQL that health checks wait for, unanswered ones included.",
                        status.durations()),
                MetricFamily.counter("jpatroni_status_query_unanswered_total",
                        "Questions to PostgreSQL that health checks waited for and that were not answered in time.",
                        status.unanswered()),
                slotsRetained(), slotsActive());
    }

    private static MetricFamily histogram(String name, String help, Histogram.Snapshot figures) {
        return MetricFamily.histograms(name, help)
                .add(figures.boundsSeconds(), figures.counts(), figures.sumSeconds()).build();
    }

    private MetricFamily rules() {
        MetricFamily.Builder family = MetricFamily.counters("jpatroni_ha_rule_total",
                "Decisions of the HA loop by the rule that made them, see docs/ha-rules.md.");
        loop.rules().forEach((rule, count) -> family.add(count, "rule", rule));
        return family.build();
    }

    private MetricFamily actions() {
        MetricFamily.Builder family = MetricFamily.counters("jpatroni_ha_actions_total",
                "Long actions on PostgreSQL that have ended, by kind and result.");
        loop.actions().forEach((end, count) -> family.add(count, "action", end.action(), "result", end.result()));
        return family.build();
    }

    private MetricFamily operations() {
        MetricFamily.Builder family = MetricFamily.counters("jpatroni_operations_total",
                "Operations that this node was asked for, by kind and outcome.");
        operations.values().forEach(
                (key, count) -> family.add(count, "operation", key.operation(), "outcome", key.outcome()));
        return family.build();
    }

    private static MetricFamily callDurations(List<VerbFigures> calls) {
        MetricFamily.Builder family = MetricFamily.histograms("jpatroni_dcs_call_duration_seconds",
                "Duration of the calls of the DCS by verb, unanswered ones included.");
        for (VerbFigures call : calls) {
            Histogram.Snapshot figures = call.durations();
            family.add(figures.boundsSeconds(), figures.counts(), figures.sumSeconds(), "verb", call.verb());
        }
        return family.build();
    }

    private static MetricFamily callErrors(List<VerbFigures> calls) {
        MetricFamily.Builder family = MetricFamily.counters("jpatroni_dcs_errors_total",
                "Calls of the DCS that were not answered, or not in time, by verb.");
        calls.forEach(call -> family.add(call.failures(), "verb", call.verb()));
        return family.build();
    }

    private MetricFamily slotsRetained() {
        MetricFamily.Builder family = MetricFamily.gauges("jpatroni_slot_retained_bytes",
                "WAL that a replication slot of this server keeps, as of the last cycle of the HA loop.");
        loop.slots().forEach((name, slot) -> slot.retainedBytes().ifPresent(bytes -> family.add(bytes, "slot", name)));
        return family.build();
    }

    private MetricFamily slotsActive() {
        MetricFamily.Builder family = MetricFamily.gauges("jpatroni_slot_active",
                "Value is 1 if a replication slot of this server is in use, as of the last cycle of the HA loop.");
        loop.slots().forEach((name, slot) -> family.add(slot.active() ? 1 : 0, "slot", name));
        return family.build();
    }
}
