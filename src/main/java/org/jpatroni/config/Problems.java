package org.jpatroni.config;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Collects everything that is wrong or doubtful, so that a user sees all of it at once. */
public final class Problems {

    private final Map<String, String> origins;
    private final List<String> errors = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();

    /** @param origins path of a setting to where it was written, such as {@code patroni.yml:12} or a variable's name */
    public Problems(Map<String, String> origins) {
        this.origins = new LinkedHashMap<>(origins);
    }

    public Problems() {
        this(Collections.emptyMap());
    }

    /** Something that must be mended before the configuration can be used. */
    public void error(String path, String message) {
        add(errors, path, message);
    }

    /** Something that works, but probably not as meant. */
    public void warning(String path, String message) {
        add(warnings, path, message);
    }

    public List<String> errors() {
        return Collections.unmodifiableList(errors);
    }

    public List<String> warnings() {
        return Collections.unmodifiableList(warnings);
    }

    private void add(List<String> lines, String path, String message) {
        String origin = origins.containsKey(path)
                ? origins.get(path)
                : origins.entrySet().stream().filter(entry -> entry.getKey().startsWith(path + ".")).findFirst()
                        .map(Map.Entry::getValue).orElse(null);
        String line = path + ": " + message + (origin == null ? "" : " (" + origin + ")");
        if (!lines.contains(line)) {
            lines.add(line);
        }
    }

    /** The known name that an unknown one was probably meant to be. */
    static Optional<String> nearest(String name, Collection<String> known) {
        String wanted = name.toLowerCase(Locale.ROOT).replace('-', '_');
        String best = "";
        int bestDistance = Math.max(1, wanted.length() / 3) + 1;
        for (String candidate : known) {
            int distance = distance(wanted, candidate.toLowerCase(Locale.ROOT));
            if (distance < bestDistance) {
                best = candidate;
                bestDistance = distance;
            }
        }
        return best.isEmpty() ? Optional.empty() : Optional.of(best);
    }

    /** Edit distance where two neighbours that changed places count as one edit. */
    private static int distance(String from, String to) {
        int[][] cost = new int[from.length() + 1][to.length() + 1];
        for (int i = 0; i <= from.length(); i++) {
            for (int j = 0; j <= to.length(); j++) {
                if (i == 0 || j == 0) {
                    cost[i][j] = i + j;
                    continue;
                }
                int substitution = from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1;
                cost[i][j] = Math.min(Math.min(cost[i - 1][j], cost[i][j - 1]) + 1, cost[i - 1][j - 1] + substitution);
                if (i > 1 && j > 1 && from.charAt(i - 1) == to.charAt(j - 2)
                        && from.charAt(i - 2) == to.charAt(j - 1)) {
                    cost[i][j] = Math.min(cost[i][j], cost[i - 2][j - 2] + 1);
                }
            }
        }
        return cost[from.length()][to.length()];
    }
}
