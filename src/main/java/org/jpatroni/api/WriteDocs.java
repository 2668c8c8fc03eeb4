package org.jpatroni.api;

import org.jpatroni.api.RouteDoc.Shape;

/** Descriptions of the rows of {@link WriteRoutes}. */
final class WriteDocs {

    private static final String DRY_RUN = "change nothing, say what would happen";

    static final RouteDoc PATCH_CONFIG = config(
            "Changes the dynamic configuration: mappings are merged, null removes. With If-Match only if nobody else changed it.")
            .answers(503, Shape.ERROR, "nothing is stored, or the store does not answer");
    static final RouteDoc PUT_CONFIG = config("Replaces the dynamic configuration.")
            .answers(502, Shape.ERROR, "the store does not answer");
    static final RouteDoc FAILSAFE = RouteDoc.of("A primary that cannot reach the store says so to the other members.")
            .required("name", "its member name", "string")
            .required("conn_url", "where its PostgreSQL listens", "string")
            .required("api_url", "where its REST API listens", "string")
            .field("slots", "confirmed positions by slot name", "object", "null")
            .answers(200, Shape.LINE, "it may go on; the header lsn tells this node's position")
            .answers(500, Shape.LINE, "this node is a running primary itself")
            .answers(502, Shape.ERROR, "failsafe_mode is off");
    static final RouteDoc MPP = RouteDoc
            .of("A worker of a sharded cluster tells its coordinator; changes nothing here.")
            .answers(200, Shape.LINE, "heard");
    static final RouteDoc SWITCHOVER = move("Moves the leader to another member, at once or at a time.",
            "the present leader", "when, with time zone");
    static final RouteDoc FAILOVER = move("Makes a member the leader, also without a healthy one.",
            "the present leader: then it is a switchover", "of a switchover only");
    static final RouteDoc CANCEL_SWITCHOVER = RouteDoc.of("Takes a scheduled switchover back.")
            .answers(200, Shape.LINE, "taken back").answers(404, Shape.LINE, "none is scheduled")
            .answers(409, Shape.LINE, "it has begun");
    static final RouteDoc RESTART = RouteDoc
            .of("Restarts PostgreSQL, at once or at a time, if the conditions hold then.")
            .query("dry_run", "boolean", DRY_RUN)
            .field("role", "only if it has this role: primary, standby_leader or replica", "string")
            .field("postgres_version", "only if it is older than this", "string")
            .field("timeout", "seconds that it may take to start; then a primary fails over", "integer", "number",
                    "string")
            .field("restart_pending", "only if a restart is pending, whatever the value", "boolean", "string")
            .field("schedule", "when, with time zone", "string")
            .answers(200, Shape.LINE, "restarted").answers(200, Shape.PREVIEW, "of a dry run")
            .answers(202, Shape.LINE, "scheduled")
            .answers(400, Shape.LINE, "a condition that is none").answers(409, Shape.LINE, "one is scheduled already")
            .answers(422, Shape.LINE, "the time cannot be used")
            .answers(500, Shape.LINE, "nothing is scheduled while the cluster is paused")
            .answers(503, Shape.LINE, "conditions do not hold, or it failed");
    static final RouteDoc CANCEL_RESTART = RouteDoc.of("Takes a scheduled restart back.")
            .answers(200, Shape.LINE, "taken back").answers(404, Shape.LINE, "none is scheduled");
    static final RouteDoc REINITIALIZE = RouteDoc.of("Removes the data directory of this replica and copies it anew.")
            .query("dry_run", "boolean", DRY_RUN).field("force", "also while something else runs", "boolean", "string")
            .field("from_leader", "copy from the leader only", "boolean", "string")
            .answers(200, Shape.LINE, "started").answers(200, Shape.PREVIEW, "of a dry run")
            .answers(503, Shape.LINE, "not possible now");
    static final RouteDoc RELOAD = RouteDoc.of("Reads the local configuration again.")
            .answers(202, Shape.LINE, "it is being read");
    static final RouteDoc SIGTERM = RouteDoc.of("As Patroni's, for tests of it: says that it ends.")
            .answers(202, Shape.LINE, "heard");

    private WriteDocs() {
    }

    private static RouteDoc config(String summary) {
        return RouteDoc.of(summary).query("dry_run", "boolean", DRY_RUN)
                .answers(200, Shape.CONFIG, "the configuration as it is now")
                .answers(409, Shape.ERROR, "somebody else changed it at the same time")
                .answers(412, Shape.ERROR, "it is not the one of If-Match")
                .answers(422, Shape.ERROR, "a value that cannot be meant, with its path");
    }

    private static RouteDoc move(String summary, String leader, String scheduledAt) {
        return RouteDoc.of(summary).query("dry_run", "boolean", DRY_RUN).field("leader", leader, "string", "null")
                .field("candidate", "who shall lead", "string", "null")
                .field("member", "old name of candidate", "string", "null")
                .field("scheduled_at", scheduledAt, "string", "null")
                .answers(200, Shape.LINE, "the new leader accepts writes")
                .answers(200, Shape.PREVIEW, "of a dry run").answers(202, Shape.LINE, "scheduled")
                .answers(400, Shape.LINE, "what is asked for cannot be meant")
                .answers(412, Shape.LINE, "not possible now").answers(422, Shape.LINE, "the time cannot be used")
                .answers(503, Shape.LINE, "it did not happen, or the store does not answer");
    }
}
