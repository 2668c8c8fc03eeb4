package org.jpatroni.api;

import io.netty.channel.Channel;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.NodeCommand;

/** One call that may change something: checked, read, handed to the node. Told in the audit log, also where it gets no further than a check. */
final class CommandCall {

    private final HttpLoop.Shared shared;
    private final Request request;
    private final AccessVerdict.Caller caller;

    private CommandCall(HttpLoop.Shared shared, Request request, AccessVerdict.Caller caller) {
        this.shared = shared;
        this.request = request;
        this.caller = caller;
    }

    /**
     * Begins it, on the connection's loop.
     *
     * @param later gets the answer on that loop, never before this method has returned
     * @return the refusal when it ends at once
     */
    static Optional<Response> begin(HttpLoop.Shared shared, Channel channel, Request request, Route route,
            Route.Handler.OfCommand handler, Consumer<Supplier<Response>> later) {
        AccessVerdict verdict = shared.access().check(route.access(), channel,
                request.content().authorization().orElse(null), request.wantsJson());
        CommandCall call = new CommandCall(shared, request, verdict.caller());
        if (verdict instanceof AccessVerdict.Refused refused) {
            return Optional.of(call.audited(refused.response()));
        }
        Optional<CommandReply> pointless = handler.gate().refuses(shared.node().ha());
        if (pointless.isPresent()) {
            return Optional.of(call.audited(CommandResponse.of(request, pointless.get())));
        }
        NodeCommand command;
        try {
            command = CommandReader.read(request, handler);
        } catch (CommandReader.UnusableBody unusable) {
            return Optional.of(call.audited(unusable.response(request.wantsJson())));
        }
        shared.commands().submit(command, channel.eventLoop(), reply -> {
            // Told also when nobody waits for the answer any more.
            Response response = call.audited(CommandResponse.of(request, reply));
            later.accept(() -> response);
        });
        return Optional.empty();
    }

    private Response audited(Response response) {
        shared.audit().record(caller, request.method(), request.path(), response.status(),
                shared.time().nanos() - request.arrivedNanos());
        return response;
    }
}
