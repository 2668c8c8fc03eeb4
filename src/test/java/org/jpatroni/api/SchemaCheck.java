package org.jpatroni.api;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Holds a value against the part of JSON Schema that the API's description uses; anything else in a schema is an error of the schema. */
final class SchemaCheck {

    private static final List<String> KNOWN = List.of("$ref", "type", "required", "properties", "items", "minItems",
            "additionalProperties", "minProperties", "description");

    private final Map<?, ?> schemas;

    SchemaCheck(Map<?, ?> document) {
        Map<?, ?> components = (Map<?, ?>) Objects.requireNonNull(document.get("components"));
        this.schemas = (Map<?, ?>) Objects.requireNonNull(components.get("schemas"));
    }

    /** What does not fit, with its place. */
    List<String> problems(@Nullable Object value, Map<?, ?> schema) {
        List<String> problems = new ArrayList<>();
        check(value, schema, "", problems);
        return problems;
    }

    private void check(@Nullable Object value, Map<?, ?> given, String at, List<String> problems) {
        Map<?, ?> schema = given;
        if (given.get("$ref") instanceof String reference) {
            schema = (Map<?, ?>) schemas.get(reference.replace("#/components/schemas/", ""));
            if (schema == null) {
                throw new IllegalArgumentException("no schema " + reference);
            }
        }
        schema.keySet().stream().filter(key -> !KNOWN.contains(key)).findFirst().ifPresent(key -> {
            throw new IllegalArgumentException("unknown keyword " + key);
        });
        Object type = schema.get("type");
        List<?> types = type instanceof List<?> several ? several : type == null ? List.of() : List.of(type);
        if (!types.isEmpty() && types.stream().noneMatch(name -> isOf(value, String.valueOf(name)))) {
            problems.add(at + ": " + value + " is none of " + types);
            return;
        }
        if (value instanceof Map<?, ?> map) {
            checkMap(map, schema, at, problems);
        }
        if (value instanceof List<?> list && schema.get("items") instanceof Map<?, ?> items) {
            for (int i = 0; i < list.size(); i++) {
                check(list.get(i), items, at + "/" + i, problems);
            }
        }
        if (value instanceof List<?> list && schema.get("minItems") instanceof Number min
                && list.size() < min.intValue()) {
            problems.add(at + ": too few items");
        }
    }

    private void checkMap(Map<?, ?> map, Map<?, ?> schema, String at, List<String> problems) {
        if (schema.get("required") instanceof List<?> names) {
            names.stream().filter(name -> !map.containsKey(name)).forEach(name -> problems.add(at + ": no " + name));
        }
        Map<?, ?> properties = schema.get("properties") instanceof Map<?, ?> known ? known : Map.of();
        map.forEach((key, value) -> {
            Object of = properties.containsKey(key) ? properties.get(key) : schema.get("additionalProperties");
            if (of instanceof Map<?, ?> inner) {
                check(value, inner, at + "/" + key, problems);
            }
        });
    }

    private static boolean isOf(@Nullable Object value, String type) {
        return switch (type) {
            case "object" -> value instanceof Map;
            case "array" -> value instanceof List;
            case "string" -> value instanceof String;
            case "integer" -> value instanceof BigInteger;
            case "number" -> value instanceof Number;
            case "boolean" -> value instanceof Boolean;
            case "null" -> value == null;
            default -> throw new IllegalArgumentException("unknown type " + type);
        };
    }
}
