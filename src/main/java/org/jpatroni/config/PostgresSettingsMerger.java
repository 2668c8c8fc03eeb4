package org.jpatroni.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.Tree;
import org.jpatroni.model.Units;
import org.jspecify.annotations.Nullable;

/**
 * The effective section {@code postgresql}: local settings over dynamic ones over defaults, as Patroni merges them, for PostgreSQL 13 and
 * later. Total like {@link DynamicConfigReader}: a value that cannot be used gives way to the default with a warning.
 *
 * <p>{@code synchronous_standby_names} is left out in synchronous mode: the leader manages it. Recovery settings such as {@code
 * restore_command} stay among the parameters; whoever writes the files decides where they go.
 */
public final class PostgresSettingsMerger {

    /** What only a local file can say. */
    private static final List<String> LOCAL_ONLY = List.of("connect_address", "proxy_address", "listen", "config_dir",
            "data_dir", "pgpass", "authentication");
    private static final int WAL_SEGMENT_MEGABYTES = 16;

    private final Consumer<String> warn;

    private PostgresSettingsMerger(Consumer<String> warn) {
        this.warn = warn;
    }

    /** Without interest in warnings. */
    public static PostgresSettings merge(NodeConfig node, DynamicConfig dynamic, PostgresRole role) {
        return merge(node, dynamic, role, _ -> {
        });
    }

    /**
     * Merges.
     *
     * @param role decides which of {@code parameters_primary}, {@code parameters_replica} ... applies
     * @param warn takes one line for each value that is not used, {@code PATH: cause}
     */
    public static PostgresSettings merge(NodeConfig node, DynamicConfig dynamic, PostgresRole role,
            Consumer<String> warn) {
        return new PostgresSettingsMerger(warn).mergeAll(node, dynamic, role);
    }

    private PostgresSettings mergeAll(NodeConfig node, DynamicConfig dynamic, PostgresRole role) {
        Map<String, @Nullable Object> local = node.postgres().local();
        Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        dynamic.postgresql().forEach((key, value) -> {
            if (!LOCAL_ONLY.contains(key)) {
                tree.put(key, value);
            }
        });
        local.forEach((key, value) -> {
            if (!key.equals("use_slots")) {
                tree.put(key, value);
            }
        });
        Parameters parameters = new Parameters(ControlledParameters.defaults());
        addDynamic(parameters, Tree.mapAt(dynamic.postgresql(), "parameters"));
        addLocal(parameters, Tree.mapAt(local, "parameters"), "postgresql.parameters.");
        String suffix = suffix(role);
        addLocal(parameters, Tree.mapAt(tree, "parameters_" + suffix), "postgresql.parameters_" + suffix + ".");
        derive(parameters, node, dynamic);

        Map<String, String> effective = parameters.texts();
        tree.put("parameters", effective);
        tree.put("use_slots", dynamic.useSlots());
        boolean usePgRewind = Units.parseBoolean(tree.get("use_pg_rewind")).orElse(dynamic.usePgRewind());
        return new PostgresSettings(effective, lines(tree, "pg_hba", suffix), lines(tree, "pg_ident", suffix),
                createReplicaMethods(tree), dynamic.useSlots(), usePgRewind, pgCtlTimeoutSeconds(tree), tree);
    }

    private void addDynamic(Parameters parameters, Map<String, @Nullable Object> written) {
        written.forEach((name, value) -> {
            if (!ControlledParameters.isControlled(name)) {
                addOne(parameters, name, value, "postgresql.parameters.");
            } else if (value != null && ControlledParameters.isUsable(name, value)) {
                parameters.put(name.toLowerCase(Locale.ROOT), ControlledParameters.text(name, value));
            } else if (value != null) {
                String otherwise = ControlledParameters.defaultOf(name);
                warn.accept("postgresql.parameters." + name + ": " + ControlledParameters.rule(name)
                        + (otherwise.isEmpty() ? "" : ", using " + otherwise));
            }
        });
    }

    private void addLocal(Parameters parameters, Map<String, @Nullable Object> written, String path) {
        written.forEach((name, value) -> {
            if (!ControlledParameters.isControlled(name)) {
                addOne(parameters, name, value, path);
            } else {
                warn.accept(
                        path + name + ": has no effect here, only in the dynamic configuration of the whole cluster");
            }
        });
    }

