package org.jpatroni.node;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * One family of series for {@code /metrics}, as Prometheus knows it. The labels {@code scope} and {@code name} of this node are added by
 * whoever writes the text. A family without samples is not shown.
 *
 * @param name with unit and, for a counter, {@code _total}: {@code jpatroni_ha_cycle_duration_seconds}
 * @param help one sentence: what is measured, where it comes from
 * @param samples no two with the same suffix and labels
 */
public record MetricFamily(String name, Type type, String help, List<Sample> samples) {

    /** What may be done with the numbers. */
    public enum Type {
        /** Only grows while the process lives. */
        COUNTER,
        /** Is as it is now. */
        GAUGE,
        /** Counts by upper bound, with sum and count. */
        HISTOGRAM
    }

    /** A label of a sample. */
    public record Label(String name, String value) {
    }

    /**
     * One number.
     *
     * @param suffix what a histogram adds to the name of the family; else empty
     */
    public record Sample(String suffix, List<Label> labels, double value) {

        public Sample {
            labels = Collections.unmodifiableList(new ArrayList<>(labels));
        }
    }

    public MetricFamily {
        samples = Collections.unmodifiableList(new ArrayList<>(samples));
    }

    /** A number without labels of its own. */
    public static MetricFamily gauge(String name, String help, double value) {
        return gauges(name, help).add(value).build();
    }

    /** A whole number without labels of its own. */
    public static MetricFamily gauge(String name, String help, long value) {
        return gauges(name, help).add(value).build();
    }

    /** A count without labels of its own. */
    public static MetricFamily counter(String name, String help, long value) {
        return counters(name, help).add(value).build();
    }

    /** A sum, of seconds for example, without labels of its own. */
    public static MetricFamily counter(String name, String help, double value) {
        return counters(name, help).add(value).build();
    }

    /** Numbers by label. */
    public static Builder gauges(String name, String help) {
        return new Builder(name, Type.GAUGE, help);
    }

    /** Counts by label. */
    public static Builder counters(String name, String help) {
        return new Builder(name, Type.COUNTER, help);
    }

    /** Distributions by label. */
    public static Builder histograms(String name, String help) {
        return new Builder(name, Type.HISTOGRAM, help);
    }

    /** Collects the samples of one family. */
    public static final class Builder {

        private final String name;
        private final Type type;
        private final String help;
        private final List<Sample> samples = new ArrayList<>();

        private Builder(String name, Type type, String help) {
            this.name = name;
            this.type = type;
            this.help = help;
        }

        /** A whole number; {@code labels}: name, value, name, value ... */
        public Builder add(long value, String... labels) {
            return add((double) value, labels);
        }

        /** @param labels name, value, name, value ... */
        public Builder add(double value, String... labels) {
            samples.add(new Sample("", labels(labels), value));
            return this;
        }

        /**
         * A distribution.
         *
         * @param bounds upper bounds, ascending, without infinity
         * @param counts how many fell under each bound but not under the one before; the last, one more than there are bounds, is the rest
         * @param labels name, value, name, value ...
         */
        public Builder add(List<Double> bounds, List<Long> counts, double sum, String... labels) {
            List<Label> own = labels(labels);
            long cumulative = 0;
            for (int i = 0; i < counts.size(); i++) {
                cumulative += counts.get(i);
                List<Label> bounded = new ArrayList<>(own);
                bounded.add(new Label("le", i < bounds.size() ? number(bounds.get(i)) : "+Inf"));
                samples.add(new Sample("_bucket", bounded, (double) cumulative));
            }
            samples.add(new Sample("_sum", own, sum));
            samples.add(new Sample("_count", own, (double) cumulative));
            return this;
        }

        public MetricFamily build() {
            return new MetricFamily(name, type, help, samples);
        }

        private static List<Label> labels(String... namesAndValues) {
            List<Label> labels = new ArrayList<>();
            for (int i = 0; i + 1 < namesAndValues.length; i += 2) {
                labels.add(new Label(namesAndValues[i], namesAndValues[i + 1]));
            }
            return labels;
        }

        private static String number(double bound) {
            return bound == Math.rint(bound) ? Long.toString((long) bound) : Double.toString(bound);
        }
    }
}
