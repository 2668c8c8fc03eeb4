package org.jpatroni.api;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/** Timestamps as Python prints them. */
final class PythonTime {

    private PythonTime() {
    }

    /** {@code str(datetime)} in UTC: {@code 2026-11-22 19:45:48.742740+00:00}; no fraction when the microseconds are zero. */
    static String text(Instant instant) {
        return format(instant.atOffset(ZoneOffset.UTC), ' ');
    }

    /** {@code datetime.isoformat()}: the same with {@code T} and the offset as given. */
    static String iso(OffsetDateTime time) {
        return format(time, 'T');
    }

    /** {@code (datetime - epoch).total_seconds()}. */
    static double epochSeconds(Instant instant) {
        return (instant.getEpochSecond() * 1_000_000L + instant.getNano() / 1000) / 1e6;
    }

    private static String format(OffsetDateTime time, char separator) {
        StringBuilder out = new StringBuilder(32);
        padded(out, time.getYear(), 4).append('-');
        padded(out, time.getMonthValue(), 2).append('-');
        padded(out, time.getDayOfMonth(), 2).append(separator);
        padded(out, time.getHour(), 2).append(':');
        padded(out, time.getMinute(), 2).append(':');
        padded(out, time.getSecond(), 2);
        int micros = time.getNano() / 1000;
        if (micros != 0) {
            padded(out.append('.'), micros, 6);
        }
        int offset = time.getOffset().getTotalSeconds();
        out.append(offset < 0 ? '-' : '+');
        offset = Math.abs(offset);
        padded(out, offset / 3600, 2).append(':');
        padded(out, offset / 60 % 60, 2);
        if (offset % 60 != 0) {
            padded(out.append(':'), offset % 60, 2);
        }
        return out.toString();
    }

    private static StringBuilder padded(StringBuilder out, int value, int width) {
        String digits = Integer.toString(value);
        return out.append("0".repeat(Math.max(0, width - digits.length()))).append(digits);
    }
}
