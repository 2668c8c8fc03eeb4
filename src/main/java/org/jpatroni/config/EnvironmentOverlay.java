package org.jpatroni.config;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The settings of {@code PATRONI_*} environment variables (Patroni: "Environment Configuration Settings"). Variables with an empty
 * value count as absent.
 */
public final class EnvironmentOverlay {

    /** Holds a whole configuration as YAML; other variables are not looked at then. */
    public static final String WHOLE_CONFIGURATION = "PATRONI_CONFIGURATION";

    /** Connection settings that libpq knows and that authentication entries may carry. */
    static final List<String> LIBPQ_OPTIONS = List.of("sslmode", "sslcert", "sslkey", "sslpassword", "sslrootcert",
            "sslcrl", "sslcrldir", "gssencmode", "channel_binding", "sslnegotiation");

    private static final String PREFIX = "PATRONI_";
    private static final Pattern LOG_ATTRIBUTE = Pattern.compile("%\\(\\w+\\)");

    /** Every variable of these is taken into a section of the same name, where it is told to be unsupported. */
    private static final List<String> UNSUPPORTED = List.of("CONSUL", "ETCD", "EXHIBITOR", "KUBERNETES", "RAFT");

    /** Without the prefix; path in the tree and how the text is read. */
    private static final Map<String, Setting> SETTINGS = settings();

    private enum Kind {
        TEXT, LIST, MAPPING, LOG_FORMAT
    }

    private record Setting(List<String> path, Kind kind) {
    }

    private EnvironmentOverlay() {
    }

    /**
     * Reads the variables.
     *
     * @return their settings as a tree, where each came from, and warnings about variables that mean nothing
     * @throws ConfigException when a list or mapping cannot be read; every such variable is named
     */
    public static Overlay read(Map<String, String> environment) throws ConfigException {
        Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        Map<String, String> origins = new LinkedHashMap<>();
        Problems problems = new Problems();
        new TreeMap<>(environment).forEach((name, text) -> {
            if (!name.startsWith(PREFIX) || text.isEmpty() || name.equals(WHOLE_CONFIGURATION)) {
                return;
            }
            Optional<Setting> setting = settingOf(name.substring(PREFIX.length()));
            if (setting.isEmpty()) {
                problems.warning(name, "is no known environment variable" + Problems
                        .nearest(name.substring(PREFIX.length()), SETTINGS.keySet())
                        .map(nearest -> ", did you mean " + PREFIX + nearest + "?").orElse(""));
                return;
            }
            try {
                Object value = valueOf(setting.get().kind(), text, name);
                if (value != null) {
                    put(tree, setting.get().path(), value);
                    origins.put(String.join(".", setting.get().path()), name);
                }
            } catch (ConfigException unreadable) {
                problems.error(name, String.join(", ", unreadable.problems()));
            }
        });
        if (!problems.errors().isEmpty()) {
            throw new ConfigException(problems.errors());
        }
        return new Overlay(tree, origins, problems.warnings());
    }

    /** The variables' settings. */
    public record Overlay(Map<String, @Nullable Object> tree, Map<String, String> origins, List<String> warnings) {
    }

    private static Optional<Setting> settingOf(String name) {
        Setting setting = SETTINGS.get(name);
        if (setting != null) {
            return Optional.of(setting);
        }
        return UNSUPPORTED.stream().filter(section -> name.startsWith(section + "_")).findFirst()
                .map(section -> new Setting(List.of(lower(section), lower(name.substring(section.length() + 1))),
                        Kind.TEXT));
    }

    private static @Nullable Object valueOf(Kind kind, String text, String name) throws ConfigException {
        String stripped = text.strip();
        return switch (kind) {
            case TEXT -> text;
            case LIST -> list(stripped, name);
            case MAPPING -> {
                Object value = yaml(stripped.startsWith("{") ? stripped : "{" + stripped + "}", name);
                if (!(value instanceof Map<?, ?>)) {
                    throw new ConfigException("must be a mapping such as {key: value}");
                }
                yield value;
            }
            case LOG_FORMAT -> LOG_ATTRIBUTE.matcher(text).find() ? text : list(stripped, name);
        };
    }

    private static Object list(String text, String name) throws ConfigException {
        Object value = yaml(text.startsWith("-") || text.contains("[") ? text : "[" + text + "]", name);
        if (!(value instanceof List<?>)) {
            throw new ConfigException("must be a list such as 'first','second'");
        }
        return value;
    }

    private static @Nullable Object yaml(String text, String name) throws ConfigException {
        try {
            return YamlReader.read(text, name).value();
        } catch (ConfigException broken) {
            throw new ConfigException(
                    broken.problems().getFirst().replaceFirst("^" + Pattern.quote(name) + ":\\d+:\\d+: ", ""));
        }
    }

