package org.jpatroni.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** WAL positions in PostgreSQL's text form. */
class LsnTest {

    @ParameterizedTest
    @CsvSource({"0/0, 0", "0/3000060, 50331744", "1/0, 4294967296", "16/B374D848, 97500059720",
            "7FFFFFFF/FFFFFFFF, 9223372036854775807"})
    void textAndBytes(String text, long bytes) {
        assertThat(Lsn.parse(text)).isEqualTo(new Lsn(bytes));
        assertThat(new Lsn(bytes)).hasToString(text);
    }

    @Test
    void lowerCaseAndLeadingZeroesAreRead() {
        assertThat(Lsn.parse("0/b374d848")).hasToString("0/B374D848");
        assertThat(Lsn.parse("00/00000060")).hasToString("0/60");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "0/", "/0", "0", "0/0/0", "G/0", "0/-1", "-1/0", "100000000/0", "0/100000000",
            "0 /0",
            "80000000/0", "FFFFFFFF/FFFFFFFF"})
    void nothingElseIsRead(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Lsn.parse(text));
    }

    @Test
    void distanceAndOrder() {
        Lsn early = Lsn.parse("0/FFFFFFFF");
        Lsn late = Lsn.parse("1/0");
        assertThat(late.minus(early)).isEqualTo(1);
        assertThat(early.minus(late)).isEqualTo(-1);
        assertThat(late.isAfter(early)).isTrue();
        assertThat(early.isAfter(late)).isFalse();
        assertThat(early.isAfter(early)).isFalse();
        assertThat(early).isLessThan(late);
    }
}
