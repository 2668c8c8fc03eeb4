package org.jpatroni.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.config.StoreConfig.Embedded;
import org.jpatroni.config.StoreConfig.Etcd3;
import org.jpatroni.config.StoreConfig.ZooKeeper;
import org.jspecify.annotations.Nullable;

/** Reads the section that says which store is used: {@code etcd3}, {@code zookeeper} or {@code embedded}, the default. */
final class StoreReader {

    private static final List<String> SUPPORTED = List.of("etcd3", "zookeeper", "embedded");
    private static final Map<String, String> UNSUPPORTED = unsupported();
    private static final List<String> PERMISSIONS = List.of("CREATE", "READ", "WRITE", "DELETE", "ADMIN", "ALL");
    private static final int ETCD_PORT = 2379;
    private static final int ZOOKEEPER_PORT = 2181;

    private StoreReader() {
    }

    static StoreConfig read(ConfigTree root, String name, String postgresDataDir) {
        List<String> chosen = new ArrayList<>();
        UNSUPPORTED.forEach((section, reason) -> {
            if (root.values().get(section) != null) {
                root.error(section, reason);
                chosen.add(section);
            }
        });
        SUPPORTED.stream().filter(root.values()::containsKey).forEach(chosen::add);
        if (chosen.size() > 1) {
            root.error(chosen.getLast(),
                    "only one store can be configured, but there are " + String.join(", ", chosen));
        }
        StoreConfig store = chosen.contains("etcd3")
                ? etcd3(root.section("etcd3"))
                : chosen.contains("zookeeper")
                        ? zooKeeper(root.section("zookeeper"))
                        : embedded(root.section("embedded"), name, postgresDataDir);
        SUPPORTED.forEach(root::has);
        UNSUPPORTED.keySet().forEach(root::has);
        return store;
    }

    private static Map<String, String> unsupported() {
        String only = " is not supported; use etcd3, zookeeper or embedded";
        Map<String, String> reasons = new LinkedHashMap<>();
        reasons.put("etcd", "the API version 2 of etcd" + only);
        reasons.put("consul", "Consul" + only);
        reasons.put("kubernetes", "Kubernetes" + only);
        reasons.put("raft", "Raft" + only);
        reasons.put("exhibitor", "Exhibitor" + only);
        return Collections.unmodifiableMap(reasons);
    }

    private static Etcd3 etcd3(ConfigTree section) {
        Optional<String> username = section.text("username");
        Optional<Secret> password = section.secret("password");
        List<String> endpoints = new ArrayList<>();
        Optional<URI> url = url(section, section.has("proxy") ? "proxy" : "url");
        Optional<String> srv = section.text("srv");
        String protocol = section.word("protocol", "http", List.of("http", "https"));
        int defaultPort = section.integer("port", ETCD_PORT, 1, 65_535);
        List<String> hosts = section.commaList("hosts");
        Optional<String> host = section.text("host");
        if (url.isPresent()) {
            URI uri = url.get();
            endpoints.add(uri.getScheme().toLowerCase(Locale.ROOT) + "://"
                    + new HostPort(unbracketed(uri.getHost()), uri.getPort() < 0 ? ETCD_PORT : uri.getPort()));
            if (uri.getUserInfo() != null) {
                String[] user = uri.getUserInfo().split(":", 2);
                username = Optional.of(user[0]);
                password = user.length > 1 ? Optional.of(new Secret(user[1])) : Optional.empty();
            }
        } else if (section.has("hosts")) {
            hosts.forEach(one -> endpoint(section, "hosts", one, protocol, defaultPort).ifPresent(endpoints::add));
        } else if (host.isPresent()) {
            endpoint(section, "host", host.get(), protocol, defaultPort).ifPresent(endpoints::add);
        } else if (srv.isEmpty()) {
            section.error("hosts", "is required (or one of host, url, proxy, srv)");
        }
        Etcd3 config = new Etcd3(Collections.unmodifiableList(endpoints), srv, section.text("srv_suffix"), username,
                password, section.text("cacert"), section.text("cert"), section.text("key"),
                !section.has("proxy") && !section.flag("use_proxies", false));
        section.warnUnknown("url", "proxy");
        return config;
    }

