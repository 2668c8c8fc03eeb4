package org.jpatroni.operation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Objects;
import org.jpatroni.json.PythonJson;
import org.jpatroni.json.PythonJsonReader;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each row: stored, patch, stored afterwards (checked against Patroni 4.1.4). */
class ConfigPatchTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "{\"ttl\":30,\"loop_wait\":10}|{\"ttl\":20}|{\"ttl\":20,\"loop_wait\":10}",
            "{\"ttl\":30}|{\"ttl\":null}|{}",
            "{\"ttl\":30}|{\"pause\":null}|{\"ttl\":30}",
            "{\"ttl\":30}|{\"ttl\":\"30\"}|{\"ttl\":30}",
            "{\"ttl\":\"30\"}|{\"ttl\":30}|{\"ttl\":\"30\"}",
            "{\"a\":true}|{\"a\":\"True\"}|{\"a\":true}",
            "{\"a\":true}|{\"a\":\"true\"}|{\"a\":\"true\"}",
            "{\"a\":true}|{\"a\":1}|{\"a\":1}",
            "{\"p\":{\"x\":1,\"y\":2}}|{\"p\":{\"x\":null,\"z\":3}}|{\"p\":{\"y\":2,\"z\":3}}",
            "{\"p\":{\"x\":1}}|{\"p\":7}|{\"p\":7}",
            "{\"p\":7}|{\"p\":{\"x\":1}}|{\"p\":{\"x\":1}}",
            "{\"l\":[1,2]}|{\"l\":[1]}|{\"l\":[1]}",
            "{\"b\":1,\"a\":2}|{\"c\":3,\"b\":4}|{\"b\":4,\"a\":2,\"c\":3}",
            "{\"a\":null}|{\"a\":1}|{\"a\":1}",
            "{}|{\"n\":{\"x\":null}}|{\"n\":{\"x\":null}}",
            "{\"f\":1.0}|{\"f\":1}|{\"f\":1}",
            "{\"big\":1}|{\"big\":123456789012345678901234567890}|{\"big\":123456789012345678901234567890}"})
    void merges(String before, String patch, String after) {
        assertThat(PythonJson.writeCompact(ConfigPatch.merge(tree(before), tree(patch)))).isEqualTo(after);
    }

    private static Map<?, ?> tree(String json) {
        return (Map<?, ?>) Objects.requireNonNull(PythonJsonReader.read(json));
    }
}
