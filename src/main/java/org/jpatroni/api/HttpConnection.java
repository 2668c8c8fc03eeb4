package org.jpatroni.api;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.function.Supplier;
import org.jpatroni.api.ApiCounters.Mishap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection: takes decoded requests, answers them one after the other, keeps the deadlines. Answers are bytes of
 * {@link WireFormat}; there is no encoder behind this handler, because Patroni's bare status line is none that an HTTP library writes.
 */
@SuppressWarnings("FutureReturnValueIgnored") // A write or close that fails ends in exceptionCaught or channelInactive.
final class HttpConnection extends ChannelInboundHandlerAdapter implements RequestReader.Sink {

    private static final Logger LOG = LoggerFactory.getLogger(HttpConnection.class);
    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final int LINGER_MILLIS = 1_000;

    /** What the connection waits for, which decides what its deadline means. */
    private enum Phase {
        FIRST_HEAD, HEAD, BODY, ANSWER, IDLE, LINGER
    }

    /** A request that waits for its turn, or the answer that it gets instead. */
    private record Pending(Request request, @Nullable Response refusal) {
    }

    private final HttpLoop loop;
    private final RequestReader reader;
    private final ArrayDeque<Pending> queue = new ArrayDeque<>();
    private @Nullable ChannelHandlerContext context;
    private InetAddress address = InetAddress.getLoopbackAddress();
    private Admission.Ticket ticket = Admission.Ticket.ORDINARY;
    private Phase phase = Phase.FIRST_HEAD;
    private long activeSinceNanos;
    private long deadlineNanos;
    private long readAtNanos;
    private long unreadSinceNanos;
    private boolean bytesSeen;
    private boolean answering;
    private boolean inputEnded;
    private boolean done;
    private boolean unflushed;
    /** The client waits for an interim answer before it sends the body. */
    private boolean inviting;
    /** Of the request that is being answered; null when it got to none. */
    private @Nullable Route route;

    HttpConnection(HttpLoop loop) {
        this.loop = loop;
        this.reader = new RequestReader(this, new BodyGate(loop, () -> channelContext().channel(),
                () -> ticket != Admission.Ticket.ORDINARY), loop.limits().bodyMax());
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        context = ctx;
        if (ctx.channel().remoteAddress() instanceof InetSocketAddress remote) {
            address = Admission.normalised(remote.getAddress());
        }
        ticket = loop.shared().admission().enter(address);
        boolean inLane = ticket != Admission.Ticket.ORDINARY;
        enter(Phase.FIRST_HEAD, inLane ? loop.limits().laneHeadMillis() : loop.limits().headMillis());
        activeSinceNanos = loop.nanos();
        if (!loop.add(this, ticket)) {
            loop.counters().mishap(Mishap.LANE_FULL);
            write(loop.wire().encode(SafeAnswer.overCapacity(false), false, false, loop.wall()));
            finish(false);
        }
        ctx.fireChannelActive();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        done = true;
        reader.close();
        loop.remove(this);
        loop.shared().admission().leave(address, ticket);
        ctx.fireChannelInactive();
    }