    @SuppressWarnings("unchecked")
    private static void put(Map<String, @Nullable Object> tree, List<String> path, Object value) {
        Map<String, @Nullable Object> section = tree;
        for (String key : path.subList(0, path.size() - 1)) {
            section = (Map<String, @Nullable Object>) java.util.Objects
                    .requireNonNull(section.computeIfAbsent(key, _ -> new LinkedHashMap<String, @Nullable Object>()));
        }
        section.put(path.getLast(), value);
    }

    private static Map<String, Setting> settings() {
        Map<String, Setting> all = new LinkedHashMap<>();
        add(all, "", List.of(), Kind.TEXT, "name", "namespace", "scope", "thread_pool_size", "thread_stack_size");
        add(all, "RESTAPI_", List.of("restapi"), Kind.TEXT, "listen", "connect_address", "certfile", "keyfile",
                "keyfile_password", "cafile", "ciphers", "verify_client", "allowlist_include_members",
                "request_queue_size", "server_tokens", "thread_pool_size");
        add(all, "RESTAPI_", List.of("restapi"), Kind.LIST, "allowlist");
        add(all, "RESTAPI_", List.of("restapi"), Kind.MAPPING, "http_extra_headers", "https_extra_headers");
        add(all, "RESTAPI_", List.of("restapi", "authentication"), Kind.TEXT, "username", "password");
        add(all, "CTL_", List.of("ctl"), Kind.TEXT, "insecure", "cacert", "certfile", "keyfile", "keyfile_password");
        add(all, "CTL_", List.of("ctl", "authentication"), Kind.TEXT, "username", "password");
        add(all, "POSTGRESQL_", List.of("postgresql"), Kind.TEXT, "listen", "connect_address", "proxy_address",
                "config_dir", "data_dir", "pgpass", "bin_dir");
        add(all, "POSTGRESQL_BIN_", List.of("postgresql", "bin_name"), Kind.TEXT, "pg_ctl", "initdb", "pg_controldata",
                "pg_basebackup", "postgres", "pg_isready", "pg_rewind");
        for (String user : List.of("superuser", "replication", "rewind")) {
            List<String> path = List.of("postgresql", "authentication", user);
            add(all, upper(user) + "_", path, Kind.TEXT, "username", "password");
            add(all, upper(user) + "_", path, Kind.TEXT, LIBPQ_OPTIONS.toArray(String[]::new));
        }
        add(all, "CITUS_", List.of("citus"), Kind.TEXT, "group", "database");
        add(all, "LOG_", List.of("log"), Kind.TEXT, "type", "level", "traceback_level", "dateformat", "max_queue_size",
                "dir", "mode", "file_size", "file_num", "deduplicate_heartbeat_logs");
        add(all, "LOG_", List.of("log"), Kind.LOG_FORMAT, "format");
        add(all, "LOG_", List.of("log"), Kind.MAPPING, "static_fields", "loggers");
        all.put("LOGLEVEL", new Setting(List.of("log", "level"), Kind.TEXT));
        all.put("LOGFORMAT", new Setting(List.of("log", "format"), Kind.LOG_FORMAT));
        all.put("LOG_DATEFMT", new Setting(List.of("log", "dateformat"), Kind.TEXT));
        add(all, "ETCD3_", List.of("etcd3"), Kind.TEXT, "host", "port", "url", "proxy", "use_proxies", "protocol",
                "srv", "srv_suffix", "username", "password", "cacert", "cert", "key");
        add(all, "ETCD3_", List.of("etcd3"), Kind.LIST, "hosts");
        add(all, "ZOOKEEPER_", List.of("zookeeper"), Kind.TEXT, "use_ssl", "cacert", "cert", "key", "key_password",
                "verify");
        add(all, "ZOOKEEPER_", List.of("zookeeper"), Kind.LIST, "hosts");
        add(all, "ZOOKEEPER_", List.of("zookeeper"), Kind.MAPPING, "set_acls", "auth_data");
        add(all, "EMBEDDED_", List.of("embedded"), Kind.TEXT, "data_dir", "listen");
        add(all, "EMBEDDED_", List.of("embedded"), Kind.MAPPING, "members");
        return Collections.unmodifiableMap(all);
    }

    private static void add(Map<String, Setting> all, String prefix, List<String> section, Kind kind, String... keys) {
        for (String key : keys) {
            List<String> path = new java.util.ArrayList<>(section);
            path.add(key);
            all.put(prefix + upper(key), new Setting(List.copyOf(path), kind));
        }
    }

    private static String upper(String text) {
        return text.toUpperCase(java.util.Locale.ROOT);
    }

    private static String lower(String text) {
        return text.toLowerCase(java.util.Locale.ROOT);
    }
}
