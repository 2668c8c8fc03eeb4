package org.jpatroni.config;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.model.Tree;
import org.jspecify.annotations.Nullable;

/** Reads the section {@code bootstrap}. */
final class BootstrapReader {

    /** The agent sets these itself, or they would make it wait for something that never comes. */
    private static final List<String> INITDB_FORBIDDEN = List.of("pgdata", "nosync", "pwfile", "sync-only", "version");

    private BootstrapReader() {
    }

    static BootstrapConfig read(ConfigTree root) {
        ConfigTree section = root.section("bootstrap");
        String method = section.text("method").orElse("initdb");
        if (!method.equals("initdb") && section.section(method).text("command").isEmpty()) {
            section.error("method", "there is no section bootstrap." + method + " with a command");
        }
        Optional<String> postBootstrap = section.text("post_bootstrap").or(() -> section.text("post_init"));
        Map<String, @Nullable Object> dcs = new LinkedHashMap<>(Tree.mapAt(section.values(), "dcs"));
        if (root.values().containsKey("citus")) {
            // Patroni: a shard that lost acknowledged rows does not fit to the others.
            dcs.putIfAbsent("synchronous_mode", "quorum");
        }
        section.optionalSection("dcs").ifPresent(DynamicConfigValidator::warn);
        List<String> options = initdbOptions(section);
        if (section.has("users")) {
            section.warning("users", "has no effect since Patroni 4; create users with post_bootstrap");
        }
        List<String> known = new ArrayList<>(List.of("post_init", "pg_hba", method));
        section.values().forEach((key, value) -> {
            if (value instanceof Map<?, ?> map && map.containsKey("command")) {
                known.add(key);
            }
        });
        section.warnUnknown(known.toArray(String[]::new));
        return new BootstrapConfig(method, dcs, options, postBootstrap, section.values());
    }

    private static List<String> initdbOptions(ConfigTree section) {
        List<String> options = new ArrayList<>();
        Object written = section.has("initdb") ? section.values().get("initdb") : null;
        switch (written) {
            case null -> {
            }
            case Map<?, ?> map -> map.forEach((name, value) -> option(section, options, name, value));
            case List<?> list -> {
                for (Object element : list) {
                    if (element instanceof Map<?, ?> map && map.size() == 1) {
                        map.forEach((name, value) -> option(section, options, name, value));
                    } else if (element instanceof String flag) {
                        option(section, options, flag, "");
                    } else {
                        section.error("initdb", "must be a list of options, each a text or one key with a value");
                    }
                }
            }
            default -> section.error("initdb", "must be a list of options");
        }
        return Collections.unmodifiableList(options);
    }

    private static void option(ConfigTree section, List<String> options, Object key,
            @Nullable Object value) {
        String name = String.valueOf(key);
        if (INITDB_FORBIDDEN.contains(name)) {
            section.error("initdb", "option " + name + " is not allowed");
        } else if ("".equals(value)) {
            options.add("--" + name);
        } else if (value instanceof String || value instanceof Number) {
            options.add("--" + name + "=" + unquoted(YamlScalars.pythonText(value)));
        } else {
            section.error("initdb", "option " + name + " must have a text as its value, or be written without a colon");
        }
    }

    private static String unquoted(String text) {
        boolean quoted = text.length() > 1 && (text.startsWith("\"") && text.endsWith("\"")
                || text.startsWith("'") && text.endsWith("'"));
        return quoted ? text.substring(1, text.length() - 1) : text;
    }
}
