package org.jpatroni.config;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import org.jpatroni.model.Units;
import org.jspecify.annotations.Nullable;

/**
 * PostgreSQL settings that must be equal on all nodes, or that the agent derives from other settings. They are taken from the dynamic
 * configuration only, checked, and given to the postmaster on its command line, where {@code ALTER SYSTEM} cannot change them.
 */
public final class ControlledParameters {

    /** How a value is checked. */
    private enum Kind {
        /** Never taken from any configuration: the agent sets it. */
        DERIVED, WHOLE, FLAG, ALWAYS_ON, WAL_LEVEL
    }

    private record Rule(Kind kind, long least, String baseUnit, String otherwise) {
    }

    private static final Map<String, Rule> RULES = rules();
    private static final List<String> WAL_LEVELS = List.of("hot_standby", "replica", "logical");

    private ControlledParameters() {
    }

    /** The names, lower case, in the order of Patroni's list. */
    public static List<String> names() {
        return List.copyOf(RULES.keySet());
    }

    public static boolean isControlled(String name) {
        return RULES.containsKey(lower(name));
    }

    /** Whether dynamic configuration may set this to that value; true for settings that are not controlled. */
    public static boolean isUsable(String name, @Nullable Object value) {
        Rule rule = RULES.get(lower(name));
        if (rule == null) {
            return true;
        }
        return switch (rule.kind()) {
            case DERIVED -> false;
            case WHOLE -> {
                OptionalLong number = Units.parseInteger(value, rule.baseUnit());
                yield number.isPresent() && number.getAsLong() >= rule.least();
            }
            case FLAG -> Units.parseBoolean(value).isPresent();
            case ALWAYS_ON -> Units.parseBoolean(value).orElse(false);
            case WAL_LEVEL -> value instanceof String level && WAL_LEVELS.contains(lower(level));
        };
    }

    /** What {@link #isUsable} asks of a value, as a sentence for people. */
    static String rule(String name) {
        Rule rule = RULES.get(lower(name));
        if (rule == null) {
            return "";
        }
        return switch (rule.kind()) {
            case DERIVED -> "cannot be set: it follows from other settings";
            case WHOLE -> "must be a whole number not below " + rule.least() + rule.baseUnit();
            case FLAG -> "must be on or off";
            case ALWAYS_ON -> "is always on";
            case WAL_LEVEL -> "must be replica or logical";
        };
    }

    /** The text of a usable value: numbers are written in decimal, unless they carry a unit. */
    static String text(String name, Object value) {
        Rule rule = RULES.get(lower(name));
        if (rule != null && rule.kind() == Kind.WHOLE && rule.baseUnit().isEmpty()) {
            return Long.toString(Units.parseInteger(value).orElseThrow());
        }
        if (rule != null && rule.kind() == Kind.WAL_LEVEL) {
            String level = lower(value.toString());
            return level.equals("hot_standby") ? "replica" : level;
        }
        return SettingText.of(value);
    }

    /** What the settings are when nobody set them; derived ones and the two about kept WAL are not in it. */
    static Map<String, String> defaults() {
        Map<String, String> defaults = new LinkedHashMap<>();
        RULES.forEach((name, rule) -> {
            if (rule.kind() != Kind.DERIVED && !name.startsWith("wal_keep_")) {
                defaults.put(name, rule.otherwise());
            }
        });
        return defaults;
    }

    static String defaultOf(String name) {
        Rule rule = RULES.get(lower(name));
        return rule == null ? "" : rule.otherwise();
    }

    private static Map<String, Rule> rules() {
        Map<String, Rule> rules = new LinkedHashMap<>();
        for (String name : List.of("listen_addresses", "port", "cluster_name")) {
            rules.put(name, new Rule(Kind.DERIVED, 0, "", ""));
        }
        rules.put("wal_level", new Rule(Kind.WAL_LEVEL, 0, "", "replica"));
        rules.put("hot_standby", new Rule(Kind.ALWAYS_ON, 0, "", "on"));
        rules.put("max_connections", new Rule(Kind.WHOLE, 25, "", "100"));
        rules.put("max_wal_senders", new Rule(Kind.WHOLE, 3, "", "10"));
        rules.put("wal_keep_segments", new Rule(Kind.WHOLE, 1, "", "8"));
        rules.put("wal_keep_size", new Rule(Kind.WHOLE, 16, "MB", "128MB"));
        rules.put("max_prepared_transactions", new Rule(Kind.WHOLE, 0, "", "0"));
        rules.put("max_locks_per_transaction", new Rule(Kind.WHOLE, 32, "", "64"));
        rules.put("track_commit_timestamp", new Rule(Kind.FLAG, 0, "", "off"));
        rules.put("max_replication_slots", new Rule(Kind.WHOLE, 4, "", "10"));
        rules.put("max_worker_processes", new Rule(Kind.WHOLE, 2, "", "8"));
        rules.put("wal_log_hints", new Rule(Kind.FLAG, 0, "", "on"));
        return Collections.unmodifiableMap(rules);
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }
}