    /** Called by the handler before the decoder: the clock of a head starts with its first byte. */
    void bytesArrived() {
        bytesSeen = true;
        readAtNanos = loop.nanos();
        if (phase == Phase.IDLE) {
            enter(Phase.HEAD, loop.limits().headMillis(), readAtNanos);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            if (done || phase == Phase.LINGER) {
                return;
            }
            reader.read(message, readAtNanos);
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void bodyAwaited(boolean invited) {
        inviting = invited;
        if (!isBusy()) {
            enter(Phase.BODY, loop.limits().bodyMillis());
        }
    }

    @Override
    public void arrived(Request request, @Nullable Response refusal) {
        if (refusal != null) {
            loop.counters().mishap(Mishap.BAD_REQUEST);
        }
        inviting = false;
        queue.add(new Pending(request, refusal));
        if (queue.size() >= loop.limits().pipelineMax()) {
            channelContext().channel().config().setAutoRead(false);
        }
        next();
    }

    private boolean isBusy() {
        return answering || !queue.isEmpty();
    }

    /** Takes requests from the queue while they can be answered at once and the client reads. */
    private void next() {
        while (!answering && !done && phase != Phase.LINGER && !queue.isEmpty()
                && channelContext().channel().isWritable()) {
            Pending pending = queue.poll();
            reader.released(pending.request());
            route = null;
            if (pending.refusal() != null) {
                answer(pending.request(), pending.refusal());
            } else {
                dispatch(pending.request());
            }
        }
        if (!done && !isBusy() && phase != Phase.LINGER) {
            if (inputEnded) {
                finish(false);
                return;
            }
            if (!channelContext().channel().config().isAutoRead()) {
                channelContext().channel().config().setAutoRead(true);
            }
            if (phase == Phase.IDLE && reader.awaitsBody()) {
                enter(Phase.BODY, loop.limits().bodyMillis());
                invite();
            }
        }
    }

    /** Not before its turn, and not when the body has come already. */
    private void invite() {
        if (inviting && !isBusy() && !done && phase == Phase.BODY) {
            inviting = false;
            write(CONTINUE);
        }
    }

    private void dispatch(Request request) {
        Route found = loop.shared().router().find(request);
        route = found;
        if (ticket != Admission.Ticket.ORDINARY && !found.lane()) {
            answer(request, SafeAnswer.overCapacity(request.wantsJson()));
            return;
        }
        switch (found.handler()) {
            case Route.Handler.OfLoop handler ->
                answerSafely(request, () -> handler.answer().apply(request, loop.shared().node().ha()));
            case Route.Handler.OfStatus handler -> {
                await();
                loop.statusDesk().join(page -> landed(request, () -> handler.answer().apply(request, page)));
            }
            case Route.Handler.OfCluster handler -> {
                Optional<ClusterPage> known = handler.fresh()
                        ? Optional.empty()
                        : ClusterPage.ofLoop(loop.shared().node().ha(), loop.nanos());
                if (known.isPresent()) {
                    answerSafely(request, () -> handler.answer().apply(request, known.get()));
                    return;
                }
                await();
                loop.clusterDesk().join(page -> landed(request, () -> handler.answer().apply(request, page)));
            }
            case Route.Handler.OfCommand handler ->
                CommandCall.begin(loop.shared(), channelContext().channel(), request, route, handler,
                        reply -> landed(request, reply))
                        .ifPresentOrElse(refusal -> answer(request, refusal), this::await);
        }
    }

    private void await() {
        answering = true;
        phase = Phase.ANSWER;
    }

    private void landed(Request request, Supplier<Response> maker) {
        answering = false;
        if (!done) {
            answerSafely(request, maker);
            next();
            flush();
        }
    }

    private void answerSafely(Request request, Supplier<Response> maker) {
        answer(request, SafeAnswer.of(loop.counters(), request, maker));
    }

    private void answer(Request request, Response response) {
        long now = loop.nanos();
        loop.counters().answered(route, response.status(), now - request.arrivedNanos());
        if (request.isStatusOnly()) {
            write(WireFormat.statusLine(response.status()));
            finish(response.close());
        } else {
            boolean keepAlive = request.http11() && request.keepAlive() && !response.close()
                    && ticket == Admission.Ticket.ORDINARY;
            send(response, request.http11(), keepAlive);
        }
        if (!done && phase != Phase.LINGER) {
            enter(Phase.IDLE, loop.limits().idleMillis(), now);
        }
    }

    private void send(Response response, boolean http11, boolean keepAlive) {
        byte[] ready = http11 && keepAlive ? response.encoded() : null;
        write(ready != null ? ready : loop.wire().encode(response, http11, keepAlive, loop.wall()));
        if (!keepAlive) {
            finish(response.close());
        }
    }

    private void write(byte[] bytes) {
        ChannelHandlerContext ctx = channelContext();
        ByteBuf buffer = ctx.alloc().buffer(bytes.length).writeBytes(bytes);
        ctx.write(buffer, ctx.voidPromise());
        unflushed = true;
    }

    /**
     * Ends the connection behind what was written. When the client may still be sending, closing at once would reset the connection and
     * take the answer with it; so only our side is closed, and theirs is read to the end or the deadline.
     */
    private void finish(boolean lingering) {
        queue.clear();
        ChannelHandlerContext ctx = channelContext();
        unflushed = false;
        boolean tls = ctx.pipeline().get(SslHandler.class) != null;
        if (lingering && !inputEnded && !tls && ctx.channel() instanceof DuplexChannel duplex) {
            ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> duplex.shutdownOutput());
            enter(Phase.LINGER, LINGER_MILLIS);
            ctx.channel().config().setAutoRead(true);
        } else {
            done = true;
            ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        invite();
        flush();
    }

    private void flush() {
        if (unflushed) {
            unflushed = false;
            channelContext().flush();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable()) {
            next();
            flush();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            inputEnded = true;
            reader.inputEnded();
            flush();
            if (!done && (!isBusy() || phase == Phase.LINGER)) {
                finish(false);
            }
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof IOException) {
            loop.counters().mishap(Mishap.RESET);
        } else if (cause instanceof DecoderException) {
            loop.counters().mishap(Mishap.HANDSHAKE_FAILED);
            LOG.debug("connection of {} refused: {}", address, cause.toString());
        } else {
            loop.counters().mishap(Mishap.INTERNAL);
            LOG.error("connection of {} failed", address, cause);
        }
        closeNow();
    }

    /** No request has come in that time. */
    boolean hasNotAskedFor(long nanos) {
        return phase == Phase.FIRST_HEAD && !done && loop.nanos() - activeSinceNanos > nanos;
    }

    void closeNow() {
        done = true;
        channelContext().close();
    }

    /** Called by the loop's sweep. */
    void checkDeadlines(long nowNanos) {
        ChannelOutboundBuffer outbound = channelContext().channel().unsafe().outboundBuffer();
        if (outbound == null || outbound.totalPendingWriteBytes() == 0) {
            unreadSinceNanos = nowNanos;
        } else if (nowNanos - unreadSinceNanos > loop.limits().writeMillis() * 1_000_000L) {
            loop.counters().mishap(Mishap.WRITE_TIMEOUT);
            closeNow();
            return;
        }
        if (phase != Phase.ANSWER && !isBusy() && nowNanos - deadlineNanos >= 0) {
            timedOut();
        }
    }

    private void timedOut() {
        Mishap mishap = switch (phase) {
            case FIRST_HEAD, HEAD -> Mishap.HEAD_TIMEOUT;
            case BODY -> Mishap.BODY_TIMEOUT;
            case IDLE -> Mishap.IDLE_TIMEOUT;
            case ANSWER, LINGER -> null;
        };
        if (mishap != null && !done) {
            loop.counters().mishap(mishap);
        }
        boolean tell = !done && bytesSeen && (mishap == Mishap.HEAD_TIMEOUT || mishap == Mishap.BODY_TIMEOUT);
        if (tell) {
            send(Response.closingError(408, "the request did not come in time", false, ""), true, false);
        } else {
            closeNow();
        }
    }

    private void enter(Phase next, int millis) {
        enter(next, millis, loop.nanos());
    }

    private void enter(Phase next, int millis, long nowNanos) {
        phase = next;
        deadlineNanos = nowNanos + millis * 1_000_000L;
    }

    private ChannelHandlerContext channelContext() {
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            throw new IllegalStateException("not connected");
        }
        return ctx;
    }
}
