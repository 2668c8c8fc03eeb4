package org.jpatroni.api;

import java.nio.charset.StandardCharsets;
import org.jpatroni.config.RestApiConfig;
import org.jpatroni.node.NodeCommands;
import org.jpatroni.node.NodeView;
import org.jpatroni.runtime.Time;

/** Routes and bytes without a server: what a client of HTTP/1.0 would read. */
final class Socketless {

    private final NodeView node;
    private final Time time;
    private final ApiCounters counters = new ApiCounters();
    private final NodeCommands commands = new FakeCommands();
    private final Router router;
    private final WireFormat wire;

    Socketless(NodeView node, Time time, RestApiConfig config) {
        this.node = node;
        this.time = time;
        this.router = new ReadRoutes(time, counters, node::agentMetrics).router();
        counters.countBy(router);
        this.wire = new WireFormat(config, "0.0.0");
    }

    /** The answer of the route, before it is put into bytes. */
    Response answer(Request request) {
        return switch (router.find(request).handler()) {
            case Route.Handler.OfLoop handler -> handler.answer().apply(request, node.ha());
            case Route.Handler.OfStatus handler -> handler.answer().apply(request,
                    new StatusPage(node.status().join(), time.nanos(), counters, "0.0.0"));
            case Route.Handler.OfCluster handler -> handler.answer().apply(request,
                    handler.fresh() ? asked() : ClusterPage.ofLoop(node.ha(), time.nanos()).orElseGet(this::asked));
            case Route.Handler.OfCommand handler -> command(request, handler);
        };
    }

    private Response command(Request request, Route.Handler.OfCommand handler) {
        try {
            return CommandResponse.of(request, commands.submit(CommandReader.read(request, handler)).join());
        } catch (CommandReader.UnusableBody unusable) {
            return unusable.response(request.wantsJson());
        }
    }

    private ClusterPage asked() {
        return new ClusterPage(node.cluster().join(), node.ha(), time.nanos());
    }

    Response get(String target) {
        return answer(Request.of("GET", target, true, true, false, time.nanos()));
    }

    /** The same, counted as a connection would. */
    void counted(String target) {
        Request request = Request.of("GET", target, true, true, false, time.nanos());
        counters.answered(router.find(request), answer(request).status(), 1_000);
    }

    static String body(Response response) {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    /** The bytes for a client of 1.0. */
    String bytes(String method, String target) {
        Request request = Request.of(method, target, false, false, false, time.nanos());
        Response response = answer(request);
        byte[] bytes = request.isStatusOnly()
                ? WireFormat.statusLine(response.status())
                : wire.encode(response, false, false, time.wall());
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