    /** A null takes a setting of the lower layer away. */
    private void addOne(Parameters parameters, String name, @Nullable Object value, String path) {
        switch (value) {
            case null -> parameters.remove(name);
            case Map<?, ?> _ -> warn.accept(path + name + ": must be text or a number, leaving it out");
            default -> parameters.put(name, SettingText.of(value));
        }
    }

    private void derive(Parameters parameters, NodeConfig node, DynamicConfig dynamic) {
        PostgresConfig postgres = node.postgres();
        parameters.put("cluster_name", node.scope());
        parameters.put("listen_addresses", postgres.listenHosts());
        parameters.put("port", Integer.toString(postgres.listenPort()));
        if (dynamic.isSynchronous()) {
            parameters.remove("synchronous_standby_names");
        }
        Optional<String> segments = parameters.remove("wal_keep_segments");
        if (!parameters.has("wal_keep_size")) {
            long count = segments.map(Units::parseInteger).orElse(OptionalLong.empty())
                    .orElse(Long.parseLong(ControlledParameters.defaultOf("wal_keep_segments")));
            parameters.put("wal_keep_size", count * WAL_SEGMENT_MEGABYTES + "MB");
        }
        Path directory = Path.of(postgres.configDir().orElse(postgres.dataDir()));
        for (String file : List.of("hba_file", "ident_file")) {
            parameters.remove(file).ifPresent(name -> parameters.put(file, directory.resolve(name).toString()));
        }
    }

    /** A section of the role replaces the general one as a whole. */
    private List<String> lines(Map<String, @Nullable Object> tree, String key, String suffix) {
        String chosen = tree.containsKey(key + "_" + suffix) ? key + "_" + suffix : key;
        return switch (tree.get(chosen)) {
            case null -> List.of();
            case String text -> text.lines().toList();
            case List<?> list -> {
                List<String> lines = new ArrayList<>();
                for (Object line : list) {
                    if (line instanceof String text) {
                        lines.add(text);
                    } else {
                        warn.accept("postgresql." + chosen + ": holds something that is no text, leaving it out");
                    }
                }
                yield lines;
            }
            default -> {
                warn.accept("postgresql." + chosen + ": must be a list of lines, leaving it out");
                yield List.of();
            }
        };
    }

    private static List<String> createReplicaMethods(Map<String, @Nullable Object> tree) {
        List<String> methods = ReplicaMethods.of(tree.get("create_replica_methods"));
        if (methods.isEmpty()) {
            methods = ReplicaMethods.of(tree.get("create_replica_method"));
        }
        return methods.isEmpty() ? List.of("basebackup") : methods;
    }

    private int pgCtlTimeoutSeconds(Map<String, @Nullable Object> tree) {
        Object value = tree.get("pg_ctl_timeout");
        OptionalLong seconds = Units.parseInteger(value, "s");
        boolean usable = seconds.isPresent() && seconds.getAsLong() >= 0 && seconds.getAsLong() <= Integer.MAX_VALUE;
        if (value != null && !usable) {
            warn.accept("postgresql.pg_ctl_timeout: must be a whole number not below 0, using 60");
        }
        return usable ? (int) seconds.getAsLong() : 60;
    }

    private static String suffix(PostgresRole role) {
        return switch (role) {
            case PRIMARY, PROMOTED -> "primary";
            case STANDBY_LEADER -> "standby_leader";
            case REPLICA, DEMOTED, UNINITIALIZED -> "replica";
        };
    }

    /** Names are equal in any case; the way they were last written is kept. */
    private static final class Parameters {
        private final Map<String, Map.Entry<String, String>> entries = new LinkedHashMap<>();

        Parameters(Map<String, String> defaults) {
            defaults.forEach(this::put);
        }

        void put(String name, String text) {
            entries.put(name.toLowerCase(Locale.ROOT), Map.entry(name, text));
        }

        boolean has(String name) {
            return entries.containsKey(name.toLowerCase(Locale.ROOT));
        }

        Optional<String> remove(String name) {
            return Optional.ofNullable(entries.remove(name.toLowerCase(Locale.ROOT))).map(Map.Entry::getValue);
        }

        Map<String, String> texts() {
            Map<String, String> texts = new LinkedHashMap<>();
            entries.values().forEach(entry -> texts.put(entry.getKey(), entry.getValue()));
            return texts;
        }
    }
}
