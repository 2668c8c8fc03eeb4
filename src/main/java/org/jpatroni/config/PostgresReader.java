package org.jpatroni.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.config.PostgresConfig.Authentication;

/** Reads the local section {@code postgresql}. */
final class PostgresReader {

    private static final List<String> PROGRAMS = List.of("pg_ctl", "initdb", "pg_controldata", "pg_basebackup",
            "postgres", "pg_isready", "pg_rewind");
    private static final List<String> CALLBACKS = List.of("on_reload", "on_restart", "on_role_change", "on_start",
            "on_stop");
    /** Settings that {@link PostgresSettings} carries, because dynamic configuration may have them too. */
    private static final String[] SHARED = {"parameters", "parameters_primary", "parameters_replica",
            "parameters_standby_leader", "pg_hba", "pg_hba_primary", "pg_hba_replica", "pg_hba_standby_leader",
            "pg_ident", "pg_ident_primary", "pg_ident_replica", "pg_ident_standby_leader", "recovery_conf",
            "create_replica_methods", "create_replica_method", "basebackup", "rewind", "pg_ctl_timeout",
            "use_pg_rewind", "remove_data_directory_on_rewind_failure", "remove_data_directory_on_diverged_timelines",
            "use_slots", "config_base_name", "name"};

    private PostgresReader() {
    }

    static PostgresConfig read(ConfigTree root) {
        ConfigTree section = root.section("postgresql");
        section.requiredText("listen");
        HostPort listen = section.address("listen", 5432).orElse(new HostPort("", 0));
        if (listen.host().contains("*") && !listen.host().equals("*")) {
            section.error("listen", "* must stand alone");
        }
        HostPort connect = ConnectAddress.read(section, listen, 5432);
        Optional<HostPort> proxy = section.address("proxy_address", 0);
        String dataDir = section.requiredText("data_dir");
        ConfigTree users = authentication(section);
        Authentication superuser = user(users, "superuser").orElse(new Authentication("", Optional.empty(), Map.of()));
        Authentication replication = user(users, "replication").orElse(superuser);
        Optional<Authentication> rewind = users.has("rewind") ? user(users, "rewind") : Optional.empty();
        users.warnUnknown();
        PostgresConfig config = new PostgresConfig(listen.host(), listen.port(), connect.host(), connect.port(), proxy,
                dataDir.isEmpty() ? "" : absolute(dataDir), section.text("config_dir").map(PostgresReader::absolute),
                section.text("bin_dir"), names(section, "bin_name", PROGRAMS),
                absolute(section.text("pgpass").orElse(Path.of(System.getProperty("user.home"), "pgpass").toString())),
                superuser, replication, rewind, section.text("database").orElse("postgres"),
                section.flag("use_unix_socket", false), section.flag("use_unix_socket_repl", false),
                names(section, "callbacks", CALLBACKS), section.text("custom_conf"), section.text("pre_promote"),
                section.text("before_stop"), section.values());
        checkShared(section);
        section.warnUnknown(knownKeys(root, section));
        return config;
    }

    private static String absolute(String path) {
        return Path.of(path).toAbsolutePath().normalize().toString();
    }

    private static ConfigTree authentication(ConfigTree section) {
        if (!section.has("authentication")) {
            section.error("authentication", "is required, with superuser and replication");
        }
        return section.section("authentication");
    }

    private static Optional<Authentication> user(ConfigTree users, String key) {
        Optional<ConfigTree> user = users.optionalSection(key);
        if (user.isEmpty()) {
            if (!users.has(key) && !users.values().isEmpty()) {
                users.error(key, "is required, with a username");
            }
            return Optional.empty();
        }
        ConfigTree entry = user.get();
        Map<String, String> options = new LinkedHashMap<>();
        for (String option : EnvironmentOverlay.LIBPQ_OPTIONS) {
            entry.text(option).ifPresent(value -> options.put(option, value));
        }
        Authentication authentication = new Authentication(entry.requiredText("username"), entry.secret("password"),
                options);
        entry.warnUnknown();
        return Optional.of(authentication);
    }

    private static Map<String, String> names(ConfigTree section, String key, List<String> allowed) {
        Map<String, String> names = section.textMap(key);
        ConfigTree entries = section.section(key);
        entries.warnUnknown(allowed.toArray(String[]::new));
        return names;
    }

    /** Local mistakes are told at once, although the merged value would fall back to a default. */
    private static void checkShared(ConfigTree section) {
        ConfigTree parameters = section.section("parameters");
        for (String name : parameters.values().keySet()) {
            if (ControlledParameters.isControlled(name)) {
                parameters.warning(name, "has no effect here: it is the same on all nodes and belongs into the dynamic "
                        + "configuration");
            } else if (parameters.values().get(name) instanceof Map<?, ?>) {
                parameters.error(name, "must be text or a number");
            }
        }
        if (section.has("use_slots")) {
            section.warning("use_slots", "has no effect here: it belongs into the dynamic configuration");
        }
        for (String key : List.of("pg_hba", "pg_ident")) {
            section.textList(key);
        }
        section.integer("pg_ctl_timeout", 60, 0, Integer.MAX_VALUE);
        for (String key : List.of("use_pg_rewind", "remove_data_directory_on_rewind_failure",
                "remove_data_directory_on_diverged_timelines")) {
            section.flag(key, false);
        }
        for (String method : section.commaList("create_replica_methods")) {
            if (!method.equals("basebackup") && !section.has(method)) {
                section.warning("create_replica_methods", "there is no section postgresql." + method);
            }
        }
    }

    /** Sections of custom methods have free names: those that are listed as methods, and those that have a command. */
    private static String[] knownKeys(ConfigTree root, ConfigTree section) {
        List<String> known = new ArrayList<>(List.of(SHARED));
        ConfigTree quiet = new ConfigTree("", section.values(), new Problems());
        known.addAll(quiet.commaList("create_replica_methods"));
        known.addAll(quiet.commaList("create_replica_method"));
        ConfigTree standby = new ConfigTree("", root.values(), new Problems()).section("bootstrap").section("dcs")
                .section("standby_cluster");
        known.addAll(standby.commaList("create_replica_methods"));
        section.values().forEach((key, value) -> {
            if (value instanceof Map<?, ?> map && map.containsKey("command")) {
                known.add(key);
            }
        });
        return known.toArray(String[]::new);
    }
}
