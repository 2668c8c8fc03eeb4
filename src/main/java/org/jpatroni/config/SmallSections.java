package org.jpatroni.config;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jpatroni.config.NodeConfig.LogConfig;
import org.jpatroni.config.NodeConfig.WatchdogConfig;
import org.jpatroni.model.Tags;
import org.jpatroni.model.Units;
import org.jspecify.annotations.Nullable;

/** Reads the sections {@code log}, {@code watchdog} and {@code tags}. */
final class SmallSections {

    private static final List<String> LEVELS = List.of("DEBUG", "INFO", "WARN", "WARNING", "ERROR", "FATAL",
            "CRITICAL");
    private static final List<String> BOOLEAN_TAGS = List.of("nofailover", "noloadbalance", "clonefrom", "nosync",
            "nostream");

    private SmallSections() {
    }

    static LogConfig log(ConfigTree root) {
        ConfigTree section = root.section("log");
        String type = section.word("type", "plain", List.of("plain", "json"));
        Map<String, String> fields = new LinkedHashMap<>();
        Optional<String> format = Optional.empty();
        if (section.has("format") && section.values().get("format") instanceof List<?> list) {
            if (type.equals("plain")) {
                section.error("format", "must be text when the type is plain");
            }
            list.forEach(field -> logField(section, fields, field));
        } else {
            format = section.text("format");
            format.ifPresent(text -> checkFormat(section, text));
        }
        Map<String, String> loggers = new LinkedHashMap<>();
        section.textMap("loggers").forEach((name, level) -> loggers.put(name, level(section, "loggers", level)));
        LogConfig config = new LogConfig(level(section, "level", section.text("level").orElse("INFO")), format,
                section.text("dateformat"), type, section.text("dir"),
                section.wide("file_size", 25_000_000, 0, Long.MAX_VALUE, ""),
                section.integer("file_num", 4, 0, 10_000), Collections.unmodifiableMap(loggers),
                section.flag("deduplicate_heartbeat_logs", false), Collections.unmodifiableMap(fields),
                section.textMap("static_fields"), fileMode(section),
                section.word("traceback_level", "error", List.of("error", "debug")).toUpperCase(Locale.ROOT),
                section.integer("max_queue_size", 1000, 1, 1_000_000));
        section.warnUnknown();
        return config;
    }

    private static void checkFormat(ConfigTree section, String format) {
        try {
            LogFormat.parse(format);
        } catch (IllegalArgumentException wrong) {
            section.error("format", String.valueOf(wrong.getMessage()));
        }
    }

    private static void logField(ConfigTree section, Map<String, String> fields, @Nullable Object field) {
        if (field instanceof String attribute) {
            fields.put(attribute, attribute);
        } else
            if (field instanceof Map<?, ?> renamed && renamed.size() == 1
                    && renamed.entrySet().iterator().next().getValue() instanceof String name) {
                        fields.put(String.valueOf(renamed.keySet().iterator().next()), name);
                    } else {
                        section.error("format", "each item must be a field or one field with its printed name");
                    }
    }

    private static OptionalInt fileMode(ConfigTree section) {
        return section.has("mode") ? OptionalInt.of(section.integer("mode", 0644, 0, 0777)) : OptionalInt.empty();
    }

    /** Python's level numbers are taken too, rounded down to the next name. */
    private static String level(ConfigTree section, String key, String written) {
        String level = written.toUpperCase(Locale.ROOT);
        OptionalLong number = Units.parseInteger(written);
        if (number.isPresent()) {
            long value = number.getAsLong();
            return value >= 50
                    ? "CRITICAL"
                    : value >= 40
                            ? "ERROR"
                            : value >= 30
                                    ? "WARNING"
                                    : value >= 20
                                            ? "INFO"
                                            : "DEBUG";
        }
        if (!LEVELS.contains(level)) {
            section.error(key, "level must be one of " + String.join(", ", LEVELS));
            return "INFO";
        }
        return switch (level) {
            case "WARN" -> "WARNING";
            case "FATAL" -> "CRITICAL";
            default -> level;
        };
    }

    static WatchdogConfig watchdog(ConfigTree root) {
        ConfigTree section = root.section("watchdog");
        WatchdogConfig.Mode mode = switch (section.word("mode", "automatic",
                List.of("off", "automatic", "required", "auto", "require", "disable", "disabled"))) {
            case "automatic", "auto" -> WatchdogConfig.Mode.AUTOMATIC;
            case "required", "require" -> WatchdogConfig.Mode.REQUIRED;
            default -> WatchdogConfig.Mode.OFF;
        };
        WatchdogConfig config = new WatchdogConfig(mode, section.text("device").orElse("/dev/watchdog"),
                section.integer("safety_margin", 5, -1, Integer.MAX_VALUE), section.text("driver").orElse("default"));
        section.warnUnknown();
        return config;
    }

    /** Any tag is allowed; those with a meaning are checked, and pairs that contradict each other are told. */
    static Tags tags(ConfigTree root) {
        ConfigTree section = root.section("tags");
        for (String tag : BOOLEAN_TAGS) {
            if (section.has(tag) && Units.parseBoolean(section.values().get(tag)).isEmpty()) {
                section.warning(tag, "should be true or false");
            }
        }
        for (String tag : List.of("failover_priority", "sync_priority")) {
            if (section.has(tag) && Units.parseInteger(section.values().get(tag)).isEmpty()) {
                section.warning(tag, "should be a whole number");
            }
        }
        return new Tags(section.values());
    }

    /** The sentences that clients look for in the log when a flag and a priority contradict each other; the flag wins. */
    static List<String> tagConflicts(Tags tags) {
        List<String> conflicts = new java.util.ArrayList<>();
        for (List<String> pair : List.of(List.of("nofailover", "failover_priority"),
                List.of("nosync", "sync_priority"))) {
            Object flag = tags.values().get(pair.getFirst());
            OptionalLong priority = Units.parseInteger(tags.values().get(pair.getLast()));
            if (!tags.values().containsKey(pair.getFirst()) || priority.isEmpty()) {
                continue;
            }
            boolean set = flag != null && !Boolean.FALSE.equals(flag) && !"".equals(flag)
                    && !(flag instanceof Number number && number.doubleValue() == 0);
            if (set == priority.getAsLong() > 0) {
                String shown = YamlScalars.pythonText(flag);
                conflicts.add("Conflicting configuration between " + pair.getFirst() + ": " + shown + " and "
                        + pair.getLast() + ": " + priority.getAsLong() + ". Defaulting to " + pair.getFirst() + ": "
                        + shown);
            }
        }
        return conflicts;
    }
}
