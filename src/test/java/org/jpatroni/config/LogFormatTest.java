package org.jpatroni.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogFormatTest {

    private static final Map<String, Object> VALUES = Map.of("levelname", "INFO", "message", "hello", "lineno", 42L,
            "msecs", 7.5, "asctime", "now");

    @ParameterizedTest
    @CsvSource(delimiter = '|', ignoreLeadingAndTrailingWhitespace = false, value = {
            "%(asctime)s %(levelname)s: %(message)s|now INFO: hello", "%(levelname)-8s.|INFO    .",
            "%(levelname)8s.|    INFO.",
            "%(levelname).2s|IN", "%(lineno)d|42", "%(lineno)05d|00042", "%(lineno)s|42", "%(msecs)03d|007",
            "%(msecs).2f|7.50",
            "%(msecs)s|7.5", "100%% %(message)s|100% hello", "%(message)d|hello", "%(levelname)+s|INFO",
            "%(lineno)-05d.|42   ."})
    void rendersAsPython(String format, String expected) {
        assertThat(LogFormat.parse(format).render(name -> VALUES.getOrDefault(name, "?"))).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"100%", "%(unknown)s", "%(message)q", "%s", "%(message)"})
    void mistakes(String format) {
        assertThatThrownBy(() -> LogFormat.parse(format)).isInstanceOf(IllegalArgumentException.class);
    }
}
