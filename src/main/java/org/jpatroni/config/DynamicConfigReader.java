package org.jpatroni.config;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jpatroni.config.DynamicSettings.Whole;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.DynamicConfig.StandbyCluster;
import org.jpatroni.model.DynamicConfig.SyncMode;
import org.jpatroni.model.DynamicConfig.SyncPolicy;
import org.jpatroni.model.PermanentSlot;
import org.jpatroni.model.Tree;
import org.jpatroni.model.Units;
import org.jspecify.annotations.Nullable;

/**
 * From the key {@code config} to {@link DynamicConfig}. Total: whatever is stored, a configuration comes out. A value that cannot be
 * used is replaced by its default and told in a warning, because a typing mistake in the store must never stop a running cluster.
 */
public final class DynamicConfigReader {

    private final Map<String, ? extends @Nullable Object> tree;
    private final Problems problems = new Problems();

    private DynamicConfigReader(Map<String, ? extends @Nullable Object> tree) {
        this.tree = tree;
    }

    /**
     * What was read.
     *
     * @param warnings one line each, {@code PATH: cause}
     */
    public record Result(DynamicConfig config, List<String> warnings) {
    }

    /**
     * Reads the stored JSON text.
     *
     * @param lastGood what stays in force when the text is no JSON object at all
     */
    public static Result read(String json, DynamicConfig lastGood) {
        try {
            return read(JsonTree.readObject(json));
        } catch (ConfigException broken) {
            return new Result(lastGood, List.of("config: " + broken.getMessage() + "; keeping what is in force"));
        }
    }

    /** Reads a tree, as from {@code bootstrap.dcs} or from {@link JsonTree}. */
    public static Result read(Map<String, ? extends @Nullable Object> tree) {
        DynamicConfigReader reader = new DynamicConfigReader(tree);
        DynamicConfig config = reader.read();
        return new Result(config, List.copyOf(reader.problems.warnings()));
    }

    private DynamicConfig read() {
        Timeouts timeouts = Timeouts.adjusted(atLeast(DynamicSettings.LOOP_WAIT),
                atLeast(DynamicSettings.RETRY_TIMEOUT),
                atLeast(DynamicSettings.TTL), problems);
        Optional<StandbyCluster> standby = standbyCluster();
        Map<String, @Nullable Object> postgresql = section("postgresql");
        return new DynamicConfig(timeouts.ttl(), timeouts.loopWait(), timeouts.retryTimeout(),
                whole(DynamicSettings.MAXIMUM_LAG_ON_FAILOVER), whole(DynamicSettings.MAXIMUM_LAG_ON_SYNCNODE),
                (int) renamed(DynamicSettings.PRIMARY_START_TIMEOUT, DynamicSettings.MASTER_START_TIMEOUT),
                (int) Math.max(0, renamed(DynamicSettings.PRIMARY_STOP_TIMEOUT, DynamicSettings.MASTER_STOP_TIMEOUT)),
                (int) whole(DynamicSettings.PRIMARY_RACE_BACKOFF), flag(tree, "", "check_timeline", false),
                flag(tree, "", "pause", false), flag(tree, "", "failsafe_mode", false), sync(standby.isPresent()),
                (int) whole(DynamicSettings.MAX_TIMELINES_HISTORY), (int) whole(DynamicSettings.MEMBER_SLOTS_TTL),
                standby, slots(), ignoreSlots(), flag(postgresql, "postgresql.", "use_slots", true),
                flag(postgresql, "postgresql.", "use_pg_rewind", false),
                flag(postgresql, "postgresql.", "remove_data_directory_on_rewind_failure", false),
                flag(postgresql, "postgresql.", "remove_data_directory_on_diverged_timelines", false), postgresql,
                Tree.copyOf(tree));
    }

    /** As Patroni, a number that is too small is raised to the minimum, not replaced by the default. */
    private int atLeast(Whole setting) {
        Object value = tree.get(setting.key());
        OptionalLong number = Units.parseInteger(value, setting.baseUnit());
        if (number.isPresent() && number.getAsLong() < setting.least()) {
            problems.warning(setting.key(), value + " is below the minimum, using " + setting.least());
            return (int) setting.least();
        }
        return (int) whole(setting);
    }

    private long whole(Whole setting) {
        Object value = tree.get(setting.key());
        if (value == null) {
            return setting.otherwise();
        }
        OptionalLong number = Units.parseInteger(value, setting.baseUnit());
        if (number.isPresent() && number.getAsLong() >= setting.least() && number.getAsLong() <= setting.most()) {
            return number.getAsLong();
        }
        String cause = number.isEmpty() ? "is not a whole number" : "is out of range";
        warn(setting.key(), value, cause, setting.otherwise());
        return setting.otherwise();
    }

