package org.jpatroni.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Helpers for JSON and YAML values kept as trees: {@code Map<String, Object>} in written order, {@code List}, {@code String},
 * {@code Number}, {@code Boolean} and null. Trees in the model are deeply unmodifiable.
 */
public final class Tree {

    private Tree() {
    }

    /** A deeply unmodifiable copy that keeps key order. */
    public static Map<String, @Nullable Object> copyOf(Map<?, ?> source) {
        Map<String, @Nullable Object> copy = new LinkedHashMap<>();
        source.forEach((key, value) -> copy.put(String.valueOf(key), copyValue(value)));
        return Collections.unmodifiableMap(copy);
    }

    private static @Nullable Object copyValue(@Nullable Object value) {
        return switch (value) {
            case Map<?, ?> map -> copyOf(map);
            case List<?> list -> {
                List<@Nullable Object> copy = new ArrayList<>(list.size());
                for (Object element : list) {
                    copy.add(copyValue(element));
                }
                yield Collections.unmodifiableList(copy);
            }
            case null -> null;
            default -> value;
        };
    }

    /** The sub-tree at {@code key}, or an empty one when it is absent or no mapping. */
    public static Map<String, @Nullable Object> mapAt(Map<String, ? extends @Nullable Object> tree, String key) {
        return tree.get(key) instanceof Map<?, ?> map ? copyOf(map) : Collections.emptyMap();
    }
}
