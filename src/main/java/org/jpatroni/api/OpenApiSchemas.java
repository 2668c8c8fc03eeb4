package org.jpatroni.api;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jpatroni.api.RouteDoc.Shape;
import org.jpatroni.json.PythonJsonReader;
import org.jspecify.annotations.Nullable;

/** The shapes of the API's documents as JSON Schema. Fields that are always there are required; further ones may come with any version. */
final class OpenApiSchemas {

    private static final String STATUS = """
            {"type": "object", "required": ["state", "role", "dcs_last_seen", "patroni"], "properties": {
            "state": {"type": "string"}, "postmaster_start_time": {"type": "string"}, "role": {"type": "string"},
            "server_version": {"type": "integer"}, "timeline": {"type": "integer"},
            "xlog": {"type": "object", "properties": {"location": {"type": "integer"},
            "received_location": {"type": "integer"}, "replayed_location": {"type": "integer"},
            "replayed_timestamp": {"type": ["string", "null"]}, "paused": {"type": "boolean"}}},
            "replication": {"type": "array", "items": {"type": "object"}}, "replication_state": {"type": "string"},
            "sync_standby": {"type": "boolean"}, "quorum_standby": {"type": "boolean"}, "pause": {"type": "boolean"},
            "cluster_unlocked": {"type": "boolean"}, "failsafe_mode_is_active": {"type": "boolean"},
            "pending_restart": {"type": "boolean"}, "pending_restart_reason": {"type": "object"},
            "scheduled_restart": {"type": "object"}, "tags": {"type": "object"},
            "database_system_identifier": {"type": "string"}, "dcs_last_seen": {"type": "integer"},
            "patroni": {"type": "object", "required": ["version", "scope", "name"], "properties": {
            "version": {"type": "string"}, "scope": {"type": "string"}, "name": {"type": "string"}}},
            "jpatroni": {"type": "object", "required": ["version"], "properties": {"version": {"type": "string"},
            "stale": {"type": "boolean"}, "observation_age_ms": {"type": "integer"}}}}}""";

    private static final String CLUSTER = """
            {"type": "object", "required": ["members", "scope"], "properties": {"scope": {"type": "string"},
            "pause": {"type": "boolean"}, "stale": {"type": "boolean"},
            "scheduled_switchover": {"type": "object", "required": ["at"], "properties": {"at": {"type": "string"},
            "from": {"type": "string"}, "to": {"type": "string"}}},
            "members": {"type": "array", "items": {"type": "object", "required": ["name", "role", "state"],
            "properties": {"name": {"type": "string"}, "role": {"type": "string"}, "state": {"type": "string"},
            "api_url": {"type": "string"}, "host": {"type": "string"}, "port": {"type": "integer"},
            "timeline": {"type": ["integer", "string"]}, "lag": {"type": ["integer", "string"]},
            "receive_lag": {"type": ["integer", "string"]}, "replay_lag": {"type": ["integer", "string"]},
            "lsn": {"type": "string"}, "receive_lsn": {"type": "string"}, "replay_lsn": {"type": "string"},
            "tags": {"type": "object"}, "pending_restart": {"type": "boolean"}}}}}}""";

    private static final String PROBLEM = """
            {"type": "object", "required": ["type", "title", "status", "detail"], "properties": {
            "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
            "detail": {"type": "string"}, "reasons": {"type": "array", "items": {"type": "object",
            "required": ["rule", "reason"], "properties": {"member": {"type": "string"}, "rule": {"type": "string"},
            "reason": {"type": "string"}}}}}}""";

    private OpenApiSchemas() {
    }

    /** All by name. */
    static Map<String, @Nullable Object> all() {
        Map<String, @Nullable Object> schemas = new LinkedHashMap<>();
        schemas.put("Problem", parse(PROBLEM));
        for (Shape shape : Shape.values()) {
            String text = text(shape);
            if (!text.isEmpty()) {
                schemas.put(name(shape), parse(text));
            }
        }
        return schemas;
    }

    private static String text(Shape shape) {
        return switch (shape) {
            case STATUS -> STATUS;
            case CLUSTER -> CLUSTER;
            case HISTORY -> "{\"type\": \"array\", \"items\": {\"type\": \"array\", \"minItems\": 3}}";
            case PREVIEW -> "{\"type\": \"object\", \"required\": [\"dry_run\"]}";
            case CONFIG, OPENAPI -> "{\"type\": \"object\"}";
            case MEMBERS -> "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"string\"}}";
            case NOT_READ -> "{\"type\": \"object\", \"required\": [\"error\"], \"properties\": "
                    + "{\"error\": {\"type\": \"string\"}, \"scope\": {\"type\": \"string\"}}}";
            case METRICS, LINE, ERROR -> "{\"type\": \"string\"}";
            case NOTHING -> "";
        };
    }

    private static @Nullable Object parse(String text) {
        return PythonJsonReader.read(text);
    }

    static Map<String, String> reference(Shape shape) {
        return Map.of("$ref", "#/components/schemas/" + name(shape));
    }

    static Map<String, String> problemReference() {
        return Map.of("$ref", "#/components/schemas/Problem");
    }

    private static String name(Shape shape) {
        StringBuilder name = new StringBuilder();
        for (String word : List.of(shape.name().split("_", -1))) {
            name.append(word.charAt(0)).append(word.substring(1).toLowerCase(java.util.Locale.ROOT));
        }
        return name.toString();
    }
}
