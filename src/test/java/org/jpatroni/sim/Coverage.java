package org.jpatroni.sim;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import org.jpatroni.agent.VerdictTrace;
import org.jpatroni.decide.Decision;
import org.jpatroni.decide.HaRules;
import org.jpatroni.decide.Rule;

/** Which rules fired, over all runs that share it. */
final class Coverage {

    private final Map<String, LongAdder> fired = new ConcurrentSkipListMap<>();

    /** What an agent tells its verdicts to: counted here, and lines of the transcript. */
    VerdictTrace traceFor(SimNode node, SimKernel kernel) {
        String[] last = {""};
        return (facts, verdict) -> {
            fired.computeIfAbsent(verdict.ruleId(), id -> new LongAdder()).increment();
            String line = verdict.ruleId() + (verdict.decision() instanceof Decision.Rest
                    ? ""
                    : " -> " + verdict.decision().getClass().getSimpleName());
            if (!line.equals(last[0])) {
                last[0] = line;
                kernel.trace(node.name(), line + " (" + verdict.reason().text() + ")");
            }
        };
    }

    SortedMap<String, Long> counts() {
        SortedMap<String, Long> counts = new TreeMap<>();
        for (Rule rule : HaRules.CATALOGUE) {
            counts.put(rule.id(), 0L);
        }
        fired.forEach((id, count) -> counts.put(id, count.sum()));
        return counts;
    }
}
