package org.jpatroni.agent;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts what operators asked this node to do, by kind and outcome, for {@code /metrics}. An operation is counted once, when its outcome is
 * known, on the node that took the call. Safe for any number of threads.
 */
public final class OperationCounters {

    /** What operators ask for. Each is shown from the start, so that the first one is an increase that a rate can see. */
    public static final List<String> OPERATIONS = List.of("switchover", "failover", "restart", "reinitialize", "config",
            "reload");

    /** It was carried out, or was accepted where the call does not wait for the end. */
    public static final String SUCCESS = "success";
    /** It was begun and did not come to its end. */
    public static final String FAILURE = "failure";
    /** A condition was not met; nothing was changed. */
    public static final String REFUSED = "refused";

    /** Outcomes that are shown from the start. Others may be counted too, for example {@code scheduled} or {@code timeout}. */
    public static final List<String> OUTCOMES = List.of(SUCCESS, FAILURE, REFUSED);

    /** More kinds than any code of ours has: a name that comes from a request must not fill the memory. */
    static final int SERIES_MAX = 100;

    private static final String OTHER = "other";

    /** An operation and its outcome. */
    record Key(String operation, String outcome) implements Comparable<Key> {

        @Override
        public int compareTo(Key other) {
            int byOperation = operation.compareTo(other.operation);
            return byOperation != 0 ? byOperation : outcome.compareTo(other.outcome);
        }
    }

    private final Map<Key, LongAdder> counts = new ConcurrentSkipListMap<>();

    public OperationCounters() {
        for (String operation : OPERATIONS) {
            for (String outcome : OUTCOMES) {
                counts.put(new Key(operation, outcome), new LongAdder());
            }
        }
    }

    /**
     * Counts one operation that has come to its end.
     *
     * @param operation one of {@link #OPERATIONS}, or another fixed word in lower case
     * @param outcome one of {@link #OUTCOMES}, or another fixed word in lower case
     */
    public void count(String operation, String outcome) {
        Key key = new Key(operation, outcome);
        LongAdder count = counts.get(key);
        if (count == null) {
            Key shown = counts.size() < SERIES_MAX ? key : new Key(OTHER, OTHER);
            count = counts.computeIfAbsent(shown, other -> new LongAdder());
        }
        count.increment();
    }

    SortedMap<Key, Long> values() {
        SortedMap<Key, Long> values = new TreeMap<>();
        counts.forEach((key, count) -> values.put(key, count.sum()));
        return values;
    }
}
