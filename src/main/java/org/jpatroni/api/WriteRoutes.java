package org.jpatroni.api;

import java.util.List;
import java.util.Optional;
import org.jpatroni.api.Route.Access;
import org.jpatroni.api.Route.Body;
import org.jpatroni.api.Route.Handler.OfCommand;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.HaStatus;
import org.jpatroni.node.NodeCommand.Operation;

/** The write side of the API as rows of the route table. */
final class WriteRoutes {

    static final List<Route> TABLE = List.of(
            row("PATCH", "/config", Operation.PATCH_CONFIG, Body.REQUIRED, "changes the whole cluster")
                    .with(WriteDocs.PATCH_CONFIG),
            row("PUT", "/config", Operation.PUT_CONFIG, Body.REQUIRED, "changes the whole cluster")
                    .with(WriteDocs.PUT_CONFIG),
            row("POST", "/switchover", Operation.SWITCHOVER, Body.REQUIRED, "moves the leader")
                    .with(WriteDocs.SWITCHOVER),
            row("POST", "/failover", Operation.FAILOVER, Body.REQUIRED, "moves the leader").with(WriteDocs.FAILOVER),
            row("DELETE", "/switchover", Operation.CANCEL_SWITCHOVER, Body.IGNORED, "changes what will happen")
                    .with(WriteDocs.CANCEL_SWITCHOVER),
            row("POST", "/restart", Operation.RESTART, Body.OPTIONAL, "restarts PostgreSQL")
                    .with(WriteDocs.RESTART),
            row("DELETE", "/restart", Operation.CANCEL_RESTART, Body.IGNORED, "takes a scheduled restart back")
                    .with(WriteDocs.CANCEL_RESTART),
            row("POST", "/reinitialize", Operation.REINITIALIZE, Body.OPTIONAL, "throws the data of this member away")
                    .with(WriteDocs.REINITIALIZE),
            row("POST", "/reload", Operation.RELOAD, Body.IGNORED, "takes over what somebody has written to files")
                    .with(WriteDocs.RELOAD),
            row("POST", "/sigterm", Operation.SIGTERM, Body.IGNORED, "as in Patroni; it changes nothing here")
                    .with(WriteDocs.SIGTERM),
            new Route("POST", "/failsafe", Access.MEMBER, "a primary that cannot reach the store asks the others", true,
                    new OfCommand(Operation.FAILSAFE, Body.REQUIRED, WriteRoutes::failsafeOff))
                    .with(WriteDocs.FAILSAFE),
            new Route("POST", "/mpp", Access.OPEN, "as in Patroni; it changes nothing here", false,
                    new OfCommand(Operation.MPP, Body.REQUIRED)).with(WriteDocs.MPP),
            row("POST", "/citus", Operation.MPP, Body.REQUIRED, "as in Patroni").with(WriteDocs.MPP));

    private WriteRoutes() {
    }

    private static Route row(String method, String path, Operation operation, Body body, String why) {
        return new Route(method, path, Access.AUTHENTICATED, why, false, new OfCommand(operation, body));
    }

    private static Optional<CommandReply> failsafeOff(HaStatus ha) {
        return ha.dynamic().failsafeMode()
                ? Optional.empty()
                : Optional.of(CommandReply.refusal(502, "failsafe_mode is off"));
    }
}
