package org.jpatroni.api;

import java.util.OptionalLong;

/**
 * Reads a size in bytes as Patroni reads {@code lag=}: decimal, octal or hexadecimal integer or a float, then nothing or one of
 * {@code B}, {@code kB}, {@code MB}, {@code GB}, {@code TB} (case matters, as in PostgreSQL's settings). A value with a unit is
 * rounded to whole numbers of the next smaller unit, as PostgreSQL does.
 */
final class LagLimit {

    private static final String[] UNITS = {"TB", "GB", "MB", "kB", "B"};

    private LagLimit() {
    }

    /** The size, or empty when the text is none. */
    static OptionalLong parse(String given) {
        String text = given.strip();
        int end = integerEnd(text);
        double value;
        if (end > 0 && !(end < text.length() && ".eE".indexOf(text.charAt(end)) >= 0)) {
            value = integer(text.substring(0, end));
        } else {
            end = floatEnd(text);
            if (end == 0) {
                return OptionalLong.empty();
            }
            value = Double.parseDouble(text.substring(0, end));
        }
        String unit = text.substring(end).strip();
        if (unit.isEmpty()) {
            return OptionalLong.of((long) Math.rint(value));
        }
        for (int i = 0; i < UNITS.length; i++) {
            if (UNITS[i].equals(unit)) {
                double factor = Math.pow(1024, UNITS.length - 1.0 - i);
                double step = Math.max(1, factor / 1024);
                return OptionalLong.of((long) (Math.rint(value * factor / step) * step));
            }
        }
        return OptionalLong.empty();
    }

    private static int integerEnd(String text) {
        int start = signEnd(text);
        if (text.startsWith("0x", start)) {
            int end = spanEnd(text, start + 2, 16);
            if (end > start + 2) {
                return end;
            }
        }
        boolean octal = text.startsWith("0", start);
        int end = spanEnd(text, start, octal ? 8 : 10);
        return end > start ? end : 0;
    }

    private static double integer(String text) {
        int start = signEnd(text);
        int radix = text.startsWith("0x", start) ? 16 : text.startsWith("0", start) ? 8 : 10;
        String digits = text.substring(radix == 16 ? start + 2 : start);
        double value = new java.math.BigInteger(digits, radix).doubleValue();
        return text.startsWith("-") ? -value : value;
    }

    private static int floatEnd(String text) {
        int start = signEnd(text);
        int end = spanEnd(text, start, 10);
        if (text.startsWith(".", end)) {
            int fraction = spanEnd(text, end + 1, 10);
            end = fraction > end + 1 ? fraction : end;
        }
        if (end == start) {
            return 0;
        }
        if (end < text.length() && (text.charAt(end) == 'e' || text.charAt(end) == 'E')) {
            int digits = end + 1;
            if (digits < text.length() && "+-".indexOf(text.charAt(digits)) >= 0) {
                digits++;
            }
            int exponentEnd = spanEnd(text, digits, 10);
            if (exponentEnd > digits) {
                return exponentEnd;
            }
        }
        return end;
    }

    private static int signEnd(String text) {
        return !text.isEmpty() && "+-".indexOf(text.charAt(0)) >= 0 ? 1 : 0;
    }

    private static int spanEnd(String text, int from, int radix) {
        int end = from;
        while (end < text.length() && text.charAt(end) < 0x80 && Character.digit(text.charAt(end), radix) >= 0) {
            end++;
        }
        return end;
    }
}
