package org.jpatroni.app;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jpatroni.config.HostPort;
import org.jpatroni.config.StoreConfig;
import org.jpatroni.dcs.ClusterKeys;
import org.jpatroni.dcs.KvClusterStore;
import org.jpatroni.dcs.zookeeper.EmbeddedEnsemble;
import org.jpatroni.runtime.Tasks;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.json.JsonMapper;

/**
 * A short run through everything that a starting daemon needs, for the JVM to learn from: {@code bin/start-cache} runs it once per build
 * and JVM with {@code -XX:AOTCacheOutput}, and later starts load the classes from that cache. It touches nothing but a temporary folder
 * and loopback ports of the system's choice, and no outcome depends on it.
 */
public final class Training {

    private static final Logger LOG = LoggerFactory.getLogger(Training.class);

    private Training() {
    }

    /** Runs it all once; no arguments. Ends with an exit code other than 0 when a part failed, and then there is no cache. */
    public static void main(String[] arguments) throws Exception {
        formats();
        rest();
        sql();
        Path folder = Files.createTempDirectory("jpatroni-training-");
        try {
            store(folder);
        } finally {
            delete(folder);
        }
        LOG.info("trained");
        System.exit(0);
    }

    private static void formats() {
        Map<String, Object> tree = new Yaml()
                .load("scope: demo\nrestapi: {listen: '0.0.0.0:8008'}\nlist: [1, 2.5, on]\n");
        JsonMapper mapper = JsonMapper.builder().build();
        LOG.info("read {}", mapper.readTree(mapper.writeValueAsString(tree)));
    }

    private static void rest() throws IOException, InterruptedException {
        var group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        try {
            Channel server = new ServerBootstrap().group(group).channel(EpollServerSocketChannel.class)
                    .childHandler(new Answers()).bind(new InetSocketAddress("127.0.0.1", 0)).sync().channel();
            int port = ((InetSocketAddress) server.localAddress()).getPort();
            URI uri = URI.create("http://127.0.0.1:" + port + "/patroni");
            try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
                for (int i = 0; i < 50; i++) {
                    client.send(java.net.http.HttpRequest.newBuilder(uri).POST(BodyPublishers.ofString("{}")).build(),
                            BodyHandlers.ofString());
                }
            }
        } finally {
            group.shutdownGracefully(0, 1, java.util.concurrent.TimeUnit.SECONDS).sync();
        }
    }

    /** A connection that is refused: most of the driver is loaded before it finds out. */
    private static void sql() throws IOException {
        int closedPort;
        try (ServerSocket socket = new ServerSocket(0)) {
            closedPort = socket.getLocalPort();
        }
        String url = "jdbc:postgresql://127.0.0.1:" + closedPort + "/postgres?connectTimeout=1&user=postgres";
        try (var connection = DriverManager.getConnection(url)) {
            LOG.info("{}", connection);
        } catch (SQLException e) {
            LOG.info("refused, as it should be: {}", e.getMessage());
        }
    }

    private static void store(Path folder) throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        var config = new StoreConfig.Embedded(folder.toString(), new HostPort("127.0.0.1", port), new TreeMap<>());
        Duration callLimit = Duration.ofSeconds(10);
        try (var server = EmbeddedEnsemble.start(config, "node1", Tasks.system());
                var store = new KvClusterStore(server.client(30, callLimit),
                        ClusterKeys.of("/service/", "demo"), "node1", Tasks.system().time())) {
            store.watch(() -> LOG.info("changed"));
            LOG.info("{} {} {}", server.state(), store.acquireLease(), store.snapshot());
            LOG.info("{}", store.releaseLease(Optional.empty()));
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> walk = Files.walk(folder)) {
            for (Path each : walk.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        }
    }

    /** Answers every request with a small JSON document. */
    private static final class Answers extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel channel) {
            channel.pipeline().addLast(new HttpServerCodec(), new HttpObjectAggregator(65_536),
                    new SimpleChannelInboundHandler<HttpRequest>() {
                        @Override
                        protected void channelRead0(ChannelHandlerContext context, HttpRequest request) {
                            var body = Unpooled.copiedBuffer("{\"state\": \"running\"}", StandardCharsets.UTF_8);
                            var response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK,
                                    body);
                            response.headers().set(HttpHeaderNames.CONTENT_TYPE, "application/json")
                                    .setInt(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
                            context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
                        }
                    });
        }
    }
}
