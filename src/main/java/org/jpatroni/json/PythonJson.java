package org.jpatroni.json;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON as Python's {@code json} module writes it, because that is what clients of Patroni were built against: everything outside ASCII
 * escaped, keys in the order of insertion, floats as {@code repr()}. Patroni's answers have blanks after the separators, what it stores
 * has none.
 */
public final class PythonJson {

    private static final char[] HEX = "0123456789abcdef".toCharArray();

    private final StringBuilder out;
    private final String comma;
    private final String colon;

    private PythonJson(StringBuilder out, String comma, String colon) {
        this.out = out;
        this.comma = comma;
        this.colon = colon;
    }

    /**
     * Writes a tree of maps, lists, strings, numbers, booleans and null as answers carry it: {@code ", "} and {@code ": "}.
     *
     * @throws IllegalArgumentException for any other type
     */
    public static String write(@Nullable Object value) {
        StringBuilder out = new StringBuilder(512);
        new PythonJson(out, ", ", ": ").append(value);
        return out.toString();
    }

    /** The same as it is stored: without blanks. */
    public static String writeCompact(@Nullable Object value) {
        StringBuilder out = new StringBuilder(512);
        new PythonJson(out, ",", ":").append(value);
        return out.toString();
    }

    private void append(@Nullable Object value) {
        switch (value) {
            case null -> out.append("null");
            case String text -> writeString(out, text);
            case Boolean bool -> out.append(bool.booleanValue());
            case Double number -> out.append(jsonFloat(number));
            case Float number -> out.append(jsonFloat(number.doubleValue()));
            case BigDecimal number -> out.append(jsonFloat(number.doubleValue()));
            case Number number -> out.append(number);
            case Map<?, ?> map -> appendMap(map);
            case List<?> list -> appendList(list);
            default -> throw new IllegalArgumentException("no JSON form for " + value.getClass().getName());
        }
    }

    private void appendMap(Map<?, ?> map) {
        out.append('{');
        boolean first = true;
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            if (!first) {
                out.append(comma);
            }
            first = false;
            writeString(out, String.valueOf(entry.getKey()));
            out.append(colon);
            append(entry.getValue());
        }
        out.append('}');
    }

    private void appendList(List<?> list) {
        out.append('[');
        for (int i = 0; i < list.size(); i++) {
            if (i > 0) {
                out.append(comma);
            }
            append(list.get(i));
        }
        out.append(']');
    }

    private static void writeString(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c >= ' ' && c < 0x7F) {
                        out.append(c);
                    } else {
                        out.append("\\u").append(HEX[c >> 12]).append(HEX[c >> 8 & 15]).append(HEX[c >> 4 & 15])
                                .append(HEX[c & 15]);
                    }
                }
            }
        }
        out.append('"');
    }

    private static String jsonFloat(double value) {
        if (Double.isNaN(value)) {
            return "NaN";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "Infinity" : "-Infinity";
        }
        return floatRepr(value);
    }

    /** {@code repr()} of a finite Python float: the shortest digits that read back, exponent below 1e-4 and from 1e16 on. */
    public static String floatRepr(double value) {
        if (value == 0) {
            return 1 / value < 0 ? "-0.0" : "0.0";
        }
        BigDecimal shortest = shortest(Math.abs(value));
        String digits = shortest.unscaledValue().toString();
        int exponent = digits.length() - shortest.scale() - 1;
        StringBuilder out = new StringBuilder(24);
        if (value < 0) {
            out.append('-');
        }
        if (exponent < -4 || exponent >= 16) {
            out.append(digits.charAt(0));
            if (digits.length() > 1) {
                out.append('.').append(digits, 1, digits.length());
            }
            int size = Math.abs(exponent);
            return out.append('e').append(exponent < 0 ? '-' : '+').append(size < 10 ? "0" : "").append(size)
                    .toString();
        }
        if (exponent < 0) {
            return out.append("0.").append("0".repeat(-exponent - 1)).append(digits).toString();
        }
        int whole = exponent + 1;
        if (digits.length() <= whole) {
            return out.append(digits).append("0".repeat(whole - digits.length())).append(".0").toString();
        }
        return out.append(digits, 0, whole).append('.').append(digits, whole, digits.length()).toString();
    }

    /** Java's digits are the shortest but that it takes two where one would do; that shows in the smallest numbers only. */
    private static BigDecimal shortest(double value) {
        BigDecimal java = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        BigDecimal oneDigit = java.round(new MathContext(1, RoundingMode.HALF_EVEN));
        return oneDigit.doubleValue() == value ? oneDigit.stripTrailingZeros() : java;
    }
}
