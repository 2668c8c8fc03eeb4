package org.jpatroni.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Checks that need more than one section. */
final class CrossChecks {

    private CrossChecks() {
    }

    static void check(NodeConfig config, Problems problems) {
        Map<String, HostPort> listeners = new LinkedHashMap<>();
        listeners.put("restapi.listen", config.restApi().listen());
        listeners.put("postgresql.listen",
                new HostPort(config.postgres().listenHosts(), config.postgres().listenPort()));
        if (config.store() instanceof StoreConfig.Embedded embedded) {
            listeners.put("embedded.listen", embedded.listen());
            StoreConfig.EmbeddedMember own = embedded.members().get(config.name());
            if (own != null && embedded.members().size() > 1) {
                listeners.put("embedded.members." + config.name() + " (peer port)",
                        new HostPort(own.host(), own.peerPort()));
                listeners.put("embedded.members." + config.name() + " (election port)",
                        new HostPort(own.host(), own.electionPort()));
            }
        }
        collisions(listeners, problems);
        if (!isLocalStore(config.store())) {
            warnLoopback("restapi.connect_address", config.restApi().connectAddress().host(), problems);
            warnLoopback("postgresql.connect_address", config.postgres().connectHost(), problems);
        }
    }

    private static void collisions(Map<String, HostPort> listeners, Problems problems) {
        List<Map.Entry<String, HostPort>> all = List.copyOf(listeners.entrySet());
        for (int i = 0; i < all.size(); i++) {
            for (int j = 0; j < i; j++) {
                HostPort one = all.get(i).getValue();
                HostPort other = all.get(j).getValue();
                if (one.port() > 0 && one.port() == other.port() && sameHost(one.host(), other.host())) {
                    problems.error(all.get(i).getKey(),
                            "wants port " + one.port() + ", as " + all.get(j).getKey() + " does");
                }
            }
        }
    }

    private static boolean sameHost(String hosts, String others) {
        for (String host : hosts.split(",", -1)) {
            for (String other : others.split(",", -1)) {
                if (host.equals(other) || HostPorts.isWildcard(host) || HostPorts.isWildcard(other)
                        || HostPorts.isLoopback(host) && HostPorts.isLoopback(other)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** With a store on this machine only, the whole cluster is on this machine. */
    private static boolean isLocalStore(StoreConfig store) {
        List<String> hosts = switch (store) {
            case StoreConfig.Etcd3 etcd -> etcd.endpoints().stream()
                    .map(endpoint -> endpoint.substring(endpoint.indexOf("://") + 3)).toList();
            case StoreConfig.ZooKeeper zooKeeper -> zooKeeper.hosts();
            case StoreConfig.Embedded embedded -> embedded.members().isEmpty()
                    ? List.of(embedded.listen().toString())
                    : embedded.members().values().stream().map(member -> new HostPort(member.host(), 1).toString())
                            .toList();
        };
        return hosts.stream()
                .allMatch(host -> HostPorts.parse(host, 1).filter(parsed -> HostPorts.isLoopback(parsed.host()))
                        .isPresent());
    }

    private static void warnLoopback(String path, String host, Problems problems) {
        if (HostPorts.isLoopback(host)) {
            problems.warning(path, host + " cannot be reached from other machines");
        }
    }
}
