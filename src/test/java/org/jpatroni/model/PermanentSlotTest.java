package org.jpatroni.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jpatroni.model.PermanentSlot.Logical;
import org.jpatroni.model.PermanentSlot.Physical;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Entries of the section slots, as people write them. */
class PermanentSlotTest {

    private static final Map<String, Object> LOGICAL = Map.of("database", "d", "plugin", "p");

    static Stream<@Nullable Object> nothing() {
        return Stream.of(null, 0, 0.0, "", false, Map.of(), List.of());
    }

    @ParameterizedTest
    @MethodSource("nothing")
    void nothingMeansPhysical(@Nullable Object value) {
        assertThat(PermanentSlot.read("a", value)).contains(new Physical("a", Optional.empty()));
    }

    @Test
    void theTypeIsToldOrFollowsFromTheRest() {
        assertThat(PermanentSlot.read("a", LOGICAL)).contains(new Logical("a", "d", "p"));
        assertThat(PermanentSlot.read("a", Map.of("type", "logical", "database", "d", "plugin", "p")))
                .contains(new Logical("a", "d", "p"));
        assertThat(PermanentSlot.read("a", Map.of("type", "physical", "database", "d", "plugin", "p")))
                .contains(new Physical("a", Optional.empty()));
        assertThat(PermanentSlot.read("a", Map.of("database", "d"))).contains(new Physical("a", Optional.empty()));
    }

    @Test
    void itMayBelongToOneKindOfCluster() {
        Physical both = (Physical) PermanentSlot.read("a", 0).orElseThrow();
        Physical primary = (Physical) PermanentSlot.read("a", Map.of("cluster_type", "primary")).orElseThrow();
        Physical standby = (Physical) PermanentSlot.read("a", Map.of("cluster_type", "standby")).orElseThrow();
        assertThat(List.of(both.existsOn(false), primary.existsOn(false), standby.existsOn(false)))
                .containsExactly(true, true, false);
        assertThat(List.of(both.existsOn(true), primary.existsOn(true), standby.existsOn(true))).containsExactly(true,
                false, true);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Upper", "with-dash", "with space", "dot.ted", "ü",
            "a123456789012345678901234567890123456789012345678901234567890123"})
    void otherNamesAreNone(String name) {
        assertThat(PermanentSlot.read(name, 0)).isEmpty();
        assertThat(PermanentSlot.problem(name, 0)).isPresent();
    }

    @Test
    void otherValuesAreNone() {
        assertThat(PermanentSlot.problem("a", "b")).contains("must be a mapping");
        assertThat(PermanentSlot.problem("a", 1)).contains("must be a mapping");
        assertThat(PermanentSlot.problem("a", Map.of("type", "other"))).contains(
                "the type of a slot is physical or logical");
        assertThat(PermanentSlot.problem("a", Map.of("type", "logical", "database", "d")))
                .contains("a logical slot needs database and plugin");
        assertThat(PermanentSlot.read("a", "b")).isEmpty();
    }
}
