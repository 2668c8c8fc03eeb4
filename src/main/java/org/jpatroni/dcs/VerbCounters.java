package org.jpatroni.dcs;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import org.jpatroni.dcs.ClusterStore.VerbFigures;
import org.jpatroni.runtime.Histogram;

/** Calls of the store by verb: how long they took, and how many were not answered. */
final class VerbCounters {

    private static final class Verb {
        private final Histogram durations = Histogram.ofSeconds(0.0025, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0);
        private final LongAdder failures = new LongAdder();
    }

    private final Map<String, Verb> verbs = new ConcurrentSkipListMap<>();

    void succeeded(String verb, long nanos) {
        verbs.computeIfAbsent(verb, name -> new Verb()).durations.record(nanos);
    }

    /** Not answered, or not in time: nobody knows what became of it. */
    void failed(String verb, long nanos) {
        Verb figures = verbs.computeIfAbsent(verb, name -> new Verb());
        figures.durations.record(nanos);
        figures.failures.increment();
    }

    List<VerbFigures> figures() {
        List<VerbFigures> figures = new ArrayList<>();
        verbs.forEach((name, verb) -> figures
                .add(new VerbFigures(name, verb.durations.snapshot(), verb.failures.sum())));
        return figures;
    }
}
