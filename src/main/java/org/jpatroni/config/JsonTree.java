package org.jpatroni.config;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * JSON texts as trees (see {@code Tree}) and back: key order and the digits of numbers survive, so that {@code 1.10} stays {@code 1.10}.
 * Of duplicate keys the last one wins.
 */
public final class JsonTree {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .build();

    private JsonTree() {
    }

    /**
     * Reads a JSON object.
     *
     * @throws ConfigException with one line that names the place, never the text
     */
    @SuppressWarnings("unchecked")
    public static Map<String, @Nullable Object> readObject(String json) throws ConfigException {
        Object value;
        try {
            value = MAPPER.readValue(json, Object.class);
        } catch (JacksonException broken) {
            var place = broken.getLocation();
            throw new ConfigException("is no JSON text"
                    + (place == null ? "" : ", line " + place.getLineNr() + " column " + place.getColumnNr()));
        } catch (NumberFormatException leaked) {
            // Jackson 3.2 lets it through for exponents that BigDecimal cannot hold.
            throw new ConfigException("is no JSON text: a number is out of all bounds");
        }
        if (!(value instanceof Map<?, ?> map)) {
            throw new ConfigException("is no JSON object");
        }
        return new LinkedHashMap<>((Map<String, @Nullable Object>) map);
    }

    /** Compact JSON. */
    public static String write(Map<String, ? extends @Nullable Object> tree) {
        return MAPPER.writeValueAsString(tree);
    }
}
