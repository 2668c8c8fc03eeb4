package org.jpatroni.model;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Host and port of a PostgreSQL server, out of the two texts in which they occur: a member's {@code conn_url} and libpq's
 * {@code primary_conninfo}.
 *
 * @param port as text, because libpq takes lists
 */
public record ConnectionTarget(String host, String port) {

    private static final String DEFAULT_PORT = "5432";

    /** Reads {@code postgres://[user[:password]@]host[:port][/database][?...]}; empty when it is not such a URL. */
    public static Optional<ConnectionTarget> ofUrl(String url) {
        int scheme = url.indexOf("://");
        if (scheme < 0) {
            return Optional.empty();
        }
        String rest = url.substring(scheme + 3);
        int end = rest.length();
        for (int i = 0; i < rest.length(); i++) {
            if (rest.charAt(i) == '/' || rest.charAt(i) == '?') {
                end = i;
                break;
            }
        }
        String authority = rest.substring(rest.lastIndexOf('@', end) + 1, end);
        int bracket = authority.indexOf(']');
        int colon = authority.indexOf(':', Math.max(bracket, 0));
        String host = colon < 0 ? authority : authority.substring(0, colon);
        String port = colon < 0 ? DEFAULT_PORT : authority.substring(colon + 1);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        return host.isEmpty() ? Optional.empty() : Optional.of(new ConnectionTarget(host, port));
    }

    /** Reads {@code host} and {@code port} of a libpq connection string; empty when there is no host in it. */
    public static Optional<ConnectionTarget> ofConninfo(String conninfo) {
        String host = valueOf(conninfo, "host");
        String port = valueOf(conninfo, "port");
        return host == null || host.isEmpty()
                ? Optional.empty()
                : Optional.of(new ConnectionTarget(host, port == null || port.isEmpty() ? DEFAULT_PORT : port));
    }

    private static @Nullable String valueOf(String conninfo, String wantedKey) {
        int position = 0;
        while (position < conninfo.length()) {
            int equals = conninfo.indexOf('=', position);
            if (equals < 0) {
                return null;
            }
            String key = conninfo.substring(position, equals).strip();
            StringBuilder value = new StringBuilder();
            position = readValue(conninfo, equals + 1, value);
            if (key.equals(wantedKey)) {
                return value.toString();
            }
        }
        return null;
    }

    private static int readValue(String text, int from, StringBuilder value) {
        int position = from;
        while (position < text.length() && text.charAt(position) == ' ') {
            position++;
        }
        boolean quoted = position < text.length() && text.charAt(position) == '\'';
        if (quoted) {
            position++;
        }
        while (position < text.length()) {
            char character = text.charAt(position++);
            if (character == '\\' && position < text.length()) {
                value.append(text.charAt(position++));
            } else if (quoted ? character == '\'' : character == ' ') {
                return position;
            } else {
                value.append(character);
            }
        }
        return position;
    }
}
