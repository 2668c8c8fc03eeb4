package org.jpatroni.runtime;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/** Counts durations by fixed upper bounds. Recording takes no lock and allocates nothing; safe for any number of threads. */
public final class Histogram {

    /**
     * The counts at about one moment.
     *
     * @param boundsSeconds upper bounds, ascending
     * @param counts how many fell under each bound but not under the one before; the last is the rest
     */
    public record Snapshot(List<Double> boundsSeconds, List<Long> counts, double sumSeconds) {

        /** How many were recorded. */
        public long count() {
            return counts.stream().mapToLong(Long::longValue).sum();
        }
    }

    private final List<Double> boundsSeconds;
    private final long[] boundsNanos;
    private final LongAdder[] counts;
    private final LongAdder sumNanos = new LongAdder();

    private Histogram(List<Double> boundsSeconds) {
        this.boundsSeconds = List.copyOf(boundsSeconds);
        this.boundsNanos = boundsSeconds.stream().mapToLong(bound -> Math.round(bound * 1e9)).toArray();
        this.counts = new LongAdder[boundsNanos.length + 1];
        Arrays.setAll(counts, i -> new LongAdder());
    }

    /** @param bounds upper bounds in seconds, inclusive, ascending */
    public static Histogram ofSeconds(Double... bounds) {
        return new Histogram(List.of(bounds));
    }

    /** Counts one duration; one below zero, which a clock should not produce, counts as zero. */
    public void record(long nanos) {
        long duration = Math.max(0, nanos);
        int bucket = 0;
        while (bucket < boundsNanos.length && duration > boundsNanos[bucket]) {
            bucket++;
        }
        counts[bucket].increment();
        sumNanos.add(duration);
    }

    public Snapshot snapshot() {
        List<Long> now = new ArrayList<>(counts.length);
        for (LongAdder count : counts) {
            now.add(count.sum());
        }
        return new Snapshot(boundsSeconds, now, sumNanos.sum() / 1e9);
    }
}
