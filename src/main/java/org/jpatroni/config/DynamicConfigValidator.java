package org.jpatroni.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jpatroni.config.DynamicSettings.Whole;
import org.jpatroni.model.PermanentSlot;
import org.jpatroni.model.Tree;
import org.jpatroni.model.Units;
import org.jspecify.annotations.Nullable;

/**
 * Checks a dynamic configuration before it is stored. {@link DynamicConfigReader} makes the best of anything; this says what it would
 * have to change. Keys that nobody knows are no problem: they are kept as written.
 */
public final class DynamicConfigValidator {

    private final Map<String, ? extends @Nullable Object> tree;
    private final Problems problems = new Problems();

    private DynamicConfigValidator(Map<String, ? extends @Nullable Object> tree) {
        this.tree = tree;
    }

    /** All problems, one line each, {@code PATH: cause}; empty when every value can be used as it is. */
    public static List<String> validate(Map<String, ? extends @Nullable Object> tree) {
        DynamicConfigValidator validator = new DynamicConfigValidator(tree);
        validator.check();
        return List.copyOf(validator.problems.errors());
    }

    /**
     * The problems without that of timeouts that do not fit together: Patroni and this daemon run with fitting ones instead, and clients send
     * {@code ttl} alone before they send the others (Patroni's own acceptance suite does).
     */
    public static List<String> refusals(Map<String, ? extends @Nullable Object> tree) {
        DynamicConfigValidator validator = new DynamicConfigValidator(tree);
        validator.check();
        List<String> refusals = new ArrayList<>(validator.problems.errors());
        misfit(tree).ifPresent(refusals::remove);
        return List.copyOf(refusals);
    }

    /** The problem of {@code ttl}, {@code loop_wait} and {@code retry_timeout} that do not fit together. */
    public static Optional<String> misfit(Map<String, ? extends @Nullable Object> tree) {
        DynamicConfigValidator validator = new DynamicConfigValidator(tree);
        validator.relation();
        return validator.problems.errors().stream().findFirst();
    }

    /** Tells the problems of {@code bootstrap.dcs} as warnings, together with unknown keys. */
    static void warn(ConfigTree section) {
        for (String problem : validate(section.values())) {
            int colon = problem.indexOf(": ");
            section.warning(problem.substring(0, colon), problem.substring(colon + 2));
        }
        List<String> known = new ArrayList<>(DynamicSettings.FLAGS);
        DynamicSettings.WHOLES.forEach(setting -> known.add(setting.key()));
        known.addAll(DynamicSettings.SLOT_SECTIONS);
        known.addAll(List.of("postgresql", "synchronous_mode", "standby_cluster", "ignore_slots"));
        section.warnUnknown(known.toArray(String[]::new));
        section.section("standby_cluster").warnUnknown(DynamicSettings.STANDBY_CLUSTER.toArray(String[]::new));
    }

    private void check() {
        DynamicSettings.WHOLES.forEach(setting -> whole(tree, setting));
        DynamicSettings.FLAGS.forEach(key -> flag(tree, "", key));
        Object sync = tree.get("synchronous_mode");
        if (sync != null && Units.parseBoolean(sync).isEmpty()
                && !String.valueOf(sync).toLowerCase(Locale.ROOT).equals("quorum")) {
            problems.error("synchronous_mode", "must be on, off or quorum");
        }
        relation();
        for (String key : List.of("postgresql", "standby_cluster")) {
            mapping(key);
        }
        DynamicSettings.SLOT_SECTIONS.forEach(this::slots);
        Object ignored = tree.get("ignore_slots");
        if (ignored != null
                && !(ignored instanceof List<?> list && list.stream().allMatch(Map.class::isInstance))) {
            problems.error("ignore_slots", "must be a list of mappings");
        }
        postgresql(Tree.mapAt(tree, "postgresql"));
        standbyCluster(Tree.mapAt(tree, "standby_cluster"));
    }

    private Optional<Long> whole(Map<String, ? extends @Nullable Object> from, Whole setting) {
        Object value = from.get(setting.key());
        if (value == null) {
            return Optional.of(setting.otherwise());
        }
        OptionalLong number = Units.parseInteger(value, setting.baseUnit());
        if (number.isEmpty() || number.getAsLong() < setting.least() || number.getAsLong() > setting.most()) {
            problems.error(setting.key(), "must be a whole number not below " + setting.least());
            return Optional.empty();
        }
        return Optional.of(number.getAsLong());
    }

    private void flag(Map<String, ? extends @Nullable Object> from, String path, String key) {
        Object value = from.get(key);
        if (value != null && Units.parseBoolean(value).isEmpty()) {
            problems.error(path + key, "must be true or false");
        }
    }

    private void relation() {
        Problems alreadyTold = new Problems();
        DynamicConfigValidator quiet = new DynamicConfigValidator(tree);
        Optional<Long> loopWait = quiet.whole(tree, DynamicSettings.LOOP_WAIT);
        Optional<Long> retryTimeout = quiet.whole(tree, DynamicSettings.RETRY_TIMEOUT);
        Optional<Long> ttl = quiet.whole(tree, DynamicSettings.TTL);
        if (loopWait.isPresent() && retryTimeout.isPresent() && ttl.isPresent()) {
            Timeouts.adjusted(loopWait.get().intValue(), retryTimeout.get().intValue(), ttl.get().intValue(),
                    alreadyTold);
            if (!alreadyTold.warnings().isEmpty()) {
                problems.error("ttl", "must not be less than loop_wait + 2 * retry_timeout, "
                        + (loopWait.get() + 2 * retryTimeout.get()));
            }
        }
    }

    private void mapping(String key) {
        Object value = tree.get(key);
        if (value != null && !(value instanceof Map<?, ?>)) {
            problems.error(key, "must be a mapping");
        }
    }

    private void slots(String key) {
        mapping(key);
        Tree.mapAt(tree, key).forEach((name, value) -> PermanentSlot.problem(name, value)
                .ifPresent(problem -> problems.error(key + "." + name, problem)));
    }

    private void postgresql(Map<String, @Nullable Object> section) {
        DynamicSettings.POSTGRESQL_FLAGS.forEach(key -> flag(section, "postgresql.", key));
        Object parameters = section.get("parameters");
        if (parameters != null && !(parameters instanceof Map<?, ?>)) {
            problems.error("postgresql.parameters", "must be a mapping");
        }
        Tree.mapAt(section, "parameters").forEach((name, value) -> {
            if (value instanceof Map<?, ?>) {
                problems.error("postgresql.parameters." + name, "must be text or a number");
            } else if (value != null && !ControlledParameters.isUsable(name, value)) {
                problems.error("postgresql.parameters." + name, ControlledParameters.rule(name));
            }
        });
        for (String key : List.of("pg_hba", "pg_ident", "create_replica_methods")) {
            if (section.get(key) != null && !(section.get(key) instanceof List<?>)) {
                problems.error("postgresql." + key, "must be a list");
            }
        }
    }

    private void standbyCluster(Map<String, @Nullable Object> section) {
        Object port = section.get("port");
        boolean usable = port == null || "".equals(port)
                || (port instanceof String list ? Stream.of(list.split(",", -1)) : Stream.of(port))
                        .allMatch(DynamicConfigValidator::isPort);
        if (!usable) {
            problems.error("standby_cluster.port", "must be a port from 1 to 65535, or one for each host");
        }
    }

    private static boolean isPort(Object port) {
        OptionalLong number = Units.parseInteger(port);
        return number.isPresent() && number.getAsLong() >= 1 && number.getAsLong() <= 65_535;
    }
}
