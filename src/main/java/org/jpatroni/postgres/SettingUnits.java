package org.jpatroni.postgres;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Values of settings as {@code pg_settings} describes them: whether two texts mean the same, and how a value in base units is shown to
 * people. The rules are those of PostgreSQL's own parser of configuration values, as Patroni applies them.
 */
final class SettingUnits {

    private static final double WAL_KEEP_SEGMENTS_DEFAULT = 8;
    private static final int WAL_SEGMENT_MEGABYTES = 16;

    /**
     * @param name as PostgreSQL spells it; case matters
     * @param size in the smallest unit of its family
     */
    private record Unit(String name, double size) {
    }

    /** From the largest to the smallest: a fraction is rounded to the next smaller unit. */
    private static final List<Unit> MEMORY = List.of(new Unit("TB", Math.pow(1024, 4)),
            new Unit("GB", Math.pow(1024, 3)), new Unit("MB", 1_048_576), new Unit("kB", 1024), new Unit("B", 1));

    private static final List<Unit> TIME = List.of(new Unit("d", 86_400e6), new Unit("h", 3_600e6),
            new Unit("min", 60e6), new Unit("s", 1e6), new Unit("ms", 1e3), new Unit("us", 1));

    private static final Pattern NUMBER = Pattern.compile(
            "([-+]?(?:0[xX][0-9a-fA-F]+|(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:[eE][-+]?[0-9]+)?))\\s*([A-Za-z]*)");

    private static final Pattern BASE_UNIT = Pattern.compile("([0-9]*)(B|kB|MB|ms|s|min)");

    private static final List<String> TRUE = List.of("on", "true", "yes", "1", "t", "tr", "tru", "y", "ye");
    private static final List<String> FALSE = List.of("off", "false", "no", "0", "of", "f", "fa", "fal", "fals", "n");

    private SettingUnits() {
    }

    /**
     * Whether a wanted value is what is in effect.
     *
     * @param type the column {@code vartype}: bool, integer, real, enum or string
     * @param unit the column {@code unit}, for example {@code 8kB}
     * @param current the column {@code setting}: in base units
     * @param wanted as in the configuration: with a unit, or in base units
     */
    static boolean same(String type, @Nullable String unit, String current, String wanted) {
        return switch (type) {
            case "bool" -> {
                Optional<Boolean> now = bool(current);
                yield now.isPresent() && now.equals(bool(wanted));
            }
            case "integer" -> equal(integer(current, null), integer(wanted, unit));
            case "real" -> equal(number(current, null), number(wanted, unit));
            case "enum" -> current.equalsIgnoreCase(wanted);
            default -> current.equals(wanted);
        };
    }

    private static boolean equal(OptionalDouble a, OptionalDouble b) {
        return a.isPresent() && b.isPresent() && a.getAsDouble() == b.getAsDouble();
    }

    /** PostgreSQL takes unambiguous beginnings too. */
    static Optional<Boolean> bool(String text) {
        String lower = text.strip().toLowerCase(Locale.ROOT);
        return TRUE.contains(lower) ? Optional.of(true) : FALSE.contains(lower) ? Optional.of(false) : Optional.empty();
    }

    /** A whole number in base units; fractions are rounded to even, as the C library does. */
    static OptionalDouble integer(String text, @Nullable String unit) {
        OptionalDouble exact = number(text, unit);
        return exact.isPresent() ? OptionalDouble.of(Math.rint(exact.getAsDouble())) : exact;
    }

    /** A number in base units; empty when it is no number, or its unit does not go with the base unit. */
    static OptionalDouble number(String text, @Nullable String unit) {
        Matcher matcher = NUMBER.matcher(text.strip());
        if (!matcher.matches()) {
            return OptionalDouble.empty();
        }
        double value = parse(matcher.group(1));
        if (matcher.group(2).isEmpty()) {
            return OptionalDouble.of(value);
        }
        Matcher base = BASE_UNIT.matcher(unit == null ? "" : unit);
        if (!base.matches()) {
            return OptionalDouble.empty();
        }
        List<Unit> family = family(base.group(2));
        int given = indexOf(family, matcher.group(2));
        if (given < 0) {
            return OptionalDouble.empty();
        }
        double smallest = value * family.get(given).size();
        if (given + 1 < family.size()) {
            double next = family.get(given + 1).size();
            smallest = Math.rint(smallest / next) * next;
        }
        return OptionalDouble.of(smallest / baseSize(base, family));
    }

    private static double parse(String digits) {
        String unsigned = digits.startsWith("-") || digits.startsWith("+") ? digits.substring(1) : digits;
        double value;
        if (unsigned.startsWith("0x") || unsigned.startsWith("0X")) {
            value = Long.parseUnsignedLong(unsigned.substring(2), 16);
        } else if (unsigned.length() > 1 && unsigned.matches("0[0-7]+")) {
            value = Long.parseLong(unsigned, 8);
        } else {
            value = Double.parseDouble(unsigned);
        }
        return digits.startsWith("-") ? -value : value;
    }

    /**
     * A value in base units in the largest unit that holds it exactly, for example {@code 16384} of {@code 8kB} as {@code 128MB}.
     * Whatever is no positive number in a unit stays as it is.
     */
    static String shown(String value, String type, @Nullable String unit) {
        Matcher base = BASE_UNIT.matcher(unit == null ? "" : unit);
        boolean whole = type.equals("integer");
        OptionalDouble parsed = whole
                ? integer(value, null)
                : type.equals("real")
                        ? number(value, null)
                        : OptionalDouble.empty();
        if (!base.matches() || parsed.isEmpty() || parsed.getAsDouble() <= 0) {
            return value;
        }
        List<Unit> family = family(base.group(2));
        double smallest = parsed.getAsDouble() * baseSize(base, family);
        for (Unit candidate : family) {
            double count = smallest / candidate.size();
            if (Math.abs(Math.rint(count) / count - 1) <= 1e-8) {
                return Math.round(count) + candidate.name();
            }
        }
        return value;
    }

    private static double baseSize(Matcher base, List<Unit> family) {
        double multiple = base.group(1).isEmpty() ? 1 : Double.parseDouble(base.group(1));
        return multiple * family.get(indexOf(family, base.group(2))).size();
    }

    private static List<Unit> family(String unit) {
        return indexOf(MEMORY, unit) >= 0 ? MEMORY : TIME;
    }

    private static int indexOf(List<Unit> family, String name) {
        for (int i = 0; i < family.size(); i++) {
            if (family.get(i).name().equals(name)) {
                return i;
            }
        }
        return -1;
    }

    /** {@code wal_keep_segments}, of PostgreSQL before 13, as {@code wal_keep_size}: a segment has 16 MB unless initdb was told otherwise. */
    static String walKeepSize(String segments) {
        double count = integer(segments, null).orElse(WAL_KEEP_SEGMENTS_DEFAULT);
        return Math.round(count) * WAL_SEGMENT_MEGABYTES + "MB";
    }
}
