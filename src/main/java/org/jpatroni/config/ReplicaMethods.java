package org.jpatroni.config;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The value of {@code create_replica_methods}: a list, or one text with commas. */
final class ReplicaMethods {

    private ReplicaMethods() {
    }

    /** Empty when the value is absent or of another kind. */
    static List<String> of(@Nullable Object value) {
        return switch (value) {
            case List<?> list -> list.stream().filter(String.class::isInstance).map(String.class::cast).toList();
            case String text -> Arrays.stream(text.split(",", -1)).map(String::strip).filter(part -> !part.isEmpty())
                    .toList();
            case null, default -> List.of();
        };
    }
}
