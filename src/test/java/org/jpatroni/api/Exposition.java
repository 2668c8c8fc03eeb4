package org.jpatroni.api;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads Prometheus' text format as strictly as its own parser and linter do, and lists every fault. */
final class Exposition {

    /** A sample under its full name. */
    record Sample(String name, Map<String, String> labels, double value) {
    }

    /** A family as declared. */
    static final class Family {
        final String name;
        final String help;
        String type = "";
        final List<Sample> samples = new ArrayList<>();

        Family(String name, String help) {
            this.name = name;
            this.help = help;
        }

        /** Names of the labels but those that every sample has, and but {@code le}. */
        Set<String> ownLabels() {
            Set<String> names = new LinkedHashSet<>();
            samples.forEach(sample -> names.addAll(sample.labels().keySet()));
            names.removeAll(List.of("scope", "name", "le"));
            return names;
        }
    }

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9]*(_[a-z0-9]+)*");
    private static final Pattern SERIES = Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)\\{(.*)} (\\S+)");
    private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"((?:[^\"\\\\]|\\\\[\\\\\"n])*)\"(,|$)");
    /** Units that are no base units, and words that say what a type already says. */
    private static final Pattern UNWELCOME = Pattern.compile(
            ".*_(ms|msec|millis|milliseconds|micros|nanos|sec|secs|minutes|hours|days|kb|kilobytes|mb|megabytes|percent"
                    + "|counter|gauge|histogram|lsn)(_.*)?");

    final Map<String, Family> families = new LinkedHashMap<>();
    final List<String> faults = new ArrayList<>();
    private final Set<String> series = new HashSet<>();

    private Exposition() {
    }

    static Exposition of(String text) {
        Exposition exposition = new Exposition();
        if (!text.endsWith("\n") || text.contains("\r")) {
            exposition.faults.add("lines must end in a line feed");
        }
        Family current = new Family("", "");
        for (String line : text.split("\n")) {
            if (line.startsWith("# HELP ")) {
                String[] parts = line.substring(7).split(" ", 2);
                current = new Family(parts[0], parts.length > 1 ? parts[1] : "");
                if (exposition.families.put(parts[0], current) != null) {
                    exposition.faults.add("declared twice: " + line);
                }
            } else if (line.startsWith("# TYPE ")) {
                String[] parts = line.substring(7).split(" ");
                if (!parts[0].equals(current.name) || !current.type.isEmpty() || !current.samples.isEmpty()) {
                    exposition.faults.add("type without its help: " + line);
                }
                current.type = parts[1];
            } else if (!line.startsWith("#")) {
                exposition.sample(line, current);
            }
        }
        exposition.families.values().forEach(exposition::check);
        return exposition;
    }

    private void sample(String line, Family family) {
        Matcher matcher = SERIES.matcher(line);
        if (!matcher.matches()) {
            faults.add("not a sample: " + line);
            return;
        }
        Map<String, String> labels = new LinkedHashMap<>();
        Matcher label = LABEL.matcher(matcher.group(2));
        int end = 0;
        while (end < matcher.group(2).length() && label.find(end) && label.start() == end) {
            if (labels.put(label.group(1), label.group(2)) != null) {
                faults.add("a label twice: " + line);
            }
            end = label.end();
        }
        if (end != matcher.group(2).length()) {
            faults.add("labels that cannot be read: " + line);
        }
        if (!labels.keySet().stream().limit(2).toList().equals(List.of("scope", "name"))) {
            faults.add("scope and name are not its first labels: " + line);
        }
        String name = matcher.group(1);
        boolean belongs = family.type.equals("histogram")
                ? List.of("_bucket", "_sum", "_count").contains(name.substring(Math.min(name.length(),
                        family.name.length()))) && name.startsWith(family.name)
                : name.equals(family.name);
        if (!belongs || labels.containsKey("le") != (family.type.equals("histogram") && name.endsWith("_bucket"))) {
            faults.add("of no declared family: " + line);
        }
        if (!series.add(name + new TreeMap<>(labels))) {
            faults.add("a series twice: " + line);
        }
        String value = matcher.group(3).replace("+Inf", "Infinity").replace("-Inf", "-Infinity");
        family.samples.add(new Sample(name, labels, Double.parseDouble(value)));
    }

    private void check(Family family) {
        boolean own = family.name.startsWith("jpatroni_");
        if (family.type.isEmpty() || family.samples.isEmpty() || family.help.isBlank()) {
            faults.add("no type, no help or no samples: " + family.name);
        }
        if (own && (!family.help.endsWith(".") || !NAME.matcher(family.name).matches()
                || UNWELCOME.matcher(family.name).matches())) {
            faults.add("name or help against the conventions: " + family.name);
        }
        if (own && family.type.equals("counter") != family.name.endsWith("_total")) {
            faults.add("a counter ends in _total, and nothing else does: " + family.name);
        }
        if (own && family.type.equals("histogram") && !family.name.endsWith("_seconds")) {
            faults.add("a histogram without a unit: " + family.name);
        }
        if (family.type.equals("histogram")) {
            checkHistogram(family);
        } else
            if (family.samples.stream().anyMatch(sample -> own && family.type.equals("counter")
                    && sample.value() < 0)) {
                        faults.add("a counter below zero: " + family.name);
                    }
    }

    private void checkHistogram(Family family) {
        Map<Map<String, String>, List<Sample>> byLabels = new LinkedHashMap<>();
        for (Sample sample : family.samples) {
            Map<String, String> labels = new TreeMap<>(sample.labels());
            labels.remove("le");
            byLabels.computeIfAbsent(labels, key -> new ArrayList<>()).add(sample);
        }
        byLabels.forEach((labels, samples) -> {
            if (samples.size() < 3) {
                faults.add("no histogram: " + family.name + labels);
                return;
            }
            double lastBound = Double.NEGATIVE_INFINITY;
            double lastCount = 0;
            for (Sample bucket : samples.subList(0, samples.size() - 2)) {
                String le = bucket.labels().getOrDefault("le", "none");
                double bound = le.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(le);
                if (!bucket.name().endsWith("_bucket") || bound <= lastBound || bucket.value() < lastCount) {
                    faults.add("buckets out of order: " + bucket);
                }
                lastBound = bound;
                lastCount = bucket.value();
            }
            Sample count = samples.getLast();
            if (lastBound != Double.POSITIVE_INFINITY || !count.name().endsWith("_count")
                    || count.value() != lastCount || !samples.get(samples.size() - 2).name().endsWith("_sum")) {
                faults.add("a histogram that is not complete: " + family.name + labels);
            }
        });
    }

    Family family(String name) {
        Family family = families.get(name);
        if (family == null) {
            throw new AssertionError("no family " + name + " in " + families.keySet());
        }
        return family;
    }

    /** The value of the one sample of a family with that name that has all these labels: name, value, name, value ... */
    double value(String name, String... labels) {
        String familyName = name.replaceFirst("_(bucket|sum|count)$", "");
        List<Sample> found = family(families.containsKey(name) ? name : familyName).samples.stream()
                .filter(sample -> sample.name().equals(name)).filter(sample -> {
                    boolean all = true;
                    for (int i = 0; i < labels.length; i += 2) {
                        all &= labels[i + 1].equals(sample.labels().get(labels[i]));
                    }
                    return all;
                }).toList();
        if (found.size() != 1) {
            throw new AssertionError(found.size() + " samples of " + name + " with " + List.of(labels));
        }
        return found.getFirst().value();
    }
}
