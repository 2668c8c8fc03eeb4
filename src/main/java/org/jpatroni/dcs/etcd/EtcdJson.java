package org.jpatroni.dcs.etcd;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import org.jpatroni.dcs.KeyValueClient.Entry;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The gateway's way with JSON: keys and values in base64, 64-bit numbers as text. */
final class EtcdJson {

    private static final JsonMapper MAPPER = new JsonMapper();

    private EtcdJson() {
    }

    static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    /** An object, or empty when the text is something else. */
    static Optional<JsonNode> readObject(String text) {
        try {
            JsonNode node = MAPPER.readTree(text);
            return node != null && node.isObject() ? Optional.of(node) : Optional.empty();
        } catch (JacksonException malformed) {
            return Optional.empty();
        }
    }

    static String encode(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** @throws IllegalArgumentException when it is no base64 */
    static String decode(String base64) {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }

    /** The first key after all that begin with the prefix, in base64. */
    static String prefixEnd(String prefix) {
        byte[] bytes = prefix.getBytes(StandardCharsets.UTF_8);
        // UTF-8 has no byte 0xFF, so that the last one can always be made larger.
        bytes[bytes.length - 1]++;
        return Base64.getEncoder().encodeToString(Arrays.copyOf(bytes, bytes.length));
    }

    /** A whole number, which the gateway writes as text, and leaves out when it is zero. */
    static long number(JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (value.isIntegralNumber()) {
            return value.asLong();
        }
        try {
            return value.isString() ? Long.parseLong(value.stringValue()) : 0;
        } catch (NumberFormatException notANumber) {
            return 0;
        }
    }

    static String text(JsonNode node, String field) {
        JsonNode value = node.path(field);
        return value.isString() ? value.stringValue() : value.isIntegralNumber() ? value.asString() : "";
    }

    /** @throws IllegalArgumentException when key or value is no base64 */
    static Entry entry(JsonNode node) {
        String lease = text(node, "lease");
        return new Entry(decode(text(node, "key")), decode(text(node, "value")), number(node, "mod_revision"),
                lease.equals("0") ? "" : lease);
    }
}
