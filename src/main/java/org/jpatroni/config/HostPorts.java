package org.jpatroni.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Texts such as {@code 10.0.0.1:5432}, {@code [::1]:8008}, {@code *:8008}, {@code host1,host2:5432}. */
public final class HostPorts {

    private static final List<String> WILDCARDS = List.of("", "*", "0.0.0.0", "::");

    private HostPorts() {
    }

    /**
     * Splits at the last colon, so that an IPv6 address with a port needs no brackets. Several hosts stay one comma separated text.
     *
     * @param defaultPort for a text without a port; 0: a port is required
     * @return empty when the port is missing or no number from 1 to 65535
     */
    public static Optional<HostPort> parse(String text, int defaultPort) {
        String trimmed = text.strip();
        int colon = trimmed.lastIndexOf(':');
        boolean hasPort = colon >= 0 && !trimmed.endsWith("]");
        String host = hasPort ? trimmed.substring(0, colon) : trimmed;
        int port = hasPort ? port(trimmed.substring(colon + 1)) : defaultPort;
        if (port < 1 || port > 65_535) {
            return Optional.empty();
        }
        List<String> hosts = new ArrayList<>();
        for (String one : host.split(",", -1)) {
            hosts.add(one.strip().replaceAll("^\\[|]$", ""));
        }
        return Optional.of(new HostPort(String.join(",", hosts), port));
    }

    /** Whether one can listen on it but nobody can connect to it. */
    public static boolean isWildcard(String host) {
        return WILDCARDS.contains(host);
    }

    public static boolean isLoopback(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        return name.equals("localhost") || name.startsWith("127.") || name.equals("::1");
    }

    private static int port(String digits) {
        try {
            return Integer.parseInt(digits.strip());
        } catch (NumberFormatException notANumber) {
            return -1;
        }
    }
}
