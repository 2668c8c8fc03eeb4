package org.jpatroni.api;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.LongAdder;
import org.jpatroni.node.MetricFamily;
import org.jpatroni.runtime.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Requests and their durations by route. All counters stand ready before the first request, so that counting one allocates nothing; paths
 * come from the route table, so that no client can invent a series.
 */
final class RouteMeters {

    /** The codes that this API gives; any other is counted as the last one. */
    private static final int[] CODES = {200, 202, 204, 400, 401, 403, 404, 405, 408, 409, 411, 412, 413, 414, 415, 422,
            428, 431, 500, 501, 502, 503, 504};
    private static final byte[] INDEX_OF_CODE = new byte[600];

    static {
        Arrays.fill(INDEX_OF_CODE, (byte) CODES.length);
        for (int i = 0; i < CODES.length; i++) {
            INDEX_OF_CODE[CODES[i]] = (byte) i;
        }
    }

    /** What latencies are told apart by: requests of one class wait for the same things. */
    enum RouteClass {
        HEALTH, STATUS, CLUSTER, METRICS, COMMAND, OTHER;

        static RouteClass of(Route route) {
            if (!route.method().equals("GET")) {
                return COMMAND;
            }
            String path = route.path();
            boolean probe = path.equals("*") || path.equals("/liveness") || path.equals("/readiness");
            if (probe || Arrays.stream(HealthCheck.values()).anyMatch(check -> check.paths().contains(path))) {
                return HEALTH;
            }
            if (path.equals("/metrics")) {
                return METRICS;
            }
            return route.handler() instanceof Route.Handler.OfCluster ? CLUSTER : STATUS;
        }

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final class Meter {
        private final String method;
        private final String path;
        private final Histogram durations;
        private final LongAdder[] byCode = new LongAdder[CODES.length + 1];

        Meter(String method, String path, Histogram durations) {
            this.method = method;
            this.path = path;
            this.durations = durations;
            Arrays.setAll(byCode, i -> new LongAdder());
        }

        void count(int code, long nanos) {
            byCode[code >= 0 && code < INDEX_OF_CODE.length ? INDEX_OF_CODE[code] : CODES.length].increment();
            durations.record(nanos);
        }
    }

    private final EnumMap<RouteClass, Histogram> durations = new EnumMap<>(RouteClass.class);
    private final IdentityHashMap<Route, Meter> byRoute = new IdentityHashMap<>();
    private final List<Meter> all = new ArrayList<>();
    private final Meter withoutRoute;

    RouteMeters(List<Route> routes) {
        for (Route route : routes) {
            Meter meter = new Meter(route.method(), route.path(), durationsOf(RouteClass.of(route)));
            byRoute.put(route, meter);
            all.add(meter);
        }
        withoutRoute = new Meter("*", "*", durationsOf(RouteClass.OTHER));
        all.add(withoutRoute);
    }

    private Histogram durationsOf(RouteClass kind) {
        return durations.computeIfAbsent(kind,
                first -> Histogram.ofSeconds(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 10.0));
    }

    /** Counts one answer; {@code route} is null or not of the table for a request that got to none. */
    void answered(@Nullable Route route, int code, long nanos) {
        (route == null ? withoutRoute : byRoute.getOrDefault(route, withoutRoute)).count(code, nanos);
    }

    List<MetricFamily> families() {
        MetricFamily.Builder requests = MetricFamily.counters("jpatroni_api_requests_total",
                "Requests answered, by route and status code. A path or method without a route is *; HEAD and OPTIONS count as GET.");
        for (Meter meter : all) {
            for (int i = 0; i < meter.byCode.length; i++) {
                long count = meter.byCode[i].sum();
                if (count > 0) {
                    requests.add(count, "method", meter.method, "path", meter.path, "code",
                            i < CODES.length ? Integer.toString(CODES[i]) : "other");
                }
            }
        }
        MetricFamily.Builder latencies = MetricFamily.histograms("jpatroni_api_request_duration_seconds",
                "Time from the head of a request to its answer, by class of route.");
        durations.forEach((kind, durationsOfKind) -> {
            Histogram.Snapshot figures = durationsOfKind.snapshot();
            if (figures.count() > 0) {
                latencies.add(figures.boundsSeconds(), figures.counts(), figures.sumSeconds(), "class", kind.label());
            }
        });
        return List.of(requests.build(), latencies.build());
    }
}
