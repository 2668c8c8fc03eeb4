package org.jpatroni.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reading and writing as Python's {@code json.dumps(json.loads(text))}; the right column was printed by Python 3.11. */
class PythonJsonTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "{}|{}",
            "[]|[]",
            "[1,2 ,{\"a\":null}]|[1, 2, {\"a\": null}]",
            "{\"b\":1,\"a\":2,\"b\":3}|{\"b\": 3, \"a\": 2}",
            "{\"ttl\":30,\"x\":[true,false,null]}|{\"ttl\": 30, \"x\": [true, false, null]}",
            "1e3|1000.0",
            "1E-7|1e-07",
            "1.50|1.5",
            "100000000000000000000000|100000000000000000000000",
            "-0|0",
            "-0.0|-0.0",
            "0.0001|0.0001",
            "0.00001|1e-05",
            "1e15|1000000000000000.0",
            "1e16|1e+16",
            "123456789012345678.0|1.2345678901234568e+17",
            "1e400|Infinity",
            "-1e400|-Infinity",
            "5e-324|5e-324",
            "1.7976931348623157e308|1.7976931348623157e+308",
            "2.5|2.5",
            "1795376748.742740|1795376748.74274",
            "NaN|NaN",
            "[Infinity,-Infinity]|[Infinity, -Infinity]",
            "\"\\u00e9\\ud83d\\ude00\"|\"\\u00e9\\ud83d\\ude00\"",
            "\"\\ud800\"|\"\\ud800\"",
            "\"a\\/b\\\"\\\\\\n\"|\"a/b\\\"\\\\\\n\""
    })
    void roundTrip(String text, String expected) {
        assertThat(PythonJson.write(PythonJsonReader.read(text))).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[1,]", "{\"a\":1,}", "{'a':1}", "01", "1.", "+1", ".5", "tru", "\"\t\"",
            "\"\\x\"",
            "{\"a\":1}x", "\"\\u12g4\"", "\"open", "1e", "[1 2]", "-"})
    void whatPythonRefuses(String text) {
        assertThatThrownBy(() -> PythonJsonReader.read(text)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("not JSON: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "{\"a\":"})
    void depthIsBounded(String opening) {
        assertThatThrownBy(() -> PythonJsonReader.read(opening.repeat(100_000)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("nested too deeply");
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', value = {"é,\"\\u00e9\"", "😀,\"\\ud83d\\ude00\"", "\u007f,\"\\u007f\""})
    void everythingOutsideAsciiIsEscaped(String text, String expected) {
        assertThat(PythonJson.write(text)).isEqualTo(expected);
    }
}
