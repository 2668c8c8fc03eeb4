package org.jpatroni.api;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jpatroni.node.MetricFamily;
import org.jspecify.annotations.Nullable;

/** What the API counts about itself; shown in {@code /metrics}. Safe for use by all event loops; counting allocates nothing. */
final class ApiCounters {

    /** Why a connection ended early or was not served. */
    enum Mishap {
        /** More connections than in total allowed; a slower one had to go, or this one. */
        OVER_TOTAL("rejected", "total"),
        OVER_ADDRESS("rejected", "address"),
        /** Nor was there room in the lane for health checks. */
        LANE_FULL("rejected", "lane"),
        HEAD_TIMEOUT("timeout", "head"),
        BODY_TIMEOUT("timeout", "body"),
        IDLE_TIMEOUT("timeout", "idle"),
        WRITE_TIMEOUT("timeout", "write"),
        HANDSHAKE_FAILED("handshake_failed", ""),
        /** The client closed hard, which load balancers do after every check. */
        RESET("reset", ""),
        BAD_REQUEST("bad_request", ""),
        /** A fault of ours; the log has more. */
        INTERNAL("internal_error", "");

        private final String family;
        private final String label;

        Mishap(String family, String label) {
            this.family = family;
            this.label = label;
        }
    }

    /** One counter for each constant of an enumeration. */
    private static final class Tally<E extends Enum<E>> {
        private final EnumMap<E, LongAdder> counts;

        Tally(Class<E> type) {
            counts = new EnumMap<>(type);
            for (E constant : type.getEnumConstants()) {
                counts.put(constant, new LongAdder());
            }
        }

        private LongAdder of(E constant) {
            return Objects.requireNonNull(counts.get(constant));
        }
    }

    private final Tally<HealthReason> verdicts = new Tally<>(HealthReason.class);
    private final Tally<Mishap> mishaps = new Tally<>(Mishap.class);
    private final LongAdder flights = new LongAdder();
    private final AtomicInteger connections = new AtomicInteger();
    private volatile RouteMeters routes = new RouteMeters(List.of());

    /** From now on requests are counted by these routes; called once, when the table is complete and nothing was answered yet. */
    void countBy(Router router) {
        routes = new RouteMeters(router.withUnknownPath());
    }

    /** An answer was given; {@code route} is null for a request that never got to one. */
    void answered(@Nullable Route route, int code, long nanos) {
        routes.answered(route, code, nanos);
    }

    void verdict(HealthReason reason) {
        verdicts.of(reason).increment();
    }

    void mishap(Mishap mishap) {
        mishaps.of(mishap).increment();
    }

    /** A question to the node was started for one or more waiting requests. */
    void flight() {
        flights.increment();
    }

    AtomicInteger connections() {
        return connections;
    }

    /** All families, also those that have no samples yet. */
    List<MetricFamily> families() {
        List<MetricFamily> families = new ArrayList<>(routes.families());
        families.add(healthAnswers());
        families.add(MetricFamily.counter("jpatroni_api_status_flights_total",
                "Questions to this node that one or more requests waited for.", flights.sum()));
        families.add(MetricFamily.gauge("jpatroni_api_connections", "Connections that are open now.",
                connections.get()));
        families.add(mishaps("rejected", "reason",
                "Connections over a limit, which got one answer to a health check or 503, by limit."));
        families.add(mishaps("timeout", "phase", "Connections that were closed because a deadline passed, by phase."));
        families.add(mishaps("handshake_failed", "", "Connections whose TLS handshake failed."));
        families.add(mishaps("reset", "", "Connections that the client reset."));
        families.add(mishaps("bad_request", "", "Requests that were refused before they got to a route."));
        families.add(mishaps("internal_error", "", "Faults of the API itself; each is in the log."));
        return families;
    }

    private MetricFamily healthAnswers() {
        MetricFamily.Builder family = MetricFamily.counters("jpatroni_api_health_answers_total",
                "Answers to health checks by reason, the one of the header X-Patroni-Reason.");
        for (HealthReason reason : HealthReason.values()) {
            long count = verdicts.of(reason).sum();
            if (count > 0) {
                family.add(count, "reason", reason.wireText());
            }
        }
        return family.build();
    }

    private MetricFamily mishaps(String name, String label, String help) {
        MetricFamily.Builder family = MetricFamily.counters("jpatroni_api_connections_" + name + "_total", help);
        for (Mishap mishap : Mishap.values()) {
            if (mishap.family.equals(name)) {
                long count = mishaps.of(mishap).sum();
                if (label.isEmpty()) {
                    family.add(count);
                } else {
                    family.add(count, label, mishap.label);
                }
            }
        }
        return family.build();
    }
}
