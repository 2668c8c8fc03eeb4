package org.jpatroni.postgres;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Values of the configuration the way Patroni takes them for true, and prints them on command lines. */
final class Truth {

    private static final List<String> FALSE_WORDS = List.of("", "0", "false", "off", "no");

    private Truth() {
    }

    /** Whether a flag is set: {@code true}, {@code '1'}, {@code on}. */
    static boolean of(@Nullable Object value) {
        return switch (value) {
            case null -> false;
            case Boolean flag -> flag;
            case Number number -> number.doubleValue() != 0;
            case Map<?, ?> map -> !map.isEmpty();
            case List<?> list -> !list.isEmpty();
            default -> !FALSE_WORDS.contains(value.toString().toLowerCase(Locale.ROOT));
        };
    }

    /** As Python prints it: scripts that were written for Patroni compare with {@code True}. */
    static String text(@Nullable Object value) {
        return switch (value) {
            case null -> "None";
            case Boolean flag -> flag ? "True" : "False";
            default -> value.toString();
        };
    }
}
