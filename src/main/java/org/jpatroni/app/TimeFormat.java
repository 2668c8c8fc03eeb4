package org.jpatroni.app;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;

/**
 * The time stamp of log lines: {@code 2026-11-22 10:30:00,123}, or what a {@code strftime} format makes of it.
 *
 * @param strftime empty for the default
 */
record TimeFormat(Optional<String> strftime) {

    private static final DateTimeFormatter DEFAULT = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss,SSS",
            Locale.ROOT);

    String format(ZonedDateTime time) {
        if (strftime.isEmpty()) {
            return DEFAULT.format(time);
        }
        StringBuilder text = new StringBuilder();
        String format = strftime.get();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c == '%' && i + 1 < format.length()) {
                i++;
                text.append(directive(format.charAt(i), time));
            } else {
                text.append(c);
            }
        }
        return text.toString();
    }

    private static String directive(char letter, ZonedDateTime time) {
        String pattern = switch (letter) {
            case 'Y' -> "uuuu";
            case 'y' -> "uu";
            case 'm' -> "MM";
            case 'd' -> "dd";
            case 'e' -> "ppd";
            case 'H' -> "HH";
            case 'I' -> "hh";
            case 'M' -> "mm";
            case 'S' -> "ss";
            case 'f' -> "SSSSSS";
            case 'p' -> "a";
            case 'j' -> "DDD";
            case 'a' -> "EEE";
            case 'A' -> "EEEE";
            case 'b', 'h' -> "MMM";
            case 'B' -> "MMMM";
            case 'z' -> "xx";
            case 'Z' -> "zzz";
            case 'F' -> "uuuu-MM-dd";
            case 'T', 'X' -> "HH:mm:ss";
            case 'R' -> "HH:mm";
            case 'D', 'x' -> "MM/dd/uu";
            case 'c' -> "EEE MMM ppd HH:mm:ss uuuu";
            default -> "";
        };
        if (!pattern.isEmpty()) {
            return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time);
        }
        return switch (letter) {
            case '%' -> "%";
            case 'n' -> "\n";
            case 't' -> "\t";
            case 's' -> Long.toString(time.toEpochSecond());
            case 'w' -> Integer.toString(time.getDayOfWeek().getValue() % 7);
            case 'u' -> Integer.toString(time.getDayOfWeek().getValue());
            default -> "%" + letter;
        };
    }
}
