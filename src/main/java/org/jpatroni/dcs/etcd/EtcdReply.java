package org.jpatroni.dcs.etcd;

import java.util.List;
import tools.jackson.databind.JsonNode;

/** What came back from etcd. */
sealed interface EtcdReply {

    /**
     * An answer of the cluster.
     *
     * @param sentAtNanos monotonic time just before the request was sent that was answered
     */
    record Answer(JsonNode body, long sentAtNanos) implements EtcdReply {

        long raftTerm() {
            return EtcdJson.number(body.path("header"), "raft_term");
        }

        String clusterId() {
            return EtcdJson.text(body.path("header"), "cluster_id");
        }
    }

    /**
     * etcd said that it did not do it and will not.
     *
     * @param code as in gRPC
     */
    record Refused(int code, String message) implements EtcdReply {

        boolean isLeaseGone() {
            return message.contains("requested lease not found");
        }

        boolean isTokenProblem() {
            return code == UNAUTHENTICATED || message.contains("user name is empty")
                    || message.contains("revision of auth store is old") || message.contains("invalid auth token");
        }

        boolean isAuthenticationOff() {
            return message.contains("authentication is not enabled");
        }
    }

    /**
     * Nothing that could be relied on.
     *
     * @param maybeDone whether the request may have been carried out, or may be later
     */
    record NoAnswer(String cause, boolean maybeDone) implements EtcdReply {
    }

    int UNAUTHENTICATED = 16;

    /**
     * The codes with which etcd refuses a request before it proposes it to the cluster, or in carrying it out, the same way on every
     * member: invalid argument, not found, already exists, permission denied, resource exhausted, failed precondition, out of range,
     * unimplemented, unauthenticated. All others, such as unavailable or deadline exceeded, leave open what happened.
     */
    List<Integer> DEFINITE = List.of(3, 5, 6, 7, 8, 9, 11, 12, UNAUTHENTICATED);

    /** An error in the gateway's words: {@code code} with {@code error} or {@code message}; in streams nested under {@code error}. */
    static EtcdReply ofError(JsonNode body) {
        JsonNode error = body.path("error").isObject() ? body.path("error") : body;
        int code = (int) Math.max(EtcdJson.number(error, "code"), EtcdJson.number(error, "grpc_code"));
        String text = EtcdJson.text(error, "error");
        String message = text.isEmpty() ? EtcdJson.text(error, "message") : text;
        return DEFINITE.contains(code) ? new Refused(code, message) : new NoAnswer("answered: " + message, true);
    }
}
