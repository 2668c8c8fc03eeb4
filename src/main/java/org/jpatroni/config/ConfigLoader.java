package org.jpatroni.config;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jpatroni.model.Tags;
import org.jspecify.annotations.Nullable;

/**
 * The local configuration of this node from a YAML file, or a directory of them, and {@code PATRONI_*} variables, which win over files.
 * Without a path the configuration comes from {@code PATRONI_CONFIGURATION}, or else from the other variables alone, as with Patroni.
 */
public final class ConfigLoader {

    /** Stands for "no standby" in {@code synchronous_standby_names}, so no member may have this name. */
    private static final String RESERVED_NAME = "__patroni_strict_sync_replica_placeholder__";

    private ConfigLoader() {
    }

    /**
     * A usable configuration.
     *
     * @param warnings what is doubtful, one line each
     */
    public record Loaded(NodeConfig config, List<String> warnings) {
    }

    /**
     * Loads and checks.
     *
     * @param path a file, or a directory whose {@code *.yml} and {@code *.yaml} are merged in the order of their names
     * @throws ConfigException with every problem, one line each
     */
    public static Loaded load(Optional<Path> path, Map<String, String> environment) throws ConfigException {
        Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        Map<String, String> origins = new LinkedHashMap<>();
        List<String> warnings = new ArrayList<>();
        Optional<String> whole = Optional.ofNullable(environment.get(EnvironmentOverlay.WHOLE_CONFIGURATION))
                .filter(text -> !text.isBlank());
        if (path.isEmpty() && whole.isPresent()) {
            merge(tree, origins, whole.get(), EnvironmentOverlay.WHOLE_CONFIGURATION);
            return read(tree, origins, warnings);
        }
        if (path.isPresent()) {
            for (Path file : files(path.get())) {
                merge(tree, origins, text(file), file.toString());
            }
            if (whole.isPresent()) {
                warnings.add(EnvironmentOverlay.WHOLE_CONFIGURATION + ": has no effect beside " + path.get());
            }
        }
        EnvironmentOverlay.Overlay overlay = EnvironmentOverlay.read(environment);
        patch(tree, overlay.tree());
        origins.putAll(overlay.origins());
        warnings.addAll(overlay.warnings());
        if (tree.isEmpty()) {
            throw new ConfigException(path.map(Path::toString).orElse("configuration") + ": is empty");
        }
        return read(tree, origins, warnings);
    }

    /** Checks a tree that has been read already. */
    public static Loaded read(Map<String, @Nullable Object> tree) throws ConfigException {
        return read(tree, Collections.emptyMap(), List.of());
    }

    private static Loaded read(Map<String, @Nullable Object> tree, Map<String, String> origins, List<String> before)
            throws ConfigException {
        Problems problems = new Problems(origins);
        ConfigTree root = new ConfigTree("", tree, problems);
        String scope = root.requiredText("scope");
        String name = root.text("name").or(() -> root.section("postgresql").text("name")).orElse("");
        if (name.isEmpty()) {
            root.error("name", "is required");
        } else if (name.equals(RESERVED_NAME)) {
            root.error("name", "must not be " + RESERVED_NAME);
        }
        for (String key : List.of("scope", "name")) {
            if (root.text(key).orElse("").contains("/")) {
                root.error(key, "must not contain /");
            }
        }
        RestApiConfig restApi = RestApiReader.restApi(root);
        PostgresConfig postgres = PostgresReader.read(root);
        Tags tags = SmallSections.tags(root);
        NodeConfig config = new NodeConfig(scope, namespace(root), name, restApi, RestApiReader.ctl(root, restApi),
                StoreReader.read(root, name, postgres.dataDir()), postgres, BootstrapReader.read(root),
                SmallSections.watchdog(root), SmallSections.log(root), tags, citus(root), root.values());
        CrossChecks.check(config, problems);
        root.warnUnknown("thread_pool_size", "thread_stack_size");
        List<String> warnings = new ArrayList<>(before);
        warnings.addAll(problems.warnings());
        warnings.addAll(SmallSections.tagConflicts(tags));
        if (!problems.errors().isEmpty()) {
            throw new ConfigException(problems.errors(), warnings);
        }
        return new Loaded(config, List.copyOf(warnings));
    }

    /** Patroni ignores a section that it cannot read; then the node would join the cluster of another name. */
    private static Optional<NodeConfig.CitusConfig> citus(ConfigTree root) {
        if (!root.has("citus")) {
            return Optional.empty();
        }
        ConfigTree section = root.section("citus");
        int group = section.integer("group", -1, 0, Integer.MAX_VALUE);
        if (group < 0) {
            section.error("group", "is required: 0 for the coordinator, 1 and more for workers");
        }
        NodeConfig.CitusConfig citus = new NodeConfig.CitusConfig(group, section.requiredText("database"));
        section.warnUnknown();
        return Optional.of(citus);
    }

    private static String namespace(ConfigTree root) {
        return ("/" + root.text("namespace").orElse("service") + "/").replaceAll("/+", "/");
    }

    private static List<Path> files(Path path) throws ConfigException {
        if (!Files.isDirectory(path)) {
            return List.of(path);
        }
        try (Stream<Path> entries = Files.list(path)) {
            List<Path> files = entries.filter(Files::isRegularFile)
                    .filter(file -> file.toString().endsWith(".yml") || file.toString().endsWith(".yaml")).sorted()
                    .toList();
            if (files.isEmpty()) {
                throw new ConfigException(path + ": holds no *.yml or *.yaml file");
            }
            return files;
        } catch (IOException unreadable) {
            throw new ConfigException(path + ": cannot be read: " + reason(unreadable));
        }
    }

    private static String text(Path file) throws ConfigException {
        try {
            String text = StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(Files.readAllBytes(file))).toString();
            return text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (CharacterCodingException notUtf8) {
            throw new ConfigException(file + ": is not UTF-8 text");
        } catch (IOException unreadable) {
            throw new ConfigException(file + ": cannot be read: " + reason(unreadable));
        }
    }

    private static String reason(IOException failure) {
        return switch (failure) {
            case NoSuchFileException _ -> "there is no such file";
            case java.nio.file.AccessDeniedException _ -> "permission denied";
            default -> String.valueOf(failure.getMessage());
        };
    }

    private static void merge(Map<String, @Nullable Object> tree, Map<String, String> origins, String text,
            String source) throws ConfigException {
        YamlReader.Document document = YamlReader.read(text, source);
        if (!(document.value() instanceof Map<?, ?> map)) {
            throw new ConfigException(
                    source + ": " + (document.value() == null ? "is empty" : "must hold keys with values"));
        }
        Map<String, @Nullable Object> read = new LinkedHashMap<>();
        map.forEach((key, value) -> read.put(String.valueOf(key), value));
        patch(tree, read);
        origins.putAll(document.origins());
    }

    /** Mappings are merged key by key, everything else is replaced, null removes. */
    @SuppressWarnings("unchecked")
    private static void patch(Map<String, @Nullable Object> tree, Map<String, ? extends @Nullable Object> changes) {
        changes.forEach((key, value) -> {
            if (value == null && tree.get(key) != null) {
                tree.remove(key);
            } else if (value instanceof Map<?, ?> map && tree.get(key) instanceof Map<?, ?> old) {
                patch((Map<String, @Nullable Object>) old, (Map<String, @Nullable Object>) map);
            } else {
                tree.put(key, value);
            }
        });
    }
}
