package org.jpatroni.config;

import java.math.BigInteger;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.nodes.Tag;

/** The values of scalars whose kind {@link PyYamlResolver} has found. */
final class YamlScalars {

    private YamlScalars() {
    }

    /**
     * @return null, {@link Boolean}, {@link Integer}, {@link Long}, {@link BigInteger}, {@link Double} or {@link String}
     * @throws NumberFormatException when the text does not fit an explicit tag
     */
    static @Nullable Object valueOf(Tag tag, String text) {
        if (tag.equals(Tag.STR) || tag.equals(Tag.TIMESTAMP)) {
            return text;
        }
        if (tag.equals(Tag.NULL)) {
            return null;
        }
        if (tag.equals(Tag.BOOL)) {
            return switch (text.toLowerCase(Locale.ROOT)) {
                case "yes", "true", "on" -> true;
                case "no", "false", "off" -> false;
                default -> throw new NumberFormatException("is no boolean");
            };
        }
        if (tag.equals(Tag.INT)) {
            return integer(text.replace("_", ""));
        }
        return real(text.replace("_", "").toLowerCase(Locale.ROOT));
    }

    /** The text of a value as Python's {@code str()} writes it; what a setting that wants text gets from an unquoted number. */
    static String pythonText(@Nullable Object value) {
        return switch (value) {
            case null -> "None";
            case Boolean bool -> bool ? "True" : "False";
            case Double number -> realText(number);
            default -> value.toString();
        };
    }

    private static Number integer(String text) {
        boolean negative = text.startsWith("-");
        String digits = text.startsWith("-") || text.startsWith("+") ? text.substring(1) : text;
        BigInteger value;
        if (digits.startsWith("0b")) {
            value = new BigInteger(digits.substring(2), 2);
        } else if (digits.startsWith("0x")) {
            value = new BigInteger(digits.substring(2), 16);
        } else if (digits.contains(":")) {
            value = BigInteger.ZERO;
            for (String part : digits.split(":", -1)) {
                value = value.multiply(BigInteger.valueOf(60)).add(new BigInteger(part));
            }
        } else {
            value = new BigInteger(digits, digits.startsWith("0") ? 8 : 10);
        }
        return narrow(negative ? value.negate() : value);
    }

    private static Number narrow(BigInteger value) {
        if (value.bitLength() < Integer.SIZE) {
            return value.intValue();
        }
        return value.bitLength() < Long.SIZE ? value.longValue() : value;
    }

    /** Infinity and NaN stay text: no setting takes them, and JSON could not carry them. */
    private static Object real(String text) {
        if (text.endsWith("inf") || text.endsWith("nan")) {
            return text;
        }
        if (!text.contains(":")) {
            return Double.valueOf(text);
        }
        boolean negative = text.startsWith("-");
        double value = 0;
        for (String part : (text.startsWith("-") || text.startsWith("+") ? text.substring(1) : text).split(":", -1)) {
            value = value * 60 + Double.parseDouble(part);
        }
        return negative ? -value : value;
    }

    private static String realText(double number) {
        String text = Double.toString(number);
        if (!Double.isFinite(number)) {
            return text;
        }
        double size = Math.abs(number);
        if (size == 0 || size >= 1e-4 && size < 1e16) {
            String plain = new java.math.BigDecimal(text).stripTrailingZeros().toPlainString();
            return plain.contains(".") ? plain : plain + ".0";
        }
        int e = text.indexOf('E');
        String mantissa = text.substring(0, e).replaceFirst("\\.0$", "");
        int exponent = Integer.parseInt(text.substring(e + 1));
        return mantissa + "e" + (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }
}
