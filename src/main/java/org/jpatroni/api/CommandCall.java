package org.jpatroni.api;

import io.netty.channel.Channel;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.NodeCommand;
import org.jspecify.annotations.Nullable;

/** One call that may change something: checked, read, handed to the node. Told in the audit log, also where it gets no further than a check. */
final class CommandCall {

    /** For those who prove nothing. */
    private static final int OPEN_BODY_MAX = 65_536;

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

    /** How many bytes a body may have to be kept; 0 when nobody will look at it. */
    static int bodyRoom(HttpLoop.Shared shared, Channel channel, Request request, Route route) {
        if (!(route.handler() instanceof Route.Handler.OfCommand)) {
            return 0;
        }
        AccessVerdict verdict = shared.access().check(route.access(), channel,
                request.content().authorization().orElse(null), request.wantsJson());
        return verdict instanceof AccessVerdict.Refused
                ? 0
                : route.access() == Route.Access.OPEN ? OPEN_BODY_MAX : shared.limits().bodyMax();
    }

    /**
     * The answer to a request whose body is not read to its end; access is told first, as for one that is.
     *
     * @param fault what is wrong with the body, null when it is only about to be sent
     * @return null when it may be sent
     */
    static @Nullable Response early(HttpLoop.Shared shared, Channel channel, Request request, Route route,
            @Nullable Response fault) {
        if (!(route.handler() instanceof Route.Handler.OfCommand)) {
            return fault;
        }
        AccessVerdict verdict = shared.access().check(route.access(), channel,
                request.content().authorization().orElse(null), request.wantsJson());
        Response answer = verdict instanceof AccessVerdict.Refused refused ? refused.response() : fault;
        return answer == null ? null : new CommandCall(shared, request, verdict.caller()).audited(answer);
    }

    private Response audited(Response response) {
        shared.audit().record(caller, request.method(), request.path(), response.status(),
                shared.time().nanos() - request.arrivedNanos());
        return response;
    }
}
