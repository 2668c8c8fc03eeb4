package org.jpatroni.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code synchronous_standby_names} as PostgreSQL reads it: {@code FIRST n (list)}, {@code ANY n (list)}, {@code n (list)}, or a list. Names
 * are compared without case, {@code *} is anybody.
 *
 * @param any whether any so many of them do, and not the first in order of priority
 * @param count how many must have flushed
 * @param names in order of priority, in lower case
 */
record SimStandbyNames(boolean any, int count, List<String> names) {

    private static final Pattern COUNTED = Pattern.compile("(?is)\\s*(?:(FIRST|ANY)\\s+)?(\\d+)\\s*\\((.*)\\)\\s*");
    private static final Pattern NAME = Pattern.compile("\\G\\s*(?:\"((?:[^\"]|\"\")*)\"|([^\\s,\"()]+))\\s*(?:,|$)");

    /** Nobody is waited for. */
    static final SimStandbyNames NONE = new SimStandbyNames(false, 0, List.of());

    static SimStandbyNames parse(String setting) {
        if (setting.isBlank()) {
            return NONE;
        }
        Matcher counted = COUNTED.matcher(setting);
        if (counted.matches()) {
            boolean any = counted.group(1) != null && counted.group(1).equalsIgnoreCase("any");
            return new SimStandbyNames(any, Integer.parseInt(counted.group(2)), list(counted.group(3)));
        }
        return new SimStandbyNames(false, 1, list(setting));
    }

    private static List<String> list(String text) {
        List<String> names = new ArrayList<>();
        Matcher name = NAME.matcher(text);
        int end = 0;
        while (end < text.length() && name.find()) {
            String written = name.group(1) == null ? name.group(2) : name.group(1).replace("\"\"", "\"");
            names.add(written.toLowerCase(Locale.ROOT));
            end = name.end();
        }
        if (end < text.length() || names.isEmpty()) {
            throw new SimFailure("PostgreSQL would refuse synchronous_standby_names = '" + text + "'");
        }
        return List.copyOf(names);
    }

    boolean isEmpty() {
        return names.isEmpty();
    }

    /** From 1 for the first; empty for somebody who is not listed. In {@code ANY} all are equal. */
    OptionalInt priorityOf(String applicationName) {
        for (int i = 0; i < names.size(); i++) {
            if (names.get(i).equals("*") || names.get(i).equals(applicationName.toLowerCase(Locale.ROOT))) {
                return OptionalInt.of(any ? 1 : i + 1);
            }
        }
        return OptionalInt.empty();
    }
}
