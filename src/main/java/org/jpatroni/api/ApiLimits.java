package org.jpatroni.api;

/**
 * The bounds of the HTTP server. Every wait has an absolute deadline: one that starts again with each byte can be held off for ever.
 *
 * @param connectionsMax open connections in total; more are served in the lane only
 * @param perAddressMax of these from one address
 * @param laneMax connections beyond the limits that may still ask for a health check, one request each; the oldest silent one makes room
 * @param headMillis from the first byte (of a new connection: from its start, TLS handshake included) to the end of the head
 * @param bodyMillis for the body
 * @param idleMillis between two requests
 * @param writeMillis until the client has read an answer
 * @param laneHeadMillis as {@code headMillis}, in the lane
 * @param requestLineMax bytes; longer is 414
 * @param headMax bytes of all headers; longer is 431
 * @param bodyMax bytes; longer is 413
 * @param pipelineMax requests of one connection that wait for their turn; then it is no longer read
 */
public record ApiLimits(int connectionsMax, int perAddressMax, int laneMax, int headMillis, int bodyMillis,
        int idleMillis, int writeMillis, int laneHeadMillis, int requestLineMax, int headMax, int bodyMax,
        int pipelineMax) {

    public static final ApiLimits DEFAULT = new ApiLimits(2048, 1536, 256, 5_000, 10_000, 75_000, 10_000, 1_000, 8_192,
            8_192, 1_048_576, 32);
}
