package org.jpatroni.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The examples of Patroni's {@code parse_int} and more of its answers. */
class UnitsTest {

    @ParameterizedTest
    @CsvSource(nullValues = "none", value = {"1, '', 1", "1MB, kB, 1024", "' 0x400 MB ', 16384kB, 64", "1000 ms, s, 1",
            "1TB, GB, none", "51, '', 51", "nonsense, kB, none", "6GB, 16MB, 384", "4097.4kB, kB, 4097",
            "4097.5kB, kB, 4098", "30min, s, 1800", "1d, s, 86400", "1.5, '', 2", "2.5, '', 2", ".5, '', 0",
            "-1, '', -1",
            "1e3, '', 1000", "010, '', 8", "08, '', none", "1MB, '', none", "1mb, B, none", "1e, '', none",
            "'', '', none",
            "9223372036854775807, '', 9223372036854775807", "9223372036854775808, '', none", "1e999, '', none",
            "30.1GB, MB, 30822", "+5, '', 5", "1 000, '', none"})
    void integers(String text, String unit, Long expected) {
        assertThat(Units.parseInteger(text, unit)).isEqualTo(expected == null
                ? java.util.OptionalLong.empty()
                : java.util.OptionalLong.of(expected));
    }

    @Test
    void numbersOfJsonAndYaml() {
        assertThat(Units.parseInteger(7)).hasValue(7);
        assertThat(Units.parseInteger(2.5)).hasValue(2);
        assertThat(Units.parseInteger(new BigDecimal("3.50"))).hasValue(4);
        assertThat(Units.parseInteger(new BigDecimal("1e999999999"))).isEmpty();
        assertThat(Units.parseInteger(true)).isEmpty();
        assertThat(Units.parseInteger(null)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"on, true", "TRUE, true", "yes, true", "1, true", "Off, false", "false, false", "no, false", "0, false",
            "y, ", "2, ", "'', "})
    void booleans(String text, Boolean expected) {
        assertThat(Units.parseBoolean(text)).isEqualTo(Optional.ofNullable(expected));
    }
}
