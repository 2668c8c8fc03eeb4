package org.jpatroni.api;

import java.util.List;
import org.jpatroni.api.Route.Access;
import org.jpatroni.api.Route.Body;
import org.jpatroni.api.Route.Handler.OfCommand;
import org.jpatroni.node.NodeCommand.Operation;

/** The write side of the API as rows of the route table. */
final class WriteRoutes {

    static final List<Route> TABLE = List.of(
            row("PATCH", "/config", Operation.PATCH_CONFIG, Body.REQUIRED, "changes the whole cluster"),
            row("PUT", "/config", Operation.PUT_CONFIG, Body.REQUIRED, "changes the whole cluster"));

    private WriteRoutes() {
    }

    private static Route row(String method, String path, Operation operation, Body body, String why) {
        return new Route(method, path, Access.AUTHENTICATED, why, false, new OfCommand(operation, body));
    }
}
