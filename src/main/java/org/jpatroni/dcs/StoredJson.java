package org.jpatroni.dcs;

import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.json.JsonMapper;

/** Reads what any version of Patroni stored, {@code NaN} included. Trees are those of {@link org.jpatroni.model.Tree}. */
final class StoredJson {

    private static final int NESTING_MAX = 900;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(NESTING_MAX).build()).build())
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

    private StoredJson() {
    }

    /** The tree, or empty when the text is no JSON; a JSON {@code null} is empty too. */
    static Optional<Object> read(String text) {
        try {
            return Optional.ofNullable(MAPPER.readValue(text, Object.class));
        } catch (JacksonException malformed) {
            return Optional.empty();
        }
    }

    /** The object, or empty when the text is no JSON or something else than an object. */
    static Optional<Map<?, ?>> readObject(String text) {
        return read(text).flatMap(tree -> tree instanceof Map<?, ?> map ? Optional.of(map) : Optional.empty());
    }
}
