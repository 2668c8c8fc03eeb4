package org.jpatroni.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Tags of a member, with the meaning of the known ones (Patroni: "YAML configuration, tags").
 *
 * @param values as written, in written order; values keep their type ({@code "1"} stays a string)
 */
public record Tags(Map<String, @Nullable Object> values) {

    public static final Tags NONE = new Tags(Collections.emptyMap());

    public Tags {
        values = Tree.copyOf(values);
    }

    /** Whether this member must never take part in a leader race: {@code nofailover} wins over {@code failover_priority}. */
    public boolean nofailover() {
        if (values.containsKey("nofailover")) {
            return isTrue("nofailover");
        }
        OptionalInt priority = integer("failover_priority");
        return priority.isPresent() && priority.getAsInt() <= 0;
    }

    /** The priority in a leader race among equally good members; 0 means never, default 1. */
    public int failoverPriority() {
        if (values.containsKey("nofailover")) {
            boolean never = isTrue("nofailover");
            OptionalInt priority = integer("failover_priority");
            if (never) {
                return 0;
            }
            return priority.isPresent() && priority.getAsInt() > 0 ? priority.getAsInt() : 1;
        }
        return Math.max(0, integer("failover_priority").orElse(1));
    }

    public boolean noloadbalance() {
        return isTrue("noloadbalance");
    }

    /** Whether this member must not become a synchronous standby. */
    public boolean nosync() {
        if (values.containsKey("nosync")) {
            return isTrue("nosync");
        }
        OptionalInt priority = integer("sync_priority");
        return priority.isPresent() && priority.getAsInt() <= 0;
    }

    /** The preference as a synchronous standby; 0 means never, default 1. */
    public int syncPriority() {
        if (nosync()) {
            return 0;
        }
        OptionalInt priority = integer("sync_priority");
        return priority.isPresent() && priority.getAsInt() > 0 ? priority.getAsInt() : 1;
    }

    /** Whether new replicas prefer to copy from this member. */
    public boolean clonefrom() {
        return isTrue("clonefrom");
    }

    /** Whether this member must not stream, but only replay from the archive. */
    public boolean nostream() {
        return isTrue("nostream");
    }

    /** The member to stream from instead of the leader. */
    public Optional<String> replicatefrom() {
        return Optional.ofNullable(values.get("replicatefrom")).map(Object::toString).filter(name -> !name.isEmpty());
    }

    /**
     * The tags that are shown in the member key and in {@code /patroni}: false values of the known boolean tags are left out, but
     * {@code nofailover: false} and {@code nosync: false} stay beside a priority, because together they mean something.
     */
    public Tags effective() {
        Map<String, @Nullable Object> shown = new LinkedHashMap<>();
        values.forEach((name, value) -> {
            boolean kept = switch (name) {
                case "clonefrom", "noloadbalance", "nostream" -> isTruthy(value);
                case "nofailover" -> isTruthy(value) || values.containsKey("failover_priority");
                case "nosync" -> isTruthy(value) || values.containsKey("sync_priority");
                default -> true;
            };
            if (kept) {
                shown.put(name, value);
            }
        });
        return new Tags(shown);
    }

    public boolean isEmpty() {
        return values.isEmpty();
    }

    private boolean isTrue(String name) {
        return isTruthy(values.get(name));
    }

    private static boolean isTruthy(@Nullable Object value) {
        return switch (value) {
            case null -> false;
            case Boolean bool -> bool;
            case Number number -> number.doubleValue() != 0;
            case String text -> switch (text.toLowerCase(java.util.Locale.ROOT)) {
                case "", "0", "off", "false", "no" -> false;
                default -> true;
            };
            default -> true;
        };
    }

    private OptionalInt integer(String name) {
        return switch (values.get(name)) {
            case Number number -> OptionalInt.of(number.intValue());
            case String text -> {
                try {
                    yield OptionalInt.of(Integer.parseInt(text.strip()));
                } catch (NumberFormatException notANumber) {
                    yield OptionalInt.empty();
                }
            }
            case null, default -> OptionalInt.empty();
        };
    }
}
