package org.jpatroni.dcs;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * JSON as Python's {@code json} module reads it and as Patroni writes it to the store: no spaces, ASCII only, keys in written order,
 * floating point numbers as Python's {@code repr}. Trees are those of {@link org.jpatroni.model.Tree}.
 */
final class PythonJson {

    private static final int NESTING_MAX = 900;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(NESTING_MAX).build()).build())
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

    private PythonJson() {
    }

    /** The tree, or empty when the text is no JSON; a JSON {@code null} is empty too. */
    static Optional<Object> read(String text) {
        try {
            return Optional.ofNullable(MAPPER.readValue(text, Object.class));
        } catch (JacksonException malformed) {
            return Optional.empty();
        }
    }

    /** The object, or empty when the text is no JSON or something else than an object. */
    static Optional<Map<?, ?>> readObject(String text) {
        return read(text).flatMap(tree -> tree instanceof Map<?, ?> map ? Optional.of(map) : Optional.empty());
    }

    static String write(@Nullable Object tree) {
        StringBuilder out = new StringBuilder();
        append(out, tree);
        return out.toString();
    }

    private static void append(StringBuilder out, @Nullable Object value) {
        switch (value) {
            case null -> out.append("null");
            case String text -> appendText(out, text);
            case Boolean bool -> out.append(bool.booleanValue());
            case Double number -> out.append(floatText(number));
            case Float number -> out.append(floatText(number.doubleValue()));
            case BigDecimal number -> out.append(floatText(number.doubleValue()));
            case Number number -> out.append(number);
            case Map<?, ?> map -> {
                out.append('{');
                String comma = "";
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    out.append(comma);
                    appendText(out, String.valueOf(entry.getKey()));
                    out.append(':');
                    append(out, entry.getValue());
                    comma = ",";
                }
                out.append('}');
            }
            case List<?> list -> {
                out.append('[');
                for (Iterator<?> elements = list.iterator(); elements.hasNext();) {
                    append(out, elements.next());
                    out.append(elements.hasNext() ? "," : "");
                }
                out.append(']');
            }
            default -> appendText(out, value.toString());
        }
    }

    private static void appendText(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            switch (character) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\f' -> out.append("\\f");
                case '\b' -> out.append("\\b");
                default -> {
                    if (character < ' ' || character > '~') {
                        out.append(String.format("\\u%04x", (int) character));
                    } else {
                        out.append(character);
                    }
                }
            }
        }
        out.append('"');
    }

    /** The shortest text that reads back as the same number, with an exponent below 1e-4 and from 1e16 on. */
    private static String floatText(double number) {
        if (Double.isNaN(number)) {
            return "NaN";
        }
        if (Double.isInfinite(number)) {
            return number > 0 ? "Infinity" : "-Infinity";
        }
        if (number == 0) {
            return 1 / number < 0 ? "-0.0" : "0.0";
        }
        BigDecimal digits = new BigDecimal(Double.toString(number)).stripTrailingZeros();
        int exponent = digits.precision() - digits.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            String plain = digits.toPlainString();
            return plain.contains(".") ? plain : plain + ".0";
        }
        BigInteger unscaled = digits.unscaledValue().abs();
        String text = unscaled.toString();
        String mantissa = text.length() == 1 ? text : text.charAt(0) + "." + text.substring(1);
        return (number < 0 ? "-" : "") + mantissa + "e" + (exponent < 0 ? "-" : "+")
                + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }
}
