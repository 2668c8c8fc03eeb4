package org.jpatroni.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When a copied slot is safe: the primary's slot, our feedback there, our slot, in this order. */
class SlotConfirmationTest {

    @ParameterizedTest
    @CsvSource({"100, 100, 100, true", "100, 105, 110, true", "100, 99, 110, false", "100, 111, 110, false",
            "100, 90, 80, false", "4294967290, 5, 10, true", "4294967290, 4294967290, 3, true",
            "5, 4294967290, 10, false", "2147483700, 2147483800, 2147483900, true"})
    void inThisOrder(long primarySlot, long feedback, long standbySlot, boolean safe) {
        assertThat(SlotConfirmation.isSafe(primarySlot, feedback, standbySlot)).isEqualTo(safe);
    }
}
