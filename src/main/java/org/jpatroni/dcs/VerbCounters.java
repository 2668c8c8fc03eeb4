package org.jpatroni.dcs;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/** Calls of the store that were answered and that were not, by verb. */
final class VerbCounters {

    private final Map<String, Long> values = new ConcurrentSkipListMap<>();

    void succeeded(String verb) {
        values.merge(verb + ".calls", 1L, Long::sum);
    }

    void failed(String verb) {
        succeeded(verb);
        values.merge(verb + ".failures", 1L, Long::sum);
    }

    Map<String, Long> values() {
        return values;
    }
}
