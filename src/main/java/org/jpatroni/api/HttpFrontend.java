package org.jpatroni.api;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jpatroni.config.HostPort;
import org.jpatroni.config.RestApiConfig;
import org.jpatroni.node.MetricFamily;
import org.jpatroni.node.NodeCommands;
import org.jpatroni.node.NodeView;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP server of the REST API. Event loops parse, keep deadlines and write; they never wait: what a node is asked comes back on
 * other threads and is handed to the loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // Sweeps end with their loop; a listener that does not close ends with the process.
public final class HttpFrontend implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(HttpFrontend.class);
    /** One keeps more than load balancers ask; a second would wake more threads, and ask PostgreSQL more often, for the same answers. */
    private static final int LOOPS = 1;
    private static final int SWEEP_MILLIS = 250;
    private static final Duration UPKEEP_PERIOD = Duration.ofSeconds(1);
    private static final int BACKLOG_DEFAULT = 1024;

    /** What a reload swaps as a whole. */
    private record Settings(RestApiConfig config, Optional<TlsKeeper> tls) {
    }

    private final ApiCounters counters = new ApiCounters();
    private final EventLoopGroup group;
    private final IdentityHashMap<EventExecutor, HttpLoop> loops = new IdentityHashMap<>();
    private final ApiLimits limits;
    private final PooledByteBufAllocator allocator;
    private final AccessControl access;
    private final Tasks.Task<Void> upkeep;
    private final Time time;
    private volatile Settings settings;
    private List<Channel> listeners = List.of();

    private HttpFrontend(RestApiConfig config, NodeView node, NodeCommands commands, Time time, String productVersion,
            ApiLimits limits) {
        this.time = time;
        this.settings = new Settings(config, config.tls().map(tls -> new TlsKeeper(tls, time)));
        this.limits = limits;
        this.group = new MultiThreadIoEventLoopGroup(LOOPS, new DefaultThreadFactory("http", true),
                Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
        // One small arena per loop: answers are about a kilobyte, and the daemon shall stay small.
        this.allocator = new PooledByteBufAllocator(true, 0, LOOPS, 8192, 5, 64, 16, false);
        Tasks tasks = Tasks.system();
        this.access = new AccessControl(config, () -> node.ha().snapshot(), new HostAddresses(tasks));
        Router router = new ReadRoutes(time, counters,
                () -> TlsKeeper.join(node.agentMetrics(), settings.tls())).router();
        counters.countBy(router);
        HttpLoop.Shared shared = new HttpLoop.Shared(node, new CommandDesk(commands), time, limits, counters, router,
                new Admission(limits, counters), access, new AuditLog(), () -> settings.config(), productVersion,
                LOOPS);
        for (EventExecutor executor : group) {
            HttpLoop loop = new HttpLoop(shared, executor);
            loops.put(executor, loop);
            executor.scheduleAtFixedRate(loop::sweep, SWEEP_MILLIS, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
        }
        this.upkeep = tasks.start("rest-api-upkeep", () -> {
            while (true) {
                lookAround();
                tasks.time().sleep(UPKEEP_PERIOD);
            }
        });
    }

    /** What is not said by anybody and must be looked at: changed files, host names that moved. */
    private void lookAround() {
        try {
            access.keepHosts();
            settings.tls().ifPresent(TlsKeeper::look);
        } catch (RuntimeException fault) {
            LOG.error("upkeep of the REST API failed", fault);
        }
    }

    /**
     * Finds out whether a server with these settings could be started, but for the port: certificates, keys and ciphers are tried.
     *
     * @return the one line that starting would fail with
     */
    public static Optional<String> problem(RestApiConfig config) {
        try {
            config.tls().ifPresent(TlsContexts::load);
            return Optional.empty();
        } catch (IllegalArgumentException unusable) {
            return Optional.of(String.valueOf(unusable.getMessage()));
        }
    }

    /**
     * Opens the port and serves.
     *
     * @param productVersion this product's version, shown beside the contract's
     * @throws IOException when the port cannot be opened, naming {@code restapi.listen}
     * @throws IllegalArgumentException when certificate or key cannot be used, naming the setting
     */
    public static HttpFrontend start(RestApiConfig config, NodeView node, NodeCommands commands, Time time,
            String productVersion) throws IOException {
        return start(config, node, commands, time, productVersion, ApiLimits.DEFAULT);
    }

    /** The same with other bounds. */
    public static HttpFrontend start(RestApiConfig config, NodeView node, NodeCommands commands, Time time,
            String productVersion, ApiLimits limits) throws IOException {
        HttpFrontend frontend = new HttpFrontend(config, node, commands, time, productVersion, limits);
        try {
            frontend.listeners = frontend.listen(config);
            frontend.openness().ifPresent(LOG::warn);
        } catch (IOException | RuntimeException refused) {
            frontend.close();
            throw refused;
        }
        return frontend;
    }

    /**
     * Takes over new settings, and the TLS files if they changed. The listener stays open unless {@code listen} itself changed; open
     * connections go on. On an error nothing changes. Files that are in use and became unusable are no error: there is a warning, and what
     * was read from them before stays in use.
     *
     * @throws IOException when the new address cannot be listened on
     * @throws IllegalArgumentException when the new certificate or key cannot be used
     */
    public synchronized void reload(RestApiConfig config) throws IOException {
        Settings next = new Settings(config, config.tls().map(this::keeperFor));
        boolean wasOpen = openness().isPresent();
        boolean moves = !config.listen().equals(settings.config().listen());
        List<Channel> before = listeners;
        if (moves) {
            listeners = listen(config);
        }
        settings = next;
        access.reload(config);
        if (moves) {
            before.forEach(Channel::close);
        }
        if (!wasOpen) {
            openness().ifPresent(LOG::warn);
        }
    }

    private Optional<String> openness() {
        return access.warning(listeners.stream().map(Channel::localAddress)
                .filter(InetSocketAddress.class::isInstance).map(InetSocketAddress.class::cast).toList());
    }

    /** The port that is listened on, which matters when the configured one is 0. */
    public int port() {
        return listeners.getFirst().localAddress() instanceof InetSocketAddress address ? address.getPort() : -1;
    }

    /** What the API counts about itself. */
    public List<MetricFamily> metrics() {
        return TlsKeeper.join(counters.families(), settings.tls());
    }

    /** The one in use when nothing but its files may have changed: then a bad pair must not keep other settings from being taken over. */
    private TlsKeeper keeperFor(RestApiConfig.Tls tls) {
        Optional<TlsKeeper> inUse = settings.tls().filter(keeper -> keeper.tls().equals(tls));
        inUse.ifPresent(TlsKeeper::reload);
        return inUse.orElseGet(() -> new TlsKeeper(tls, time));
    }

    private List<Channel> listen(RestApiConfig config) throws IOException {
        ServerBootstrap bootstrap = bootstrap(config);
        List<Channel> open = new ArrayList<>();
        IOException failure = null;
        for (InetSocketAddress address : addresses(config.listen())) {
            ChannelFuture bound = bootstrap.bind(address).awaitUninterruptibly();
            if (bound.isSuccess()) {
                open.add(bound.channel());
            } else {
                failure = new IOException("restapi.listen: cannot listen on " + config.listen() + ": "
                        + reason(bound.cause()), bound.cause());
            }
            if (isAnyAddress(config.listen()) && !open.isEmpty()) {
                break; // The second is for machines without IPv6.
            }
        }
        if (failure != null && (open.isEmpty() || !isAnyAddress(config.listen()))) {
            open.forEach(Channel::close);
            throw failure;
        }
        LOG.info("REST API listens on {}",
                open.stream().map(listener -> String.valueOf(listener.localAddress())).toList());
        return open;
    }

    private static String reason(Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        int last = message.lastIndexOf(": ");
        return last < 0 ? message : message.substring(last + 2);
    }

    private static boolean isAnyAddress(HostPort listen) {
        return listen.host().isEmpty() || listen.host().equals("*");
    }

    private static List<InetSocketAddress> addresses(HostPort listen) throws IOException {
        if (isAnyAddress(listen)) {
            return List.of(new InetSocketAddress("::", listen.port()), new InetSocketAddress("0.0.0.0", listen.port()));
        }
        try {
            List<InetSocketAddress> addresses = new ArrayList<>();
            for (InetAddress address : InetAddress.getAllByName(listen.host())) {
                addresses.add(new InetSocketAddress(address, listen.port()));
            }
            return listen.port() == 0 ? addresses.subList(0, 1) : addresses;
        } catch (UnknownHostException unknown) {
            throw new IOException("restapi.listen: unknown host " + listen.host(), unknown);
        }
    }

    private ServerBootstrap bootstrap(RestApiConfig config) {
        Class<? extends ServerChannel> type = Epoll.isAvailable()
                ? EpollServerSocketChannel.class
                : NioServerSocketChannel.class;
        // Low water marks: what a thousand clients do not read must fit into the little memory outside of the heap.
        return new ServerBootstrap().group(group).channel(type)
                .option(ChannelOption.SO_BACKLOG,
                        config.requestQueueSize() > 0 ? config.requestQueueSize() : BACKLOG_DEFAULT)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(2_048, 8_192))
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        initialize(channel);
                    }
                });
    }

    private void initialize(Channel channel) {
        EventLoop executor = channel.eventLoop();
        HttpLoop loop = loops.get(executor);
        if (loop == null) {
            throw new IllegalStateException("a foreign event loop");
        }
        HttpConnection connection = new HttpConnection(loop);
        settings.tls().ifPresent(tls -> {
            SslHandler handler = tls.context().newHandler(channel.alloc());
            handler.setHandshakeTimeoutMillis(limits.headMillis());
            handler.setCloseNotifyFlushTimeoutMillis(1_000);
            channel.pipeline().addLast(handler);
        });
        channel.pipeline().addLast(new HeadClock(connection), new RequestDecoder(decoderConfig()), connection);
    }

    private HttpDecoderConfig decoderConfig() {
        return new HttpDecoderConfig().setMaxInitialLineLength(limits.requestLineMax())
                .setMaxHeaderSize(limits.headMax()).setInitialBufferSize(256);
    }

    /** Tells the connection of bytes before the decoder keeps them back. */
    private static final class HeadClock extends ChannelInboundHandlerAdapter {
        private final HttpConnection connection;

        HeadClock(HttpConnection connection) {
            this.connection = connection;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            connection.bytesArrived();
            ctx.fireChannelRead(message);
        }
    }

    /** Closes port and connections. */
    @Override
    public synchronized void close() {
        upkeep.cancel();
        listeners.forEach(listener -> listener.close().awaitUninterruptibly(1_000));
        listeners = List.of();
        loops.forEach((executor, loop) -> {
            if (!executor.isShuttingDown()) {
                executor.execute(loop::closeAll);
            }
        });
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2_000);
    }
}
