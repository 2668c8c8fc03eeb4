package org.jpatroni.dcs.zookeeper;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jpatroni.config.HostPort;
import org.jpatroni.config.StoreConfig;
import org.jpatroni.runtime.Tasks;
import org.jspecify.annotations.Nullable;

/** Embedded servers in this process, on loopback and free ports, each with a folder of its own. */
final class TestEnsemble implements AutoCloseable {

    private final Map<String, StoreConfig.Embedded> configs = new TreeMap<>();
    private final Map<String, EmbeddedEnsemble> running = new TreeMap<>();

    /** One server alone. */
    static TestEnsemble standalone(Path folder) throws Exception {
        TestEnsemble ensemble = new TestEnsemble();
        ensemble.configs.put("alone", new StoreConfig.Embedded(folder.resolve("alone").toString(),
                new HostPort("127.0.0.1", freePorts(1).getFirst()), new LinkedHashMap<>()));
        ensemble.start("alone");
        return ensemble;
    }

    /** Settings of several members; none is started. */
    static TestEnsemble of(Path folder, String... names) throws Exception {
        TestEnsemble ensemble = new TestEnsemble();
        List<Integer> ports = freePorts(3 * names.length);
        Map<String, StoreConfig.EmbeddedMember> members = new LinkedHashMap<>();
        for (int i = 0; i < names.length; i++) {
            members.put(names[i], new StoreConfig.EmbeddedMember("127.0.0.1", ports.get(3 * i), ports.get(3 * i + 1),
                    ports.get(3 * i + 2)));
        }
        members.forEach(
                (name, member) -> ensemble.configs.put(name, new StoreConfig.Embedded(folder.resolve(name).toString(),
                        new HostPort("127.0.0.1", member.clientPort()), members)));
        return ensemble;
    }

    static List<Integer> freePorts(int count) throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        List<Integer> ports = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ServerSocket socket = new ServerSocket();
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            sockets.add(socket);
            ports.add(socket.getLocalPort());
        }
        for (ServerSocket socket : sockets) {
            socket.close();
        }
        return ports;
    }

    void start(String name) throws EmbeddedStoreException {
        running.put(name, EmbeddedEnsemble.start(config(name), name, Tasks.system()));
    }

    void stop(String name) {
        EmbeddedEnsemble member = running.remove(name);
        if (member != null) {
            member.close();
        }
    }

    EmbeddedEnsemble member(String name) {
        EmbeddedEnsemble member = running.get(name);
        if (member == null) {
            throw new IllegalStateException(name + " does not run");
        }
        return member;
    }

    Optional<String> inState(String state) {
        return running.entrySet().stream().filter(entry -> entry.getValue().state().equals(state))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    boolean allServe() {
        return running.values().stream().allMatch(EmbeddedEnsemble::isServing);
    }

    StoreConfig.Embedded config(String name) {
        StoreConfig.@Nullable Embedded config = configs.get(name);
        if (config == null) {
            throw new IllegalStateException("no member " + name);
        }
        return config;
    }

    /** A client that prefers this member. */
    ZooKeeperClient client(String name, int ttlSeconds) {
        return member(name).client(ttlSeconds, Duration.ofSeconds(10));
    }

    @Override
    public void close() {
        running.values().forEach(EmbeddedEnsemble::close);
        running.clear();
    }
}
