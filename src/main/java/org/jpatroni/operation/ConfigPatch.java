package org.jpatroni.operation;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jpatroni.json.PythonJson;
import org.jspecify.annotations.Nullable;

/**
 * Merges a patch into a configuration as Patroni's {@code PATCH /config} does: null removes a key that is there, mappings are merged, a value
 * that reads the same ({@code 100} and {@code "100"}) stays as it was written, everything else replaces.
 */
final class ConfigPatch {

    private ConfigPatch() {
    }

    /** The merged configuration; key order of the old one, new keys at the end. */
    static Map<String, @Nullable Object> merge(Map<?, ?> before, Map<?, ?> patch) {
        Map<String, @Nullable Object> merged = new LinkedHashMap<>();
        before.forEach((key, value) -> merged.put(String.valueOf(key), value));
        patch.forEach((name, value) -> {
            String key = String.valueOf(name);
            Object old = merged.get(key);
            if (value == null) {
                merged.remove(key);
            } else if (value instanceof Map<?, ?> changes && old instanceof Map<?, ?> section) {
                merged.put(key, merge(section, changes));
            } else if (!merged.containsKey(key) || !text(old).equals(text(value))) {
                merged.put(key, value);
            }
        });
        return merged;
    }

    /** Python's {@code str()} of scalars; two spellings of one list compare by their JSON. */
    private static String text(@Nullable Object value) {
        return switch (value) {
            case null -> "None";
            case String text -> text;
            case Boolean truth -> truth ? "True" : "False";
            default -> Objects.requireNonNull(PythonJson.write(value));
        };
    }
}
