package org.jpatroni.api;

import org.jpatroni.api.RouteDoc.Shape;

/** Descriptions of the rows of {@link ReadRoutes}. */
final class ReadDocs {

    private static final String LAG = "bytes, also as 16MB: how far it may be behind; what is no size fails the check";

    static final RouteDoc LIVENESS = RouteDoc.of("Whether the daemon works: its loop went round lately.")
            .answers(200, Shape.NOTHING, "it works").answers(503, Shape.NOTHING, "the loop is stuck");
    static final RouteDoc READINESS = RouteDoc
            .of("Whether this node can serve: the leader, or a replica that streams and is not far behind.")
            .query("lag", "string", LAG)
            .query("mode", "string", "apply (replayed WAL counts) or write (received WAL counts)")
            .answers(200, Shape.NOTHING, "it can").answers(503, Shape.NOTHING, "it cannot");
    static final RouteDoc PATRONI = RouteDoc.of("The status of this node; always 200.")
            .answers(200, Shape.STATUS, "the status");
    static final RouteDoc FAILSAFE = RouteDoc
            .of("The members that have to agree when the store does not answer, with their URLs.")
            .answers(200, Shape.MEMBERS, "name to URL").answers(502, Shape.ERROR, "none are known");
    static final RouteDoc CLUSTER = RouteDoc.of("The members as the store has them.")
            .answers(200, Shape.CLUSTER, "the cluster; marked stale when the store does not answer");
    static final RouteDoc HISTORY = RouteDoc.of("The changes of timeline.")
            .answers(200, Shape.HISTORY, "timeline, LSN, reason, time, new leader of each");
    static final RouteDoc CONFIG = RouteDoc.of("The dynamic configuration as stored, with an ETag.")
            .answers(200, Shape.CONFIG, "the configuration").answers(502, Shape.ERROR, "none is stored");
    static final RouteDoc METRICS = RouteDoc.of("Metrics for Prometheus.").answers(200, Shape.METRICS, "metrics");
    static final RouteDoc OPENAPI = RouteDoc.of("This description.").answers(200, Shape.OPENAPI, "OpenAPI 3.1");

    private ReadDocs() {
    }

    /** Of a health check by role. */
    static RouteDoc check(HealthCheck check) {
        RouteDoc doc = RouteDoc.of("Whether this node " + passes(check) + ".");
        if (check != HealthCheck.HEALTH) {
            doc = doc.query("lag", "string", LAG)
                    .query("replication_state", "string", "what the WAL receiver must be doing, for example streaming")
                    .query("tag_NAME", "string", "the value that the tag NAME must have; any number of these");
        }
        return doc.answers(200, Shape.STATUS, "it does")
                .answers(503, Shape.STATUS, "it does not; the header X-Patroni-Reason says why");
    }

    private static String passes(HealthCheck check) {
        return switch (check) {
            case PRIMARY -> "is the primary and holds the leader lease";
            case LEADER -> "holds the leader lease, as primary or standby leader";
            case STANDBY_LEADER -> "is the leader of a standby cluster";
            case REPLICA -> "is a running replica without the tag noloadbalance";
            case READ_ONLY -> "is the primary or such a replica";
            case SYNCHRONOUS -> "is a synchronous standby";
            case READ_ONLY_SYNC -> "is a synchronous standby or the primary";
            case QUORUM -> "is a standby of the quorum";
            case READ_ONLY_QUORUM -> "is a standby of the quorum or the primary";
            case ASYNCHRONOUS -> "is an asynchronous standby";
            case HEALTH -> "has a running PostgreSQL";
            case UNKNOWN -> "has this path";
        };
    }
}
