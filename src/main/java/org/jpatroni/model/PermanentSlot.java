package org.jpatroni.model;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A slot that the configuration wants to exist for good (Patroni: {@code slots}). */
public sealed interface PermanentSlot {

    /** Longest name that PostgreSQL accepts. */
    int NAME_LENGTH_MAX = 63;

    String name();

    /**
     * A physical slot.
     *
     * @param clusterType {@code primary} or {@code standby}: kind of cluster on which it exists; empty: on both
     */
    record Physical(String name, Optional<String> clusterType) implements PermanentSlot {

        public boolean existsOn(boolean standbyCluster) {
            return !clusterType.equals(Optional.of(standbyCluster ? "primary" : "standby"));
        }
    }

    /** A logical slot. */
    record Logical(String name, String database, String plugin) implements PermanentSlot {
    }

    /**
     * Reads one entry. Nothing (null, 0, an empty text or mapping) means physical; without a type, database and plugin make it a logical one.
     *
     * @return empty for an entry that {@link #problem} has something to say about
     */
    static Optional<PermanentSlot> read(String name, @Nullable Object value) {
        if (problem(name, value).isPresent()) {
            return Optional.empty();
        }
        Map<?, ?> slot = value instanceof Map<?, ?> map ? map : Collections.emptyMap();
        return Optional.of(isLogical(slot)
                ? new Logical(name, String.valueOf(slot.get("database")), String.valueOf(slot.get("plugin")))
                : new Physical(name, Optional.ofNullable(slot.get("cluster_type")).map(Object::toString)));
    }

    /** What is wrong with an entry; empty: nothing. */
    static Optional<String> problem(String name, @Nullable Object value) {
        if (!isName(name)) {
            return Optional.of("a slot name has 1 to " + NAME_LENGTH_MAX
                    + " lower case letters, digits and underscores");
        }
        if (isNothing(value)) {
            return Optional.empty();
        }
        if (!(value instanceof Map<?, ?> slot)) {
            return Optional.of("must be a mapping");
        }
        Object type = slot.get("type");
        if (type == null || type.equals("physical")) {
            return Optional.empty();
        }
        if (!type.equals("logical")) {
            return Optional.of("the type of a slot is physical or logical");
        }
        return isLogical(slot) ? Optional.empty() : Optional.of("a logical slot needs database and plugin");
    }

    /** Whether PostgreSQL takes it for the name of a slot. */
    static boolean isName(String name) {
        return !name.isEmpty() && name.length() <= NAME_LENGTH_MAX && name.chars()
                .allMatch(c -> c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_');
    }

    private static boolean isLogical(Map<?, ?> slot) {
        Object type = slot.get("type");
        return (type == null || type.equals("logical")) && !isNothing(slot.get("database"))
                && !isNothing(slot.get("plugin"));
    }

    private static boolean isNothing(@Nullable Object value) {
        return switch (value) {
            case null -> true;
            case Map<?, ?> map -> map.isEmpty();
            case List<?> list -> list.isEmpty();
            case Number number -> number.doubleValue() == 0;
            default -> Objects.equals(value, "") || Objects.equals(value, false);
        };
    }
}
