package org.jpatroni.operation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.config.DynamicConfigValidator;
import org.jpatroni.dcs.Cas;
import org.jpatroni.dcs.StoreUnavailableException;
import org.jpatroni.json.PythonJson;
import org.jpatroni.json.PythonJsonReader;
import org.jpatroni.model.ClusterSnapshot.StoredConfig;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.CommandReply.Explanation;
import org.jpatroni.node.ConfigTag;
import org.jpatroni.node.HaStatus;
import org.jpatroni.node.NodeCommand;
import org.jspecify.annotations.Nullable;

/**
 * {@code PATCH /config} and {@code PUT /config}: reads what is stored now, checks the result, stores it on the condition that nobody was
 * faster, and answers when this node runs with it.
 */
final class ConfigOperation {

    /** What is stored is stored; this is only about a client that reads right after writing. */
    private static final Duration TAKEN_OVER_LIMIT = Duration.ofMillis(500);

    private final OperationParts parts;

    ConfigOperation(OperationParts parts) {
        this.parts = parts;
    }

    CommandReply patch(NodeCommand command) throws InterruptedException {
        Optional<StoredConfig> stored;
        try {
            stored = parts.store().snapshot().config();
        } catch (StoreUnavailableException down) {
            return CommandReply.refusal(503, "the store does not answer");
        }
        if (stored.isEmpty()) {
            return CommandReply.refusal(503, "no configuration is stored");
        }
        Optional<Map<?, ?>> before = tree(stored.get());
        if (before.isEmpty()) {
            return CommandReply.refusal(503, "the stored configuration is no JSON object; PUT replaces it");
        }
        return store(command, stored, before.get(), ConfigPatch.merge(before.get(), command.body()));
    }

    CommandReply put(NodeCommand command) throws InterruptedException {
        Optional<StoredConfig> stored;
        try {
            stored = parts.store().snapshot().config();
        } catch (StoreUnavailableException down) {
            return CommandReply.refusal(502, "the store does not answer");
        }
        Map<?, ?> before = stored.flatMap(ConfigOperation::tree).orElse(Map.of());
        return store(command, stored, before, command.body());
    }

    private static Optional<Map<?, ?>> tree(StoredConfig stored) {
        try {
            return PythonJsonReader.read(stored.json()) instanceof Map<?, ?> map ? Optional.of(map) : Optional.empty();
        } catch (IllegalArgumentException unreadable) {
            return Optional.empty();
        }
    }

    private CommandReply store(NodeCommand command, Optional<StoredConfig> stored, Map<?, ?> before,
            Map<String, @Nullable Object> after) throws InterruptedException {
        String text = PythonJson.writeCompact(after);
        boolean seen = command.ifMatch().isEmpty()
                || ConfigTag.permits(command.ifMatch().get(), stored.map(StoredConfig::json).orElse(""));
        if (!seen) {
            return CommandReply.refusal(412, "the configuration has changed since it was read");
        }
        List<Explanation> problems = newProblems(before, after);
        if (!problems.isEmpty()) {
            return refused(problems);
        }
        if (command.dryRun()) {
            return preview(before, after);
        }
        boolean same = stored.isPresent() && PythonJson.writeCompact(before).equals(text);
        if (!same) {
            Optional<CommandReply> failure = write(command, stored, text);
            if (failure.isPresent()) {
                return failure.get();
            }
        }
        CommandReply reply = CommandReply.document(200, after).withHeader("ETag",
                ConfigTag.of(same ? stored.get().json() : text));
        return DynamicConfigValidator.misfit(after).map(warning -> reply.withHeader("X-Patroni-Warning", warning))
                .orElse(reply);
    }

    /** Empty when it is stored. PUT without a condition overwrites whatever is there, as Patroni's does. */
    private Optional<CommandReply> write(NodeCommand command, Optional<StoredConfig> stored, String text)
            throws InterruptedException {
        boolean put = command.operation() == NodeCommand.Operation.PUT_CONFIG;
        boolean overwrites = put && command.ifMatch().isEmpty();
        long version = overwrites ? -1 : stored.map(StoredConfig::version).orElse(0L);
        return switch (parts.store().writeConfig(text, version)) {
            case Cas.Won<Boolean> won -> {
                parts.wake().run();
                var _ = BoardWait.until(parts.board(), parts.tasks(), status -> runsWith(status, text),
                        TAKEN_OVER_LIMIT);
                yield Optional.empty();
            }
            case Cas.Lost<Boolean> lost -> Optional.of(CommandReply.refusal(409,
                    "somebody else changed the configuration at the same time"));
            case Cas.Unknown<Boolean> unknown -> Optional.of(CommandReply.refusal(put ? 502 : 503,
                    "the store did not confirm the change: it may have been made"));
        };
    }

    private static boolean runsWith(HaStatus status, String text) {
        return status.snapshot().flatMap(snapshot -> snapshot.config()).filter(config -> config.json().equals(text))
                .isPresent();
    }

    /** What the change would break; what was broken before does not forbid it. */
    private static List<Explanation> newProblems(Map<?, ?> before, Map<String, @Nullable Object> after) {
        List<String> old = DynamicConfigValidator.refusals(ConfigPatch.merge(before, Map.of()));
        List<Explanation> problems = new ArrayList<>();
        for (String problem : DynamicConfigValidator.refusals(after)) {
            if (!old.contains(problem)) {
                int colon = problem.indexOf(": ");
                Map<String, @Nullable Object> place = new LinkedHashMap<>();
                place.put("path", problem.substring(0, colon));
                problems.add(new Explanation("", "config.invalid", problem.substring(colon + 2), place));
            }
        }
        return problems;
    }

    private static CommandReply refused(List<Explanation> problems) {
        return CommandReply.refusal(422, String.join("; ",
                problems.stream().map(problem -> problem.measured().get("path") + ": " + problem.reason()).toList()))
                .because(problems);
    }

    private static CommandReply preview(Map<?, ?> before, Map<String, @Nullable Object> after) {
        Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        tree.put("dry_run", true);
        tree.put("changes", !PythonJson.writeCompact(before).equals(PythonJson.writeCompact(after)));
        tree.put("config", after);
        return CommandReply.document(200, tree);
    }
}
