package org.jpatroni.postgres;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Properties;

/** Translates libpq's connection settings into those of pgjdbc. */
final class JdbcSettings {

    private JdbcSettings() {
    }

    /** The address. Several hosts are tried in order. */
    static String url(SqlTarget target) {
        String[] hosts = target.host().split(",", -1);
        String[] ports = target.port().split(",", -1);
        StringBuilder places = new StringBuilder();
        for (int i = 0; i < hosts.length; i++) {
            String host = hosts[i].strip();
            String port = ports[Math.min(i, ports.length - 1)].strip();
            places.append(places.isEmpty() ? "" : ",").append(host.contains(":") ? "[" + host + "]" : host)
                    .append(':').append(port.isEmpty() ? "5432" : port);
        }
        return "jdbc:postgresql://" + places + "/" + URLEncoder.encode(target.database(), StandardCharsets.UTF_8);
    }

    /**
     * @param startupOptions settings of the session as {@code -c name=value}
     */
    static Properties properties(SqlTarget target, String applicationName, String startupOptions) {
        Map<String, String> libpq = target.libpqOptions();
        Properties settings = new Properties();
        settings.setProperty("user", target.user().isEmpty() ? System.getProperty("user.name") : target.user());
        target.password().ifPresent(password -> settings.setProperty("password", password.reveal()));
        settings.setProperty("ApplicationName", applicationName);
        settings.setProperty("socketFactory", SessionSocketFactory.class.getName());
        // Patroni 4.1 supports older servers, but this daemon begins at 13; saves round trips at connect.
        settings.setProperty("assumeMinServerVersion", "13");
        settings.setProperty("tcpKeepAlive", "true");
        String sslmode = target.socketDirectory().isPresent() ? "disable" : libpq.getOrDefault("sslmode", "prefer");
        settings.setProperty("sslmode", sslmode);
        if (!sslmode.equals("disable")) {
            settings.setProperty("sslfactory", TlsSocketFactory.class.getName());
            copy(libpq, "sslnegotiation", settings, "sslNegotiation");
        }
        // "prefer" would have the JDK look for a Kerberos login at every connect; libpq does so only when it has a ticket.
        settings.setProperty("gssEncMode", "require".equals(libpq.get("gssencmode")) ? "require" : "disable");
        copy(libpq, "channel_binding", settings, "channelBinding");
        copy(libpq, "krbsrvname", settings, "kerberosServerName");
        copy(libpq, "require_auth", settings, "requireAuth");
        settings.setProperty("targetServerType", targetServerType(libpq.getOrDefault("target_session_attrs", "any")));
        if (target.replication()) {
            settings.setProperty("replication", "true");
            settings.setProperty("preferQueryMode", "simple");
        } else {
            settings.setProperty("options", startupOptions);
        }
        return settings;
    }

    private static void copy(Map<String, String> from, String key, Properties to, String jdbcKey) {
        String value = from.get(key);
        if (value != null && !value.isEmpty()) {
            to.setProperty(jdbcKey, value);
        }
    }

    private static String targetServerType(String sessionAttributes) {
        return switch (sessionAttributes) {
            case "read-write", "primary" -> "primary";
            case "read-only", "standby" -> "secondary";
            case "prefer-standby" -> "preferSecondary";
            default -> "any";
        };
    }
}
