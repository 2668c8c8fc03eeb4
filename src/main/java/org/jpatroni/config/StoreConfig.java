package org.jpatroni.config;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which store, and how to reach it. */
public sealed interface StoreConfig {

    /**
     * etcd v3 through its JSON gateway.
     *
     * @param endpoints base URLs such as {@code http://127.0.0.1:2379}; from {@code hosts}, {@code host} or {@code url}
     * @param srv DNS name whose SRV records give the endpoints, with optional suffix
     * @param discoversMembers whether members that etcd itself names may be asked too; not with {@code proxy} or {@code use_proxies}
     */
    record Etcd3(List<String> endpoints, Optional<String> srv, Optional<String> srvSuffix,
            Optional<String> username, Optional<Secret> password, Optional<String> cacert, Optional<String> cert,
            Optional<String> key, boolean discoversMembers) implements StoreConfig {

        /** With discovery, which is the default. */
        public Etcd3(List<String> endpoints, Optional<String> srv, Optional<String> srvSuffix,
                Optional<String> username,
                Optional<Secret> password, Optional<String> cacert, Optional<String> cert, Optional<String> key) {
            this(endpoints, srv, srvSuffix, username, password, cacert, cert, key, true);
        }
    }

    /**
     * An external ZooKeeper ensemble.
     *
     * @param hosts {@code host:port} each
     * @param authData scheme to credential
     * @param setAcls principal to permissions, as Patroni's {@code set_acls}
     */
    record ZooKeeper(List<String> hosts, boolean useSsl, Optional<String> cacert, Optional<String> cert,
            Optional<String> key, Optional<Secret> keyPassword, boolean verify, Map<String, Secret> authData,
            Map<String, List<String>> setAcls) implements StoreConfig {
    }

    /**
     * ZooKeeper inside the agents.
     *
     * @param dataDir where its files live
     * @param listen client port of this member
     * @param members name to its addresses in written order; empty or only this member: standalone
     */
    record Embedded(String dataDir, HostPort listen, Map<String, EmbeddedMember> members) implements StoreConfig {
    }

    /** Addresses of one embedded member. */
    record EmbeddedMember(String host, int clientPort, int peerPort, int electionPort) {
    }
}
