package org.jpatroni.model;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Numbers, sizes and durations as PostgreSQL and Patroni read them from settings: {@code 10}, {@code "0x10"}, {@code "16MB"},
 * {@code "30min"}, {@code "on"}.
 */
public final class Units {

    private static final Pattern HEX = Pattern.compile("[-+]?0x[0-9a-fA-F]+");
    private static final Pattern OCTAL = Pattern.compile("[-+]?0[0-7]*");
    private static final Pattern DECIMAL = Pattern.compile("[-+]?(?:0|[1-9][0-9]*)");
    private static final Pattern REAL = Pattern.compile("[-+]?[0-9]*\\.?[0-9]+(?:[eE][-+]?[0-9]+)?");

    /** Greatest first; the factor is to the smallest unit of its kind. */
    private static final Map<String, Double> MEMORY = factors(List.of("TB", "GB", "MB", "kB", "B"),
            0x1p40, 0x1p30, 0x1p20, 0x1p10, 1);
    private static final Map<String, Double> TIME = factors(List.of("d", "h", "min", "s", "ms", "us"),
            86_400e6, 3_600e6, 60e6, 1e6, 1e3, 1);

    private static final List<String> BASE_UNITS = List.of("B", "kB", "MB", "ms", "s", "min");

    private Units() {
    }

    /** {@code on, true, yes, 1} and their opposites in any case; everything else is empty. */
    public static Optional<Boolean> parseBoolean(@Nullable Object value) {
        return switch (String.valueOf(value).toLowerCase(Locale.ROOT)) {
            case "on", "true", "yes", "1" -> Optional.of(true);
            case "off", "false", "no", "0" -> Optional.of(false);
            default -> Optional.empty();
        };
    }

    /** A whole number without a unit; see {@link #parseInteger(Object, String)}. */
    public static OptionalLong parseInteger(@Nullable Object value) {
        return parseInteger(value, "");
    }

    /**
     * A whole number, decimal, octal or hexadecimal; fractions are rounded half to even. A text may carry a unit, which is converted
     * to the base unit; without one the number is taken to be in the base unit already.
     *
     * @param baseUnit {@code B}, {@code kB}, {@code MB}, {@code ms}, {@code s} or {@code min}, optionally with a factor as in
     *        {@code 8kB}; empty: units are not allowed
     * @return empty when it is no number, has a unit that does not fit, or does not fit into 64 bits
     */
    public static OptionalLong parseInteger(@Nullable Object value, String baseUnit) {
        if (value == null || value instanceof Boolean) {
            return OptionalLong.empty();
        }
        if (value instanceof BigDecimal decimal) {
            // Not by way of its plain text: 1e999999999 would fill the memory.
            return decimal.precision() - decimal.scale() > 20 ? OptionalLong.empty() : rounded(decimal);
        }
        String text = value.toString().strip();
        Optional<Prefix> whole = wholePrefix(text);
        String rest = whole.isPresent() ? whole.get().rest() : text;
        boolean fractional = whole.isPresent()
                ? !rest.isEmpty() && ".eE".indexOf(rest.charAt(0)) >= 0
                : rest.startsWith(".");
        Optional<Prefix> number = fractional ? realPrefix(text) : whole;
        if (number.isEmpty()) {
            return OptionalLong.empty();
        }
        String unit = number.get().rest().strip();
        if (unit.isEmpty()) {
            return rounded(number.get().number());
        }
        return convert(number.get().number().doubleValue(), unit, baseUnit).map(BigDecimal::new)
                .map(Units::rounded).orElse(OptionalLong.empty());
    }

    private record Prefix(BigDecimal number, String rest) {
    }

    private static Optional<Prefix> wholePrefix(String text) {
        Matcher hex = HEX.matcher(text);
        if (hex.lookingAt()) {
            return Optional.of(prefix(text, hex.end(), 16));
        }
        Matcher octal = OCTAL.matcher(text);
        if (octal.lookingAt()) {
            return Optional.of(prefix(text, octal.end(), 8));
        }
        Matcher decimal = DECIMAL.matcher(text);
        return decimal.lookingAt() ? Optional.of(prefix(text, decimal.end(), 10)) : Optional.empty();
    }

    private static Prefix prefix(String text, int end, int radix) {
        String digits = text.substring(0, end).replace("0x", "");
        return new Prefix(new BigDecimal(new java.math.BigInteger(digits, radix)), text.substring(end));
    }

    private static Optional<Prefix> realPrefix(String text) {
        Matcher real = REAL.matcher(text);
        if (!real.lookingAt() || real.end() > 400) {
            return Optional.empty();
        }
        double number = Double.parseDouble(real.group());
        return Double.isInfinite(number)
                ? Optional.empty()
                : Optional.of(new Prefix(new BigDecimal(number), text.substring(real.end())));
    }

    private static OptionalLong rounded(BigDecimal number) {
        BigDecimal whole = number.setScale(0, java.math.RoundingMode.HALF_EVEN);
        return whole.abs().compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0
                ? OptionalLong.empty()
                : OptionalLong.of(whole.longValue());
    }

    /** PostgreSQL rounds to a whole multiple of the next smaller unit, so that {@code 30.1GB} is what a reader expects. */
    private static Optional<Double> convert(double value, String unit, String baseUnit) {
        Optional<Prefix> factor = wholePrefix(baseUnit.strip());
        double baseFactor = factor.map(prefix -> prefix.number().doubleValue()).orElse(1.0);
        String base = factor.map(Prefix::rest).orElse(baseUnit);
        Map<String, Double> units = MEMORY.containsKey(base) ? MEMORY : TIME;
        Double unitSize = units.get(unit);
        Double baseSize = units.get(base);
        if (unitSize == null || baseSize == null || !BASE_UNITS.contains(base)) {
            return Optional.empty();
        }
        double converted = value * (unitSize / baseSize / baseFactor);
        double next = nextSmaller(units, unit);
        if (next > 0) {
            double multiplier = next / baseSize;
            converted = Math.rint(converted / multiplier) * multiplier;
        }
        return Optional.of(converted);
    }

    private static double nextSmaller(Map<String, Double> units, String unit) {
        boolean found = false;
        for (Map.Entry<String, Double> entry : units.entrySet()) {
            if (found) {
                return entry.getValue();
            }
            found = entry.getKey().equals(unit);
        }
        return 0;
    }

    private static Map<String, Double> factors(List<String> names, double... sizes) {
        Map<String, Double> factors = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
            factors.put(names.get(i), sizes[i]);
        }
        return Collections.unmodifiableMap(factors);
    }
}
