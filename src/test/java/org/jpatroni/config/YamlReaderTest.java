package org.jpatroni.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Kinds and values as PyYAML 6.0 gives them, except that dates stay text. */
class YamlReaderTest {

    private static Object value(String yaml) throws ConfigException {
        Object value = YamlReader.read(yaml, "test.yml").value();
        return value == null ? "(null)" : value;
    }

    @ParameterizedTest
    @ValueSource(strings = {"on", "On", "ON", "yes", "Yes", "YES", "true", "True", "TRUE", "!!bool 'on'"})
    void trueTexts(String yaml) throws ConfigException {
        assertThat(value(yaml)).isEqualTo(true);
    }

    @ParameterizedTest
    @ValueSource(strings = {"off", "Off", "OFF", "no", "No", "NO", "false", "False", "FALSE"})
    void falseTexts(String yaml) throws ConfigException {
        assertThat(value(yaml)).isEqualTo(false);
    }

    @ParameterizedTest
    @ValueSource(strings = {"~", "null", "Null", "NULL", ""})
    void nullTexts(String yaml) throws ConfigException {
        assertThat(value(yaml)).isEqualTo("(null)");
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "+1, 1", "-1, -1", "010, 8", "0777, 511", "-010, -8", "00, 0", "0x1F, 31", "-0x1f, -31",
            "0b101, 5", "1_000, 1000", "1__0, 10", "190:20:30, 685230", "20:30, 1230", "60:00, 3600", "0x_1, 1"})
    void integers(String yaml, int expected) throws ConfigException {
        assertThat(value(yaml)).isEqualTo(expected);
    }

    @Test
    void wideIntegers() throws ConfigException {
        assertThat(value("5000000000")).isEqualTo(5_000_000_000L);
        assertThat(value("99999999999999999999")).isEqualTo(new BigInteger("99999999999999999999"));
    }

    @ParameterizedTest
    @CsvSource({"1.5, 1.5", "1., 1.0", ".5, 0.5", "1.0e+3, 1000.0", "1.e+3, 1000.0", "12:30:45.5, 45045.5",
            "685_230.15, 685230.15", "-1.5, -1.5"})
    void reals(String yaml, double expected) throws ConfigException {
        assertThat(value(yaml)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"oN", "tRue", "y", "n", "Y", "N", "nUll", "08", "0_8", "0o17", "0X1F", "1:60", "5432:5433",
            "1e3", "1.5e3", "1e+3", "12e03", "1.0e3", "-.5", "+.5", "2001-12-14", "2001-12-14 21:59:43.10 -5", "1,000",
            "127.0.0.1:5432", "128MB", "_1", ".", "<<x", ".inf", "=", "localhost:2181", "::1"})
    void texts(String yaml) throws ConfigException {
        assertThat(value(yaml)).isEqualTo(yaml);
    }

    @Test
    void quotesMakeTexts() throws ConfigException {
        assertThat(value("['on', \"1\", !!str 5, !!int '5']")).isEqualTo(List.of("on", "1", "5", 5));
    }

    @Test
    void mappings() throws ConfigException {
        assertThat(value("a: 1\na: 2\nb: {<<: {x: 1, y: 2}, y: 3}\n"))
                .isEqualTo(Map.of("a", 2, "b", Map.of("x", 1, "y", 3)));
        assertThat(value("base: &b {x: 1}\nother: &o {x: 2, z: 3}\nc: {<<: [*b, *o], w: 0}\n").toString())
                .isEqualTo("{base={x=1}, other={x=2, z=3}, c={x=1, z=3, w=0}}");
        assertThat(value("1: a\non: b\n~: c\n1.5: d"))
                .isEqualTo(Map.of("1", "a", "true", "b", "null", "c", "1.5", "d"));
    }

    @Test
    void placesOfKeys() throws ConfigException {
        assertThat(YamlReader.read("a:\n  b: 1\n  c:\n  - d: 2\n", "f").origins())
                .isEqualTo(Map.of("a", "f:2", "a.b", "f:2", "a.c", "f:4", "a.c[0]", "f:4", "a.c[0].d", "f:4"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', ignoreLeadingAndTrailingWhitespace = false, value = {
            "a: b: c|test.yml:1:5: mapping values are not allowed here",
            "a: [1, 2|test.yml:1:9: while parsing a flow sequence, expected ',' or ']', but got <stream end>",
            "a: \"x|test.yml:1:6: while scanning a quoted scalar, found unexpected end of stream",
            "a: *hunter2|test.yml:1:4: a value that begins with * or & must be quoted",
            "a: !hunter2 x|test.yml:1:4: a value that begins with ! must be quoted",
            "a: !!python/object:os.system x|test.yml:1:4: a value that begins with ! must be quoted",
            "a: &x [*x]|test.yml:1:4: contains itself through an alias",
            "? [a, b]#: c|test.yml:1:3: a key must be a plain text",
            "a: {<<: 5}|test.yml:1:9: << takes a mapping or a list of mappings",
            "a: !!int hunter2|test.yml:1:4: the value does not fit its kind"})
    void brokenTextsEndInOneLine(String yaml, String message) {
        assertThatThrownBy(() -> value(yaml.replace('#', '\n'))).isInstanceOf(ConfigException.class)
                .hasMessage(message);
    }

    @Test
    void oddTextsEndInOneLine() {
        for (String yaml : List.of("\tx: 1", "a: @x", "a: \u0001", "--- a\n--- b", "a: [" + "[".repeat(200),
                "a: &a [1]\nb: [" + "*a, ".repeat(200) + "1]", "!!set {a, b}", "!!binary aGk=")) {
            assertThat(catchThrowable(() -> value(yaml))).as(yaml).isInstanceOf(ConfigException.class)
                    .message().startsWith("test.yml").hasLineCount(1).doesNotContain("Exception");
        }
    }

    @ParameterizedTest
    @CsvSource({"1.0, 1.0", "0.0001, 0.0001", "0.00001, 1e-05", "1e16, 1e+16", "123456789.5, 123456789.5",
            "1e22, 1e+22",
            "-0.5, -0.5", "1.5e-7, 1.5e-07"})
    void realsAsPythonWritesThem(double number, String expected) {
        assertThat(YamlScalars.pythonText(number)).isEqualTo(expected);
    }
}
