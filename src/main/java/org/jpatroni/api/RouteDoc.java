package org.jpatroni.api;

import java.util.ArrayList;
import java.util.List;

/**
 * What a client needs to know of a route, for the description at {@code /openapi.json}. What follows from the route itself (access, a body that
 * is no JSON object) is not repeated here.
 *
 * @param summary one line; empty when nobody has written any
 * @param parameters of the query
 * @param fields of the body
 * @param answers beside those that follow from the route
 */
record RouteDoc(String summary, List<Field> parameters, List<Field> fields, List<Answer> answers) {

    static final RouteDoc NONE = new RouteDoc("", List.of(), List.of(), List.of());

    /**
     * A parameter or a field of the body.
     *
     * @param types JSON types that are understood
     */
    record Field(String name, List<String> types, boolean required, String description) {
    }

    /** What may come back. */
    record Answer(int code, Shape shape, String description) {
    }

    /** The documents of the API, by their schema. */
    enum Shape {
        STATUS("application/json"), CLUSTER("application/json"), HISTORY("application/json"),
        CONFIG("application/json"),
        MEMBERS("application/json"), OPENAPI("application/json"), NOT_READ("application/json"),
        /** What would happen. */
        PREVIEW("application/json"),
        /** In the text format of Prometheus. */
        METRICS("text/plain"),
        /** One line in Patroni's words. */
        LINE("text/html"),
        /** One line, or problem details for a client that accepts JSON. */
        ERROR("text/plain"),
        /** No body. */
        NOTHING("");

        private final String mediaType;

        Shape(String mediaType) {
            this.mediaType = mediaType;
        }

        String mediaType() {
            return mediaType;
        }
    }

    RouteDoc {
        parameters = List.copyOf(parameters);
        fields = List.copyOf(fields);
        answers = List.copyOf(answers);
    }

    static RouteDoc of(String summary) {
        return new RouteDoc(summary, List.of(), List.of(), List.of());
    }

    /** The same with a parameter of the query. */
    RouteDoc query(String name, String type, String description) {
        List<Field> more = new ArrayList<>(parameters);
        more.add(new Field(name, List.of(type), false, description));
        return new RouteDoc(summary, more, fields, answers);
    }

    /** The same with a field of the body. */
    RouteDoc field(String name, String description, String... types) {
        return field(new Field(name, List.of(types), false, description));
    }

    /** The same with a field without which the call is refused. */
    RouteDoc required(String name, String description, String... types) {
        return field(new Field(name, List.of(types), true, description));
    }

    private RouteDoc field(Field field) {
        List<Field> more = new ArrayList<>(fields);
        more.add(field);
        return new RouteDoc(summary, parameters, more, answers);
    }

    /** The same with one more thing that may come back. */
    RouteDoc answers(int code, Shape shape, String description) {
        List<Answer> more = new ArrayList<>(answers);
        more.add(new Answer(code, shape, description));
        return new RouteDoc(summary, parameters, fields, more);
    }
}
