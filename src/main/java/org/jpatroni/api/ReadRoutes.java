package org.jpatroni.api;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jpatroni.api.Route.Access;
import org.jpatroni.api.Route.Handler.OfCluster;
import org.jpatroni.api.Route.Handler.OfLoop;
import org.jpatroni.api.Route.Handler.OfStatus;
import org.jpatroni.node.HaStatus;
import org.jpatroni.node.MetricFamily;
import org.jpatroni.runtime.Time;
import org.jspecify.annotations.Nullable;

/** The read side of the API as rows of the route table. Everything here is open: Patroni's reads are, and clients count on it. */
final class ReadRoutes {

    private final Time time;
    private final ApiCounters counters;
    private final Supplier<List<MetricFamily>> agentMetrics;

    private final StatusMetrics statusMetrics = new StatusMetrics();
    private List<Route> described = List.of();
    private volatile @Nullable Response openApi;

    ReadRoutes(Time time, ApiCounters counters, Supplier<List<MetricFamily>> agentMetrics) {
        this.time = time;
        this.counters = counters;
        this.agentMetrics = agentMetrics;
    }

    /** The whole table: these rows and those of the write side. */
    Router router() {
        List<Route> table = new ArrayList<>(WriteRoutes.TABLE);
        for (HealthCheck check : HealthCheck.values()) {
            for (String path : check.paths()) {
                table.add(lane(path, "load balancers check without credentials", check(check))
                        .with(ReadDocs.check(check)));
            }
        }
        table.add(lane("/liveness", "probes have no credentials", new OfLoop(this::liveness)).with(ReadDocs.LIVENESS));
        table.add(lane("/readiness", "probes have no credentials",
                new OfStatus((request, page) -> page.readiness(request.query()))).with(ReadDocs.READINESS));
        table.add(lane("/patroni", "members ask each other in a leader race",
                new OfStatus((request, page) -> Response.full(200, Response.JSON, page::document, "")))
                .with(ReadDocs.PATRONI));
        table.add(lane("/failsafe", "members and operators compare what they know", new OfLoop(ReadRoutes::failsafe))
                .with(ReadDocs.FAILSAFE));
        table.add(open("/cluster", "dashboards and charms read it from every node",
                new OfCluster(true, (request, page) -> page.cluster())).with(ReadDocs.CLUSTER));
        table.add(open("/history", "monitoring reads it", new OfCluster(false, (request, page) -> page.history()))
                .with(ReadDocs.HISTORY));
        table.add(open("/config", "the configuration holds no secrets by Patroni's rule",
                new OfCluster(false, (request, page) -> page.config(request.wantsJson()))).with(ReadDocs.CONFIG));
        table.add(open("/metrics", "scrapers come without credentials", new OfStatus(this::metrics))
                .with(ReadDocs.METRICS));
        Route description = open("/openapi.json", "it describes what anybody can try",
                new OfLoop((request, ha) -> openApi())).with(ReadDocs.OPENAPI);
        table.add(description);
        described = List.copyOf(table);
        return new Router(table, lane("*", "as the health checks", check(HealthCheck.UNKNOWN)));
    }

    /** Written when somebody asks for it first. */
    private Response openApi() {
        Response known = openApi;
        if (known == null) {
            known = OpenApi.response(described);
            openApi = known;
        }
        return known;
    }

    private static Route lane(String path, String why, Route.Handler handler) {
        return new Route("GET", path, Access.OPEN, why, true, handler);
    }

    private static Route open(String path, String why, Route.Handler handler) {
        return new Route("GET", path, Access.OPEN, why, false, handler);
    }

    private static OfStatus check(HealthCheck check) {
        return new OfStatus((request, page) -> page.check(check, request.query()));
    }

    private Response liveness(Request request, HaStatus ha) {
        HealthVerdict verdict = HealthRules.liveness(ha, time.nanos());
        counters.verdict(verdict.reason());
        return Response.empty(verdict.code(), StatusPage.reasonLine(verdict));
    }

    private static Response failsafe(Request request, HaStatus ha) {
        return ha.failsafeMembers().isEmpty()
                ? Response.error(502, "no failsafe members are known", request.wantsJson())
                : Response.json(200, ha.failsafeMembers(), "");
    }

    private Response metrics(Request request, StatusPage page) {
        return Response.full(200, MetricsText.CONTENT_TYPE,
                () -> MetricsText.write(page.view(), families(page)).getBytes(StandardCharsets.UTF_8), "");
    }

    private List<MetricFamily> families(StatusPage page) {
        List<MetricFamily> families = new ArrayList<>(
                statusMetrics.families(page.view(), time.nanos(), time.wall()));
        families.addAll(agentMetrics.get());
        families.addAll(counters.families());
        families.addAll(ProcessMetrics.families(page.productVersion()));
        return families;
    }
}
