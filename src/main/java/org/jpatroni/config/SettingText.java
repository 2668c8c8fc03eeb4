package org.jpatroni.config;

import java.math.BigDecimal;
import java.util.List;
import java.util.stream.Collectors;

/** The text of a configured value as {@code postgresql.conf} wants it, without quotes. */
final class SettingText {

    private SettingText() {
    }

    /** Booleans are {@code on} and {@code off}, numbers plain decimals, lists joined by commas. */
    static String of(Object value) {
        return switch (value) {
            case Boolean bool -> bool ? "on" : "off";
            case BigDecimal decimal -> plain(decimal);
            case Double number -> number.isInfinite() || number.isNaN()
                    ? number.toString()
                    : plain(new BigDecimal(number.toString()));
            case List<?> list -> list.stream().map(element -> element == null ? "" : of(element))
                    .collect(Collectors.joining(","));
            default -> value.toString();
        };
    }

    private static String plain(BigDecimal number) {
        // A plain 1e999999999 would fill the memory.
        return Math.abs(number.scale()) > 400 ? number.toString() : number.toPlainString();
    }
}