    private static Optional<URI> url(ConfigTree section, String key) {
        Optional<String> text = section.text(key);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            URI uri = new URI(text.get());
            String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
            if (uri.getHost() != null && (scheme.equals("http") || scheme.equals("https"))) {
                return Optional.of(uri);
            }
        } catch (URISyntaxException malformed) {
            // Told below, without the text: it may hold a password.
        }
        section.error(key, "must be a URL such as http://host:" + ETCD_PORT);
        return Optional.empty();
    }

    private static Optional<String> endpoint(ConfigTree section, String key, String text, String protocol,
            int defaultPort) {
        Optional<HostPort> address = HostPorts.parse(text, defaultPort).filter(parsed -> isHost(parsed.host()));
        if (address.isEmpty()) {
            section.error(key, "must be host:port with a port from 1 to 65535");
        }
        return address.map(parsed -> protocol + "://" + parsed);
    }

    private static ZooKeeper zooKeeper(ConfigTree section) {
        if (section.has("exhibitor")) {
            section.error("exhibitor", "Exhibitor is not supported; list the ZooKeeper servers under hosts");
        }
        List<String> hosts = new ArrayList<>();
        for (String text : section.commaList("hosts")) {
            Optional<HostPort> address = HostPorts.parse(text, ZOOKEEPER_PORT).filter(parsed -> isHost(parsed.host()));
            if (address.isEmpty()) {
                section.error("hosts", "must be host:port each, with a port from 1 to 65535");
            }
            address.ifPresent(parsed -> hosts.add(parsed.toString()));
        }
        if (section.commaList("hosts").isEmpty()) {
            section.error("hosts", "is required");
        }
        Map<String, Secret> authData = new LinkedHashMap<>();
        section.textMap("auth_data").forEach((scheme, credential) -> authData.put(scheme, new Secret(credential)));
        ZooKeeper config = new ZooKeeper(Collections.unmodifiableList(hosts), section.flag("use_ssl", false),
                section.text("cacert"), section.text("cert"), section.text("key"), section.secret("key_password"),
                section.flag("verify", true), Collections.unmodifiableMap(authData), acls(section));
        section.warnUnknown();
        return config;
    }

    private static Map<String, List<String>> acls(ConfigTree section) {
        Map<String, List<String>> acls = new LinkedHashMap<>();
        section.optionalSection("set_acls").ifPresent(principals -> {
            for (String principal : principals.values().keySet()) {
                List<String> permissions = principals.textList(principal).stream()
                        .map(permission -> permission.toUpperCase(Locale.ROOT)).toList();
                if (!PERMISSIONS.containsAll(permissions) || permissions.isEmpty()) {
                    section.error("set_acls", "permissions must be some of " + String.join(", ", PERMISSIONS));
                }
                acls.put(principal, permissions);
            }
        });
        return Collections.unmodifiableMap(acls);
    }

    private static Embedded embedded(ConfigTree section, String name, String postgresDataDir) {
        Path parent = Path.of(postgresDataDir.isEmpty() ? "data" : postgresDataDir).toAbsolutePath().normalize()
                .getParent();
        String defaultDir = (parent == null ? Path.of("/") : parent).resolve(name + ".store").toString();
        String dataDir = section.text("data_dir").map(text -> Path.of(text).toAbsolutePath().normalize().toString())
                .orElse(defaultDir);
        Map<String, StoreConfig.EmbeddedMember> members = members(section, name);
        StoreConfig.@Nullable EmbeddedMember own = members.get(name);
        HostPort defaultListen = own == null
                ? new HostPort("127.0.0.1", ZOOKEEPER_PORT)
                : new HostPort(own.host(), own.clientPort());
        HostPort listen = section.address("listen", ZOOKEEPER_PORT).orElse(defaultListen);
        if (own != null && listen.port() != own.clientPort()) {
            section.error("listen", "must have the client port of this member, " + own.clientPort());
        }
        section.warnUnknown();
        return new Embedded(dataDir, listen, members);
    }

    private static Map<String, StoreConfig.EmbeddedMember> members(ConfigTree section, String name) {
        Map<String, StoreConfig.EmbeddedMember> members = new LinkedHashMap<>();
        List<String> addresses = new ArrayList<>();
        section.textMap("members").forEach((member, text) -> {
            Optional<StoreConfig.EmbeddedMember> parsed = member(text);
            if (parsed.isEmpty()) {
                section.error("members." + member, "must be host:client_port:peer_port:election_port, three different "
                        + "ports from 1 to 65535");
                return;
            }
            StoreConfig.EmbeddedMember one = parsed.get();
            for (int port : List.of(one.clientPort(), one.peerPort(), one.electionPort())) {
                String address = new HostPort(one.host(), port).toString();
                if (addresses.contains(address)) {
                    section.error("members." + member, "uses " + address + ", which another member uses");
                }
                addresses.add(address);
            }
            members.put(member, one);
        });
        if (!members.isEmpty() && !members.containsKey(name)) {
            section.error("members", "must hold this node, " + name);
        }
        if (members.size() == 2) {
            section.warning("members", "two members survive the loss of none; use one or three");
        }
        return Collections.unmodifiableMap(members);
    }

    private static Optional<StoreConfig.EmbeddedMember> member(String text) {
        List<Integer> ports = new ArrayList<>();
        String rest = text.strip();
        for (int i = 0; i < 3; i++) {
            Optional<HostPort> parsed = HostPorts.parse(rest, 0);
            if (parsed.isEmpty() || ports.contains(parsed.get().port())) {
                return Optional.empty();
            }
            ports.addFirst(parsed.get().port());
            rest = rest.substring(0, rest.lastIndexOf(':'));
        }
        String host = unbracketed(rest.strip());
        return isHost(host)
                ? Optional.of(new StoreConfig.EmbeddedMember(host, ports.get(0), ports.get(1), ports.get(2)))
                : Optional.empty();
    }

    private static boolean isHost(String host) {
        return !HostPorts.isWildcard(host)
                && host.chars().noneMatch(c -> c == ',' || c == '/' || Character.isWhitespace(c));
    }

    private static String unbracketed(String host) {
        return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    }
}
