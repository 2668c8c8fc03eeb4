package org.jpatroni.postgres;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Options of PostgreSQL's programs as the configuration may give them ({@code initdb}, {@code basebackup}, {@code rewind}): a mapping, or a
 * list of flags and of mappings with one entry.
 */
final class OptionList {

    private OptionList() {
    }

    /**
     * Long options for a command line.
     *
     * @param section name of the section, for messages
     * @param notAllowed options that JPatroni sets itself
     * @param problem told of every entry that is left out
     */
    static List<String> toArguments(String section, @Nullable Object options, Set<String> notAllowed,
            Consumer<String> problem) {
        List<String> arguments = new ArrayList<>();
        switch (options) {
            case null -> {
            }
            case Map<?, ?> map -> map.forEach((key, value) -> {
                if (value != null && !value.toString().isEmpty()) {
                    add(arguments, section, key.toString(), value, notAllowed, problem);
                }
            });
            case List<?> list -> list.forEach(entry -> addEntry(arguments, section, entry, notAllowed, problem));
            default -> problem.accept("postgresql." + section + " must be a list or a mapping; it is ignored");
        }
        return arguments;
    }

    private static void addEntry(List<String> arguments, String section, @Nullable Object entry,
            Set<String> notAllowed, Consumer<String> problem) {
        if (entry instanceof String flag) {
            add(arguments, section, flag, null, notAllowed, problem);
        } else if (entry instanceof Map<?, ?> map && map.size() == 1) {
            map.forEach((key, value) -> add(arguments, section, key.toString(), value, notAllowed, problem));
        } else {
            problem.accept("an entry of postgresql." + section
                    + " is neither a name nor a single name with a value; it is ignored");
        }
    }

    private static void add(List<String> arguments, String section, String name, @Nullable Object value,
            Set<String> notAllowed, Consumer<String> problem) {
        String key = name.contains("=") ? name.substring(0, name.indexOf('=')) : name;
        if (notAllowed.contains(key)) {
            problem.accept("postgresql." + section + "." + key + " is set by JPatroni itself; it is ignored");
        } else {
            arguments.add("--" + name + (value == null ? "" : "=" + unquoted(value.toString())));
        }
    }

    /** A value may carry quotes that were meant for a shell. */
    static String unquoted(String value) {
        int last = value.length() - 1;
        boolean quoted = last > 0 && (value.charAt(0) == '"' || value.charAt(0) == '\'')
                && value.charAt(0) == value.charAt(last);
        return quoted ? value.substring(1, last) : value;
    }
}
