package org.jpatroni.config;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A log line's layout in Python's %-style: {@code %(asctime)s %(levelname)-8s %(message)s}.
 *
 * @param pieces texts and attributes in order
 */
public record LogFormat(List<Piece> pieces) {

    /** What Patroni logs with when nothing is configured. */
    public static final String DEFAULT = "%(asctime)s %(levelname)s: %(message)s";

    /** The attributes of Python's log records that have a meaning here. */
    public static final List<String> ATTRIBUTES = List.of("asctime", "created", "filename", "funcName", "levelname",
            "levelno", "lineno", "message", "module", "msecs", "name", "pathname", "process", "processName",
            "relativeCreated", "taskName", "thread", "threadName");

    private static final Pattern ATTRIBUTE = Pattern
            .compile("%(?:%|\\((\\w+)\\)([-0 +#]*)(\\d{1,3})?(?:\\.(\\d{1,3}))?([a-zA-Z]))");

    /** A part of the line. */
    public sealed interface Piece {
    }

    /** Text as it is. */
    public record Text(String text) implements Piece {
    }

    /**
     * The value of an attribute.
     *
     * @param pattern as {@link String#format} takes it
     * @param conversion Python's conversion letter: {@code s}, {@code d}, {@code f} ...
     */
    public record Attribute(String name, String pattern, char conversion) implements Piece {
    }

    public LogFormat {
        pieces = Collections.unmodifiableList(new ArrayList<>(pieces));
    }

    /**
     * Reads a layout.
     *
     * @throws IllegalArgumentException with a sentence that says what is wrong
     */
    public static LogFormat parse(String format) {
        List<Piece> pieces = new ArrayList<>();
        Matcher matcher = ATTRIBUTE.matcher(format);
        int end = 0;
        while (matcher.find()) {
            text(pieces, format.substring(end, matcher.start()));
            end = matcher.end();
            if (matcher.group(1) == null) {
                pieces.add(new Text("%"));
            } else {
                pieces.add(attribute(matcher));
            }
        }
        text(pieces, format.substring(end));
        return new LogFormat(pieces);
    }

    private static void text(List<Piece> pieces, String text) {
        if (text.contains("%")) {
            throw new IllegalArgumentException("a percent sign must begin %(attribute)s or be doubled");
        }
        if (!text.isEmpty()) {
            pieces.add(new Text(text));
        }
    }

    private static Attribute attribute(Matcher matcher) {
        String name = matcher.group(1);
        if (!ATTRIBUTES.contains(name)) {
            throw new IllegalArgumentException("%(" + name + ") is no attribute of log records"
                    + Problems.nearest(name, ATTRIBUTES).map(near -> ", did you mean %(" + near + ")?").orElse(""));
        }
        char conversion = matcher.group(5).charAt(0);
        String javaConversion = switch (conversion) {
            case 's', 'r', 'a' -> "s";
            case 'd', 'i', 'u' -> "d";
            case 'f', 'F' -> "f";
            case 'e', 'E', 'g', 'G', 'x', 'X', 'o' -> String.valueOf(conversion);
            default -> throw new IllegalArgumentException("%(" + name + ")" + conversion + " is no conversion");
        };
        // Java refuses flags without effect, and flags that contradict each other, where Python ignores them.
        String flags = Optional.ofNullable(matcher.group(2)).orElse("");
        String width = Optional.ofNullable(matcher.group(3)).orElse("");
        String kept = width.isEmpty()
                ? ""
                : flags.contains("-")
                        ? "-"
                        : flags.contains("0") && !javaConversion.equals("s") ? "0" : "";
        boolean precise = matcher.group(4) != null && !"dxXo".contains(javaConversion);
        return new Attribute(name, "%" + kept + width + (precise ? "." + matcher.group(4) : "") + javaConversion,
                conversion);
    }

    /** Whether rendering needs the place in the source, which is expensive to find. */
    public boolean needsCaller() {
        return pieces.stream().anyMatch(piece -> piece instanceof Attribute attribute
                && List.of("filename", "funcName", "lineno", "module", "pathname").contains(attribute.name()));
    }

    /** The attributes in order, each once. */
    public List<String> attributes() {
        return pieces.stream().filter(Attribute.class::isInstance).map(piece -> ((Attribute) piece).name()).distinct()
                .toList();
    }

    /**
     * The line.
     *
     * @param values attribute to {@link String}, {@link Long} or {@link Double}
     */
    public String render(Function<String, Object> values) {
        StringBuilder line = new StringBuilder();
        for (Piece piece : pieces) {
            switch (piece) {
                case Text text -> line.append(text.text());
                case Attribute attribute -> line.append(render(attribute, values.apply(attribute.name())));
            }
        }
        return line.toString();
    }

    private static String render(Attribute attribute, Object value) {
        if (attribute.pattern().equals("%s")) {
            return text(value);
        }
        Object argument = switch (attribute.pattern().charAt(attribute.pattern().length() - 1)) {
            case 'd', 'x', 'X', 'o' -> value instanceof Number number ? (Object) number.longValue() : null;
            case 's' -> text(value);
            default -> value instanceof Number number ? (Object) number.doubleValue() : null;
        };
        return argument == null ? text(value) : String.format(Locale.ROOT, attribute.pattern(), argument);
    }

    private static String text(Object value) {
        return YamlScalars.pythonText(value);
    }
}
