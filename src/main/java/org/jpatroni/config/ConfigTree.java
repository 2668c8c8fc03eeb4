package org.jpatroni.config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jpatroni.model.Tree;
import org.jpatroni.model.Units;
import org.jspecify.annotations.Nullable;

/**
 * One section of a configuration with typed access. A wrong value is told to {@link Problems} and read as absent, so that reading goes
 * on; keys that nobody asked for are told by {@link #warnUnknown}. Null and absent are the same.
 */
public final class ConfigTree {

    private final String path;
    private final Map<String, @Nullable Object> values;
    private final Problems problems;
    private final Set<String> known = new LinkedHashSet<>();

    public ConfigTree(String path, Map<String, @Nullable Object> values, Problems problems) {
        this.path = path;
        this.values = Tree.copyOf(values);
        this.problems = problems;
    }

    /** The section as written. */
    public Map<String, @Nullable Object> values() {
        return values;
    }

    public boolean has(String key) {
        known.add(key);
        return values.get(key) != null;
    }

    public Optional<ConfigTree> optionalSection(String key) {
        return switch (value(key)) {
            case null -> Optional.empty();
            case Map<?, ?> map -> Optional.of(new ConfigTree(pathOf(key), Tree.copyOf(map), problems));
            default -> {
                error(key, "must be a section with keys");
                yield Optional.empty();
            }
        };
    }

    /** The section; an empty one when it is absent. */
    public ConfigTree section(String key) {
        return optionalSection(key).orElseGet(() -> new ConfigTree(pathOf(key), Collections.emptyMap(), problems));
    }

    /** A text; numbers are taken as their text, empty text is absent. */
    public Optional<String> text(String key) {
        return switch (value(key)) {
            case null -> Optional.empty();
            case Boolean _ -> {
                error(key, "must be text; YAML reads this value as true or false unless it is quoted");
                yield Optional.empty();
            }
            case String text when text.indexOf('\0') >= 0 -> {
                error(key, "must not contain a character with the code 0");
                yield Optional.empty();
            }
            case String text -> text.isEmpty() ? Optional.empty() : Optional.of(text);
            case Number number -> Optional.of(YamlScalars.pythonText(number));
            default -> {
                error(key, "must be text");
                yield Optional.empty();
            }
        };
    }

    /** A text that must be there. */
    public String requiredText(String key) {
        Object value = values.get(key);
        if (value == null || "".equals(value)) {
            error(key, "is required");
        }
        return text(key).orElse("");
    }

    public Optional<Secret> secret(String key) {
        return text(key).map(Secret::new);
    }

    public boolean flag(String key, boolean otherwise) {
        Object value = value(key);
        if (value == null || "".equals(value)) {
            return otherwise;
        }
        Optional<Boolean> flag = Units.parseBoolean(value);
        if (flag.isEmpty()) {
            error(key, "must be true or false");
        }
        return flag.orElse(otherwise);
    }

    /** A whole number between two bounds, both included. */
    public int integer(String key, int otherwise, int least, int most) {
        return (int) wide(key, otherwise, least, most, "");
    }

    /** A whole number between two bounds, both included, with an optional unit. */
    public long wide(String key, long otherwise, long least, long most, String baseUnit) {
        Object value = value(key);
        if (value == null || "".equals(value)) {
            return otherwise;
        }
        OptionalLong number = Units.parseInteger(value, baseUnit);
        if (number.isEmpty() || number.getAsLong() < least || number.getAsLong() > most) {
            error(key, "must be a whole number" + (most < Long.MAX_VALUE
                    ? " from " + least + " to " + most
                    : " not below " + least));
            return otherwise;
        }
        return number.getAsLong();
    }

    /** One of several words, in any case; {@code otherwise} when absent. */
    public String word(String key, String otherwise, List<String> allowed) {
        Object value = value(key);
        if (value == null || "".equals(value)) {
            return otherwise;
        }
        // An unquoted "off" has become false on its way through YAML.
        String word = value instanceof Boolean bool ? bool ? "on" : "off" : value.toString().toLowerCase(Locale.ROOT);
        if (!allowed.contains(word)) {
            error(key, "must be one of " + String.join(", ", allowed));
            return otherwise;
        }
        return word;
    }

    /** A list of texts; a single text is split at commas, each part may be quoted. */
    public List<String> commaList(String key) {
        return switch (value(key)) {
            case String text -> Arrays.stream(text.split(",", -1)).map(ConfigTree::unquoted)
                    .filter(part -> !part.isEmpty()).toList();
            case null, default -> textList(key);
        };
    }

    /** A list of texts; numbers are taken as their text. */
    public List<String> textList(String key) {
        Object value = value(key);
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof List<?> list)) {
            error(key, "must be a list");
            return List.of();
        }
        List<String> texts = new ArrayList<>();
        for (Object element : list) {
            if (element instanceof String || element instanceof Number) {
                texts.add(unquoted(YamlScalars.pythonText(element)));
            } else {
                error(key, "must be a list of texts");
            }
        }
        return Collections.unmodifiableList(texts);
    }

    /** A mapping of texts to texts; numbers and booleans are taken as their text. */
    public Map<String, String> textMap(String key) {
        Map<String, String> texts = new LinkedHashMap<>();
        optionalSection(key).ifPresent(section -> section.values.forEach((name, value) -> {
            if (value instanceof Map<?, ?> || value instanceof List<?>) {
                section.error(name, "must be text");
            } else if (value != null) {
                texts.put(name, value instanceof Boolean bool ? bool.toString() : YamlScalars.pythonText(value));
            }
        }));
        return Collections.unmodifiableMap(texts);
    }

    /**
     * An address.
     *
     * @param defaultPort 0: the port must be written
     */
    public Optional<HostPort> address(String key, int defaultPort) {
        Optional<String> text = text(key);
        Optional<HostPort> address = text.flatMap(written -> HostPorts.parse(written, defaultPort));
        if (text.isPresent() && address.isEmpty()) {
            error(key, "must be host:port with a port from 1 to 65535");
        }
        return address;
    }

    /** Warns of keys that no accessor asked for. */
    public void warnUnknown(String... alsoKnown) {
        known.addAll(List.of(alsoKnown));
        warnUnknown(known);
    }

    private void warnUnknown(Collection<String> names) {
        for (String key : values.keySet()) {
            if (!names.contains(key)) {
                String hint = Problems.nearest(key, names).map(name -> ", did you mean " + name + "?").orElse("");
                problems.warning(pathOf(key), "is not known" + hint);
            }
        }
    }

    public void error(String key, String message) {
        problems.error(pathOf(key), message);
    }

    public void warning(String key, String message) {
        problems.warning(pathOf(key), message);
    }

    private String pathOf(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    private @Nullable Object value(String key) {
        known.add(key);
        return values.get(key);
    }

    private static String unquoted(String text) {
        String stripped = text.strip();
        boolean quoted = stripped.length() > 1 && "'\"".indexOf(stripped.charAt(0)) >= 0
                && stripped.charAt(0) == stripped.charAt(stripped.length() - 1);
        return quoted ? stripped.substring(1, stripped.length() - 1).strip() : stripped;
    }
}
