package org.jpatroni.json;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads JSON as Python's {@code json.loads} does, so that reading and writing a stored text again gives what Patroni would show:
 * integers of any size, floats as doubles, {@code NaN} and {@code Infinity} allowed, the last of two equal keys wins at the place of
 * the first.
 */
public final class PythonJsonReader {

    private static final int DEPTH_MAX = 500;
    /** As in Python since 3.11: reading digits takes time that grows with their square. */
    private static final int INTEGER_DIGITS_MAX = 4_300;

    private final String text;
    private int at;
    private int depth;

    private PythonJsonReader(String text) {
        this.text = text;
    }

    /**
     * Reads a whole text to maps, lists, strings, {@link BigInteger}, {@link Double}, booleans and null.
     *
     * @throws IllegalArgumentException when it is no JSON, with the place
     */
    public static @Nullable Object read(String text) {
        PythonJsonReader reader = new PythonJsonReader(text);
        reader.skipSpace();
        Object value = reader.value();
        reader.skipSpace();
        if (reader.at < text.length()) {
            throw reader.bad("extra data");
        }
        return value;
    }

    private @Nullable Object value() {
        if (at >= text.length()) {
            throw bad("value expected");
        }
        return switch (text.charAt(at)) {
            case '{' -> map();
            case '[' -> list();
            case '"' -> string();
            case 't' -> word("true", true);
            case 'f' -> word("false", false);
            case 'n' -> word("null", null);
            case 'N' -> word("NaN", Double.NaN);
            case 'I' -> word("Infinity", Double.POSITIVE_INFINITY);
            default -> number();
        };
    }

    private @Nullable Object word(String word, @Nullable Object value) {
        if (!text.startsWith(word, at)) {
            throw bad("value expected");
        }
        at += word.length();
        return value;
    }

    private Map<String, @Nullable Object> map() {
        enter();
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        skipSpace();
        if (take('}')) {
            depth--;
            return map;
        }
        do {
            skipSpace();
            if (at >= text.length() || text.charAt(at) != '"') {
                throw bad("property name in double quotes expected");
            }
            String key = string();
            skipSpace();
            expect(':');
            skipSpace();
            map.put(key, value());
            skipSpace();
        } while (take(','));
        expect('}');
        depth--;
        return map;
    }

    private List<@Nullable Object> list() {
        enter();
        List<@Nullable Object> list = new ArrayList<>();
        skipSpace();
        if (take(']')) {
            depth--;
            return list;
        }
        do {
            skipSpace();
            list.add(value());
            skipSpace();
        } while (take(','));
        expect(']');
        depth--;
        return list;
    }

    private void enter() {
        at++;
        if (++depth > DEPTH_MAX) {
            throw bad("nested too deeply");
        }
    }

    private String string() {
        StringBuilder out = new StringBuilder();
        at++;
        while (true) {
            if (at >= text.length()) {
                throw bad("unterminated string");
            }
            char c = text.charAt(at++);
            if (c == '"') {
                return out.toString();
            }
            if (c < ' ') {
                throw bad("control character in a string");
            }
            out.append(c == '\\' ? escaped() : c);
        }
    }

    private char escaped() {
        if (at >= text.length()) {
            throw bad("unterminated string");
        }
        char c = text.charAt(at++);
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'u' -> unicode();
            default -> throw bad("unknown escape");
        };
    }

    private char unicode() {
        int value = 0;
        for (int i = 0; i < 4; i++) {
            int digit = at < text.length() ? Character.digit(text.charAt(at++), 16) : -1;
            if (digit < 0) {
                throw bad("four hexadecimal digits expected");
            }
            value = value << 4 | digit;
        }
        return (char) value;
    }

    private Object number() {
        int start = at;
        boolean negative = take('-');
        if (negative && at < text.length() && text.charAt(at) == 'I') {
            word("Infinity", null);
            return Double.NEGATIVE_INFINITY;
        }
        if (!take('0') && digits() == 0) {
            throw bad("value expected");
        }
        int end = at;
        boolean isFloat = false;
        if (take('.')) {
            if (digits() == 0) {
                at = end;
            } else {
                isFloat = true;
                end = at;
            }
        }
        if (take('e') || take('E')) {
            if (!take('+')) {
                take('-');
            }
            if (digits() == 0) {
                at = end;
            } else {
                isFloat = true;
            }
        }
        String number = text.substring(start, at);
        if (!isFloat && number.length() > INTEGER_DIGITS_MAX) {
            throw bad("more digits than an integer may have");
        }
        return isFloat ? (Object) Double.valueOf(number) : new BigInteger(number);
    }

    private int digits() {
        int start = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        return at - start;
    }

    private boolean take(char wanted) {
        if (at < text.length() && text.charAt(at) == wanted) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(char wanted) {
        if (!take(wanted)) {
            throw bad("'" + wanted + "' expected");
        }
    }

    private void skipSpace() {
        while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private IllegalArgumentException bad(String what) {
        return new IllegalArgumentException("not JSON: " + what + " at character " + at);
    }
}
