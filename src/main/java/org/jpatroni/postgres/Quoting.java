package org.jpatroni.postgres;

import java.util.Locale;
import java.util.regex.Pattern;

/** How texts are quoted where PostgreSQL reads them: configuration files, connection strings, password files, SQL. */
final class Quoting {

    private static final Pattern PARAMETER_NAME = Pattern
            .compile("[A-Za-z_][A-Za-z0-9_$]*(\\.[A-Za-z_][A-Za-z0-9_$]*)*");

    private Quoting() {
    }

    /**
     * One line {@code name = 'value'} of a configuration file. Quotes and backslashes are doubled, as Patroni does; a line break, which
     * the file format cannot carry as such, becomes an escape.
     */
    static String configurationLine(String name, String value) {
        return name + " = '" + value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n").replace("\r", "\\r")
                + "'";
    }

    /** Whether PostgreSQL's configuration file reader takes it for a parameter name. */
    static boolean isParameterName(String name) {
        return PARAMETER_NAME.matcher(name).matches();
    }

    /** A value in a libpq connection string: quotes, backslashes and blanks get a backslash, as Patroni writes them. */
    static String conninfoValue(String value) {
        if (value.isEmpty()) {
            return "''";
        }
        StringBuilder escaped = new StringBuilder(value.length() + 4);
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '\'' || c == '\\' || Character.isWhitespace(c)) {
                escaped.append('\\');
            }
            escaped.append(c);
        }
        return escaped.toString();
    }

    /** A field of a password file: colons and backslashes get a backslash. */
    static String passfileField(String value) {
        return value.replace("\\", "\\\\").replace(":", "\\:");
    }

    /** An SQL identifier. */
    static String identifier(String name) {
        requireNoNul(name);
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    /** An SQL string literal that means the same whatever {@code standard_conforming_strings} says. */
    static String literal(String value) {
        requireNoNul(value);
        String doubled = value.replace("'", "''");
        return value.indexOf('\\') < 0 ? "'" + doubled + "'" : " E'" + doubled.replace("\\", "\\\\") + "'";
    }

    private static void requireNoNul(String text) {
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("PostgreSQL's texts cannot hold the character NUL");
        }
    }

    /** The form under which parameter names are compared: PostgreSQL ignores their case. */
    static String parameterKey(String name) {
        return name.toLowerCase(Locale.ROOT);
    }
}
