package org.jpatroni.api;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The route table: exact paths, no patterns. A GET, HEAD or OPTIONS to any other path is a failed health check, as the reference says;
 * any other method is not supported there. HEAD and OPTIONS take the route of GET.
 */
final class Router {

    private final List<Route> table;
    private final Map<String, Route> gets = new HashMap<>();
    private final Map<String, Map<String, Route>> others = new HashMap<>();
    private final Route unknownGet;
    private final Route unknownMethod;

    Router(List<Route> table, Route unknownGet) {
        this.table = List.copyOf(table);
        this.unknownGet = unknownGet;
        this.unknownMethod = new Route("*", "*", Route.Access.OPEN, "an answer that changes nothing", false,
                new Route.Handler.OfLoop((request, ha) -> unsupported(request)));
        for (Route route : table) {
            Map<String, Route> byPath = route.method().equals("GET")
                    ? gets
                    : others.computeIfAbsent(route.method(), method -> new HashMap<>());
            if (byPath.put(route.path(), route) != null) {
                throw new IllegalArgumentException("two routes for " + route.method() + " " + route.path());
            }
        }
    }

    /** All routes, for tests and documentation. */
    List<Route> table() {
        return new ArrayList<>(table);
    }

    /** The routes of the table, and the one that answers a GET to any other path. */
    List<Route> withUnknownPath() {
        List<Route> all = table();
        all.add(unknownGet);
        return all;
    }

    Route find(Request request) {
        return switch (request.method()) {
            case "GET", "HEAD", "OPTIONS" -> gets.getOrDefault(request.path(), unknownGet);
            default -> others.getOrDefault(request.method(), Map.of()).getOrDefault(request.path(), unknownMethod);
        };
    }

    private static Response unsupported(Request request) {
        StringBuilder method = new StringBuilder();
        request.method().chars().limit(32).filter(c -> c > ' ' && c < 0x7F).forEach(c -> method.append((char) c));
        return Response.closingError(501, "Unsupported method ('" + method + "')", request.wantsJson(), "");
    }
}
