package org.jpatroni.postgres;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reading and writing of libpq connection strings, in both forms: {@code key=value} and {@code postgres://}. */
public final class Conninfo {

    /** The keys that Patroni writes, in its order. */
    private static final List<String> ORDER = List.of("dbname", "user", "passfile", "password", "host", "port",
            "sslmode", "sslcompression", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl", "sslcrldir",
            "application_name", "krbsrvname", "gssencmode", "channel_binding", "target_session_attrs",
            "sslnegotiation");

    /** The major version that first knew a key; the others are older than 13. */
    private static final Map<String, Integer> KNOWN_SINCE = Map.of("sslcrldir", 14, "sslnegotiation", 17);

    private static final Pattern KEY = Pattern.compile("\\s*([a-z_]+)\\s*=\\s*");
    private static final Pattern URL = Pattern
            .compile("postgres(?:ql)?://(?:([^@/?#]*)@)?([^/?#]*)(?:/([^?#]*))?(?:\\?([^#]*))?");

    private Conninfo() {
    }

    /**
     * A connection string with the keys that Patroni writes, in its order, as far as the version of libpq knows them.
     *
     * @param majorVersion of the libpq that will read it
     */
    public static String format(Map<String, String> values, int majorVersion) {
        StringBuilder text = new StringBuilder();
        for (String key : ORDER) {
            String value = values.get(key);
            boolean hidden = key.equals("password") && values.containsKey("passfile");
            if (value != null && !hidden && majorVersion >= KNOWN_SINCE.getOrDefault(key, 0)) {
                text.append(text.isEmpty() ? "" : " ").append(key).append('=').append(Quoting.conninfoValue(value));
            }
        }
        return text.toString();
    }

    /** The settings in a connection string; empty when libpq would refuse it. */
    public static Optional<Map<String, String>> parse(String text) {
        if (text.startsWith("postgres://") || text.startsWith("postgresql://")) {
            return parseUrl(text);
        }
        Map<String, String> values = new LinkedHashMap<>();
        int position = 0;
        Matcher key = KEY.matcher(text);
        while (position < text.length() && !text.substring(position).isBlank()) {
            key.region(position, text.length());
            if (!key.lookingAt()) {
                return Optional.empty();
            }
            StringBuilder value = new StringBuilder();
            int end = readValue(text, key.end(), value);
            if (end < 0) {
                return Optional.empty();
            }
            values.put(key.group(1), value.toString());
            position = end;
        }
        return Optional.of(values);
    }

    /** Reads one value, quoted or not; returns where it ends, or -1 when its quote is not closed. */
    private static int readValue(String text, int start, StringBuilder value) {
        boolean quoted = start < text.length() && text.charAt(start) == '\'';
        int i = quoted ? start + 1 : start;
        while (i < text.length()) {
            char c = text.charAt(i);
            if (quoted ? c == '\'' : Character.isWhitespace(c)) {
                return i + 1;
            }
            if (c == '\\' && i + 1 < text.length()) {
                i++;
                c = text.charAt(i);
            }
            value.append(c);
            i++;
        }
        return quoted ? -1 : i;
    }

    /**
     * The settings in a URL such as {@code postgres://user:password@host:port/database?key=value}; several hosts are separated by
     * commas, IPv6 addresses stand in brackets.
     */
    private static Optional<Map<String, String>> parseUrl(String url) {
        Matcher parts = URL.matcher(url);
        if (!parts.matches()) {
            return Optional.empty();
        }
        Map<String, String> values = new LinkedHashMap<>();
        String credentials = parts.group(1);
        if (credentials != null) {
            int colon = credentials.indexOf(':');
            put(values, "user", colon < 0 ? credentials : credentials.substring(0, colon));
            put(values, "password", colon < 0 ? null : credentials.substring(colon + 1));
        }
        putHosts(values, parts.group(2));
        put(values, "dbname", parts.group(3));
        if (parts.group(4) != null) {
            for (String pair : parts.group(4).split("&", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0) {
                    put(values, pair.substring(0, equals), pair.substring(equals + 1));
                }
            }
        }
        return Optional.of(values);
    }

    private static void putHosts(Map<String, String> values, String places) {
        StringBuilder hosts = new StringBuilder();
        StringBuilder ports = new StringBuilder();
        String separator = "";
        for (String place : places.split(",", -1)) {
            int colon = place.lastIndexOf(':');
            boolean hasPort = colon > place.lastIndexOf(']');
            String host = hasPort ? place.substring(0, colon) : place;
            boolean bracketed = host.startsWith("[") && host.endsWith("]");
            hosts.append(separator).append(bracketed ? host.substring(1, host.length() - 1) : host);
            ports.append(separator).append(hasPort ? place.substring(colon + 1) : "");
            separator = ",";
        }
        put(values, "host", hosts.toString());
        put(values, "port", ports.chars().allMatch(c -> c == ',') ? null : ports.toString());
    }

    private static void put(Map<String, String> values, String key, @Nullable String encoded) {
        if (encoded != null && !encoded.isEmpty()) {
            values.put(key, URLDecoder.decode(encoded.replace("+", "%2B"), StandardCharsets.UTF_8));
        }
    }
}
