package org.jpatroni.app;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import org.jpatroni.config.NodeConfig.CtlConfig;
import org.jpatroni.dcs.ClusterKeys;
import org.jpatroni.dcs.ClusterStore;
import org.jpatroni.dcs.KvClusterStore;
import org.jpatroni.dcs.MemberCodec;
import org.jpatroni.dcs.MemoryStore;
import org.jpatroni.peer.PeerClient;
import org.jpatroni.peer.PeerSettings;
import org.jpatroni.runtime.Tasks;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A second daemon of one name; the first one is a small server. */
class NameCheckTest {

    private final Tasks tasks = Tasks.system();
    private final MemoryStore memory = new MemoryStore(tasks.time());
    private final ClusterStore store = store("node1");
    private final PeerClient peers = new PeerClient(tasks, PeerSettings.of(new CtlConfig(false, Optional.empty(),
            Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty())));
    private final HttpServer first = server();

    @AfterEach
    void end() {
        first.stop(0);
        peers.close();
        store.close();
    }

    @Test
    void aRunningDaemonOfTheSameNameIsRefused() {
        register("node1");
        assertThatThrownBy(this::check).isInstanceOf(StartException.class)
                .hasMessage("Can't start; there is already a node named 'node1' running");
    }

    @Test
    void itsOwnKeyFromBeforeIsNoObstacle() {
        register("node1");
        first.stop(0);
        assertThatCode(this::check).doesNotThrowAnyException();
    }

    @Test
    void othersAreNoObstacle() {
        assertThatCode(this::check).doesNotThrowAnyException();
        register("node2");
        assertThatCode(this::check).doesNotThrowAnyException();
    }

    private void check() throws StartException, InterruptedException {
        NameCheck.refuseTwins("node1", store, peers);
    }

    private void register(String name) {
        String url = "http://127.0.0.1:" + first.getAddress().getPort() + "/patroni";
        store(name).publishMember(MemberCodec.decode(name, "{\"state\":\"running\",\"api_url\":\"" + url + "\"}"));
    }

    private ClusterStore store(String name) {
        return new KvClusterStore(memory.client(name), ClusterKeys.of("/service/", "demo"), name, tasks.time());
    }

    private static HttpServer server() {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/", exchange -> {
                exchange.sendResponseHeaders(503, -1);
                exchange.close();
            });
            server.start();
            return server;
        } catch (IOException noSocket) {
            throw new IllegalStateException(noSocket);
        }
    }
}
