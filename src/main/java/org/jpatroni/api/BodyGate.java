package org.jpatroni.api;

import io.netty.channel.Channel;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What a connection does with a body before all of it is there: whether it is wanted, and how much of it may be kept. */
final class BodyGate {

    private final HttpLoop loop;
    private final Supplier<Channel> channel;
    private final BooleanSupplier inLane;

    BodyGate(HttpLoop loop, Supplier<Channel> channel, BooleanSupplier inLane) {
        this.loop = loop;
        this.channel = channel;
        this.inLane = inLane;
    }

    /** How many bytes it may have to be kept; 0 when it is not looked at, because it means nothing or the caller has no access. */
    int room(Request request) {
        return CommandCall.bodyRoom(loop.shared(), channel.get(), request, loop.shared().router().find(request));
    }

    /** Whether the bodies that all connections keep leave room for more; takes it, or gives it back when negative. */
    boolean takeRoom(int bytes) {
        return loop.takeBodyRoom(bytes);
    }

    /**
     * Asked before a body is waited for that may not be wanted, or was not read to its end.
     *
     * @param fault what is wrong with it; null when nothing is
     * @return the answer that the request gets instead, null when it may go on; never null when there is a fault
     */
    @Nullable
    Response early(Request request, @Nullable Response fault) {
        Route found = loop.shared().router().find(request);
        return inLane.getAsBoolean() && !found.lane()
                ? SafeAnswer.overCapacity(request.wantsJson())
                : CommandCall.early(loop.shared(), channel.get(), request, found, fault);
    }
}
