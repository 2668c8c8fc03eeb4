package org.jpatroni.api;

import java.util.Optional;
import java.util.function.BiFunction;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.HaStatus;
import org.jpatroni.node.NodeCommand;

/**
 * One row of the route table.
 *
 * @param method as on the wire
 * @param path exact
 * @param access who may call it
 * @param why the reason for that access, for the reader of the table
 * @param lane answered even when there are more connections than allowed: load balancers, probes and other members must never starve
 * @param handler what answers
 * @param doc for those who call it
 */
record Route(String method, String path, Access access, String why, boolean lane, Handler handler, RouteDoc doc) {

    Route(String method, String path, Access access, String why, boolean lane, Handler handler) {
        this(method, path, access, why, lane, handler, RouteDoc.NONE);
    }

    /** The same with its description. */
    Route with(RouteDoc described) {
        return new Route(method, path, access, why, lane, handler, described);
    }

    /** Who may call a route. */
    enum Access {
        /** Anyone who reaches the port. */
        OPEN,
        /** Who passes {@code restapi.authentication}, {@code allowlist} and client certificates. */
        AUTHENTICATED,
        /** As before, and other members of the cluster. */
        MEMBER
    }

    /** What an answer rests on, and the function that makes it. Functions are pure but for counters. */
    sealed interface Handler {

        /** The loop's published status, which is there at once. */
        record OfLoop(BiFunction<Request, HaStatus, Response> answer) implements Handler {
        }

        /** An answer of PostgreSQL that began after the request came. */
        record OfStatus(BiFunction<Request, StatusPage, Response> answer) implements Handler {
        }

        /**
         * The store.
         *
         * @param fresh read now; else the loop's last snapshot will do where there is one
         */
        record OfCluster(boolean fresh, BiFunction<Request, ClusterPage, Response> answer) implements Handler {
        }

        /**
         * A command to the node; its body is read by the rule given.
         *
         * @param gate what is looked at after access and before the body
         */
        record OfCommand(NodeCommand.Operation operation, Body body, Gate gate) implements Handler {

            OfCommand(NodeCommand.Operation operation, Body body) {
                this(operation, body, ha -> Optional.empty());
            }
        }
    }

    /** Says whether a call has a meaning now at all; where it has none, what came with it does not matter. */
    interface Gate {

        /** The answer when it has none. */
        Optional<CommandReply> refuses(HaStatus ha);
    }

    /** Whether a call carries a JSON object. */
    enum Body {
        /** What comes is not looked at. */
        IGNORED,
        /** None, an empty one, or an object. */
        OPTIONAL,
        /** An object with something in it. */
        REQUIRED
    }
}
