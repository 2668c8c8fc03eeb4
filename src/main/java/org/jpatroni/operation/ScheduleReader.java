package org.jpatroni.operation;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jpatroni.dcs.ClusterCodec;
import org.jspecify.annotations.Nullable;

/**
 * Reads the time at which something shall happen, in every form that clients send: ISO 8601 with or without seconds, fraction, {@code T}, colon
 * in the offset, dashes; slashes; the date of an e-mail; the time in front. As in Patroni the month stands first in {@code 01/02/2100}.
 */
final class ScheduleReader {

    private static final int BAD_REQUEST = 400;
    private static final int UNPROCESSABLE = 422;
    private static final String UNREADABLE = "Unable to parse scheduled timestamp. It should be in an unambiguous format, e.g. ISO 8601";

    private static final String TIME = "(?<hour>\\d{1,2})(?::?(?<minute>\\d{2})(?::?(?<second>\\d{2})(?:[.,](?<fraction>\\d+))?)?)?"
            + "(?:\\s*(?<half>[AP]M))?";
    private static final String ZONE = "(?:\\s*(?:(?<utc>Z|UTC|GMT)|(?<posix>UTC|GMT)?(?<sign>[+-])(?<zoneHour>\\d{1,2})(?::?(?<zoneMinute>\\d{2}))?|(?<name>[A-Z]{3,5})))?";
    private static final List<String> MONTHS = List.of("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP",
            "OCT", "NOV", "DEC");
    private static final List<Pattern> FORMS = List.of(
            Pattern.compile(
                    "(?<year>\\d{4})(?<break>[-/.])(?<month>\\d{1,2})\\k<break>(?<day>\\d{1,2})(?:(?:\\s*T|\\s+)"
                            + TIME + ZONE + ")?"),
            Pattern.compile("(?<year>\\d{4})(?<month>\\d{2})(?<day>\\d{2})(?:(?:\\s*T|\\s+)" + TIME + ZONE + ")?"),
            Pattern.compile(TIME + ZONE + "\\s+(?<year>\\d{4})-(?<month>\\d{1,2})-(?<day>\\d{1,2})"),
            Pattern.compile("(?<month>\\d{1,2})/(?<day>\\d{1,2})/(?<year>\\d{4})(?:\\s+" + TIME + ZONE + ")?"),
            Pattern.compile(
                    "(?:[A-Z]{3},?\\s+)?(?<monthName>[A-Z]{3})\\s+(?<day>\\d{1,2}),?\\s+(?<year>\\d{4})(?:,?\\s+"
                            + TIME + ZONE + ")?"),
            Pattern.compile("(?:[A-Z]{3},?\\s+)?(?<day>\\d{1,2})\\s+(?<monthName>[A-Z]{3})\\s+(?<year>\\d{4})(?:,?\\s+"
                    + TIME + ZONE + ")?"));

    private ScheduleReader() {
    }

    /** What a client has sent as a time. */
    sealed interface Schedule {

        /** Nothing, null or an empty string: at once. */
        record Now() implements Schedule {
        }

        /**
         * A time to come.
         *
         * @param text as Patroni writes it: ISO 8601 with the offset that the client chose
         */
        record At(OffsetDateTime time, String text) implements Schedule {
        }

        /** Nothing that can be scheduled, in Patroni's words. */
        record Refused(int code, String text) implements Schedule {
        }
    }

    /**
     * Reads what came.
     *
     * @param value of the field, as in the JSON object
     * @param action for the refusal: {@code restart}, {@code switchover}
     * @param now what is earlier is refused
     */
    static Schedule read(@Nullable Object value, String action, Instant now) {
        if (value == null || Boolean.FALSE.equals(value) || value.equals("")) {
            return new Schedule.Now();
        }
        if (!(value instanceof String text)) {
            return new Schedule.Refused(UNPROCESSABLE, UNREADABLE);
        }
        String wanted = text.strip().toUpperCase(Locale.ROOT);
        for (Pattern form : FORMS) {
            Matcher match = form.matcher(wanted);
            if (match.matches()) {
                return schedule(match, action, now);
            }
        }
        return new Schedule.Refused(UNPROCESSABLE, UNREADABLE);
    }

    private static Schedule schedule(Matcher match, String action, Instant now) {
        OffsetDateTime time;
        try {
            time = time(match);
        } catch (DateTimeException impossible) {
            return new Schedule.Refused(UNPROCESSABLE, UNREADABLE);
        }
        if (match.group("utc") == null && match.group("sign") == null) {
            return new Schedule.Refused(BAD_REQUEST,
                    "Timezone information is mandatory for the scheduled " + action);
        }
        return time.toInstant().isBefore(now)
                ? new Schedule.Refused(UNPROCESSABLE, "Cannot schedule " + action + " in the past")
                : new Schedule.At(time, ClusterCodec.timestamp(time));
    }

    private static OffsetDateTime time(Matcher match) {
        boolean named = match.namedGroups().containsKey("monthName");
        int month = named ? MONTHS.indexOf(match.group("monthName")) + 1 : number(match, "month");
        OffsetDateTime time = OffsetDateTime.of(number(match, "year"), month, number(match, "day"), hour(match),
                number(match, "minute"), number(match, "second"), 0, offset(match));
        String fraction = match.group("fraction");
        long micros = fraction == null ? 0 : Long.parseLong((fraction + "000000").substring(0, 6));
        return time.plus(micros, ChronoUnit.MICROS);
    }

    private static int hour(Matcher match) {
        int hour = number(match, "hour");
        String half = match.group("half");
        if (half == null) {
            return hour;
        }
        if (hour < 1 || hour > 12) {
            throw new DateTimeException("no hour of a half day");
        }
        return hour % 12 + (half.equals("PM") ? 12 : 0);
    }

    private static ZoneOffset offset(Matcher match) {
        // As in POSIX, and in Patroni's parser: GMT+3 is a clock to which 3 hours must be added to get GMT.
        boolean west = "-".equals(match.group("sign")) != (match.group("posix") != null);
        int sign = west ? -1 : 1;
        return ZoneOffset.ofHoursMinutes(sign * number(match, "zoneHour"), sign * number(match, "zoneMinute"));
    }

    private static int number(Matcher match, String group) {
        String digits = match.group(group);
        return digits == null ? 0 : Integer.parseInt(digits);
    }
}
