package org.jpatroni.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Slot names as Patroni forms them: lower case, dash and dot to underscore, anything else to its code point. */
class SlotNamesTest {

    @ParameterizedTest
    @CsvSource({"postgres-0, postgres_0", "Node.One, node_one", "n1, n1", "a_b, a_b", "a b, au0032b", "a@b, au0064b",
            "bär, bu0228r", "Ω, u0969", "\uD83D\uDC18, u128024", "a/b, au0047b"})
    void ofMember(String member, String slot) {
        assertThat(SlotNames.ofMember(member)).isEqualTo(slot);
    }

    @Test
    void notLongerThanPostgresAllows() {
        assertThat(SlotNames.ofMember("x".repeat(70))).isEqualTo("x".repeat(63));
        assertThat(SlotNames.ofMember("ä".repeat(13))).hasSize(63).endsWith("u02");
    }
}