    private long renamed(Whole setting, Whole formerly) {
        return whole(tree.containsKey(setting.key()) ? setting : formerly);
    }

    private boolean flag(Map<String, ? extends @Nullable Object> from, String path, String key, boolean otherwise) {
        Object value = from.get(key);
        if (value == null) {
            return otherwise;
        }
        Optional<Boolean> flag = Units.parseBoolean(value);
        if (flag.isEmpty()) {
            warn(path + key, value, "is not true or false", otherwise);
        }
        return flag.orElse(otherwise);
    }

    /** A standby cluster has no synchronous mode of its own, whatever is set. */
    private SyncPolicy sync(boolean standbyCluster) {
        boolean strict = flag(tree, "", "synchronous_mode_strict", false);
        int nodeCount = Math.max((int) whole(DynamicSettings.SYNCHRONOUS_NODE_COUNT), strict ? 1 : 0);
        Object value = tree.get("synchronous_mode");
        SyncMode mode = SyncMode.OFF;
        if (value instanceof String text && text.toLowerCase(Locale.ROOT).equals("quorum")) {
            mode = SyncMode.QUORUM;
        } else if (value != null) {
            Optional<Boolean> on = Units.parseBoolean(value);
            if (on.isEmpty()) {
                warn("synchronous_mode", value, "is not true, false or quorum", false);
            }
            mode = on.orElse(false) ? SyncMode.ON : SyncMode.OFF;
        }
        return new SyncPolicy(standbyCluster ? SyncMode.OFF : mode, strict, nodeCount);
    }

    /** The section counts only with one of {@code host}, {@code port} or {@code restore_command}. */
    private Optional<StandbyCluster> standbyCluster() {
        Map<String, @Nullable Object> section = section("standby_cluster");
        Optional<String> host = text(section, "host");
        Optional<String> port = text(section, "port").filter(number -> !number.equals("0"));
        Optional<String> restoreCommand = text(section, "restore_command");
        if (host.isEmpty() && port.isEmpty() && restoreCommand.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new StandbyCluster(host, port, text(section, "primary_slot_name"),
                ReplicaMethods.of(section.get("create_replica_methods")), restoreCommand,
                text(section, "archive_cleanup_command"), text(section, "recovery_min_apply_delay")));
    }

    private Optional<String> text(Map<String, @Nullable Object> section, String key) {
        return switch (section.get(key)) {
            case null -> Optional.empty();
            case String text -> text.isEmpty() ? Optional.empty() : Optional.of(text);
            case Number number -> Optional.of(YamlScalars.pythonText(number));
            case Object other -> {
                warn("standby_cluster." + key, other, "is not text", "nothing");
                yield Optional.empty();
            }
        };
    }

    private Map<String, @Nullable Object> slots() {
        for (String key : DynamicSettings.SLOT_SECTIONS) {
            Map<String, @Nullable Object> slots = section(key);
            if (!slots.isEmpty()) {
                slots.forEach((name, value) -> PermanentSlot.problem(name, value)
                        .ifPresent(problem -> problems.warning(key + "." + name, problem + ", leaving it out")));
                return slots;
            }
        }
        return Collections.emptyMap();
    }

    private List<Map<String, @Nullable Object>> ignoreSlots() {
        Object value = tree.get("ignore_slots");
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof List<?> list)) {
            warn("ignore_slots", value, "is not a list", "nothing");
            return List.of();
        }
        List<Map<String, @Nullable Object>> matchers = new ArrayList<>();
        for (Object element : list) {
            if (element instanceof Map<?, ?> matcher) {
                matchers.add(Tree.copyOf(matcher));
            } else {
                problems.warning("ignore_slots", "holds something that is no mapping, leaving it out");
            }
        }
        return matchers;
    }

    private Map<String, @Nullable Object> section(String key) {
        Object value = tree.get(key);
        if (value != null && !(value instanceof Map<?, ?>) && !"".equals(value)) {
            warn(key, value, "is not a section with keys", "nothing");
        }
        return Tree.mapAt(tree, key);
    }

    private void warn(String path, Object value, String cause, Object used) {
        String shown = value instanceof Map<?, ?> || value instanceof List<?> ? "the value" : String.valueOf(value);
        problems.warning(path, shown + " " + cause + ", using " + used);
    }
}
