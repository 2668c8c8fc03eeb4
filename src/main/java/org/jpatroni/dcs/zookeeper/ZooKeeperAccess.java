package org.jpatroni.dcs.zookeeper;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.client.ZKClientConfig;
import org.apache.zookeeper.common.ZKConfig;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.jpatroni.config.HostPort;
import org.jpatroni.config.Secret;
import org.jpatroni.config.StoreConfig;

/**
 * How to reach an ensemble, and as whom.
 *
 * @param hosts servers in order of preference
 * @param firstIsPreferred whether the first server is tried first each time: the member inside this process
 * @param touchSlackMillis by how much the leader of the ensemble may have heard later from a session than the server that it is connected
 *        to; see {@link ZooKeeperClient}
 * @param authData scheme to credential
 * @param acls permissions of new nodes
 * @param beforeConnecting called before each attempt to connect
 */
record ZooKeeperAccess(List<HostPort> hosts, boolean firstIsPreferred, int touchSlackMillis,
        ZKClientConfig clientConfig,
        Map<String, Secret> authData, List<ACL> acls, Consumer<HostPort> beforeConnecting, String description) {

    static final Consumer<HostPort> NOTHING_BEFORE = host -> {
    };

    private static final int DEFAULT_PORT = 2181;

    /** A pulse of the client and half a tick of the ensemble, rounded up: its tick is known to be short. */
    private static final int EMBEDDED_SLACK_MILLIS = 1000;

    /** The same for an ensemble with ZooKeeper's customary tick of 2 s. */
    private static final int EXTERNAL_SLACK_MILLIS = 2000;

    private static final int ANSWER_BYTES_MAX = 16 * 1024 * 1024;

    static ZooKeeperAccess of(EmbeddedSettings settings, Consumer<HostPort> beforeConnecting) {
        return new ZooKeeperAccess(settings.servers(), true, EMBEDDED_SLACK_MILLIS, baseConfig(), new TreeMap<>(),
                ZooDefs.Ids.OPEN_ACL_UNSAFE, beforeConnecting, describe("embedded ZooKeeper", settings.servers()));
    }

    static ZooKeeperAccess of(StoreConfig.ZooKeeper config) {
        List<HostPort> hosts = config.hosts().stream().map(ZooKeeperAccess::parseHost).toList();
        ZKClientConfig clientConfig = baseConfig();
        Consumer<HostPort> beforeConnecting = config.useSsl()
                ? new ZooKeeperTls(config, clientConfig).beforeConnecting()
                : NOTHING_BEFORE;
        List<ACL> acls = new ArrayList<>();
        config.setAcls().forEach((principal, permissions) -> acls.add(acl(principal, permissions)));
        return new ZooKeeperAccess(hosts, false, EXTERNAL_SLACK_MILLIS, clientConfig, config.authData(),
                acls.isEmpty() ? ZooDefs.Ids.OPEN_ACL_UNSAFE : acls, beforeConnecting,
                describe("ZooKeeper", hosts));
    }

    private static String describe(String what, List<HostPort> hosts) {
        return what + " at " + hosts.stream().map(HostPort::toString).collect(Collectors.joining(","));
    }

    private static ZKClientConfig baseConfig() {
        ZKClientConfig config = new ZKClientConfig();
        config.setProperty(ZKConfig.JUTE_MAXBUFFER, String.valueOf(ANSWER_BYTES_MAX));
        config.setProperty(ZKClientConfig.ENABLE_CLIENT_SASL_KEY, "false");
        return config;
    }

    private static HostPort parseHost(String text) {
        String host = text.strip();
        int colon = host.lastIndexOf(':');
        boolean hasPort = colon > 0 && host.indexOf(':') == colon || host.startsWith("[") && colon > host.indexOf(']');
        int port = hasPort ? Integer.parseInt(host.substring(colon + 1).strip()) : DEFAULT_PORT;
        String name = hasPort ? host.substring(0, colon) : host;
        return new HostPort(name.startsWith("[") ? name.substring(1, name.length() - 1) : name, port);
    }

    /** A principal without a scheme is the subject of a client certificate. */
    private static ACL acl(String principal, List<String> permissions) {
        int colon = principal.indexOf(':');
        Id id = colon < 0
                ? new Id("x509", principal)
                : new Id(principal.substring(0, colon), principal.substring(colon + 1));
        int bits = 0;
        for (String permission : permissions) {
            bits |= switch (permission.toUpperCase(Locale.ROOT)) {
                case "READ" -> ZooDefs.Perms.READ;
                case "WRITE" -> ZooDefs.Perms.WRITE;
                case "CREATE" -> ZooDefs.Perms.CREATE;
                case "DELETE" -> ZooDefs.Perms.DELETE;
                case "ADMIN" -> ZooDefs.Perms.ADMIN;
                case "ALL" -> ZooDefs.Perms.ALL;
                default -> 0;
            };
        }
        return new ACL(bits, id);
    }
}
