package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LagLimitTest {

    @ParameterizedTest
    @CsvSource({"0,0", "1048576,1048576", "1024kB,1048576", "10MB,10485760", "1GB,1073741824", "1TB,1099511627776",
            "16 kB,16384", "' 5 B ',5", "1e6,1000000", "0x10,16", "0x10kB,16384", "010,8", "-5,-5", "1.5kB,1536",
            "1.3MB,1362944", ".5,0", "2.5,2", "+7,7", "1e2kB,102400"})
    void sizes(String text, long bytes) {
        assertThat(LagLimit.parse(text)).isEqualTo(OptionalLong.of(bytes));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "abc", "1mb", "10 Mb", "1PB", "1s", "-", "0x", "09", "1 0", "nan", "1MB x", "٣"})
    void notSizes(String text) {
        assertThat(LagLimit.parse(text)).isEmpty();
    }
}
