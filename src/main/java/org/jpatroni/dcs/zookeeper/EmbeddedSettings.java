package org.jpatroni.dcs.zookeeper;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import org.jpatroni.config.HostPort;
import org.jpatroni.config.StoreConfig;

/**
 * The settings of one embedded server, worked out.
 *
 * @param myId place of this member among the names in alphabetical order, from 1; ZooKeeper knows members by it
 * @param members all members by name; empty when it stands alone
 */
record EmbeddedSettings(Path dataDir, HostPort listen, int myId, String memberName,
        Map<String, StoreConfig.EmbeddedMember> members) {

    /** ZooKeeper's unit of time. Small, because sessions expire at its multiples and members tell each other of sessions by half of it. */
    static final int TICK_MILLIS = 500;

    /** How long a member may take to find and join the leader: 20 s, also with a large snapshot to copy. */
    private static final int INIT_LIMIT_TICKS = 40;

    /** How far a member may be behind before the leader gives it up: 5 s, longer than a slow disk, shorter than a lease. */
    private static final int SYNC_LIMIT_TICKS = 10;

    private static final int SESSION_MILLIS_MIN = 1000;
    private static final int SESSION_MILLIS_MAX = 3_600_000;

    static EmbeddedSettings of(StoreConfig.Embedded config, String memberName) throws EmbeddedStoreException {
        Map<String, StoreConfig.EmbeddedMember> members = new TreeMap<>(config.members());
        boolean isAlone = members.isEmpty() || members.keySet().equals(Set.of(memberName));
        if (!isAlone && !members.containsKey(memberName)) {
            throw new EmbeddedStoreException("embedded.members does not name this member, " + memberName + "; it names "
                    + String.join(", ", members.keySet()));
        }
        int myId = isAlone ? 1 : new ArrayList<>(members.keySet()).indexOf(memberName) + 1;
        return new EmbeddedSettings(Path.of(config.dataDir()), config.listen(), myId, memberName,
                isAlone ? new TreeMap<>() : members);
    }

    boolean isAlone() {
        return members.isEmpty();
    }

    StoreConfig.EmbeddedMember self() {
        StoreConfig.EmbeddedMember self = members.get(memberName);
        if (self == null) {
            throw new IllegalStateException("standing alone");
        }
        return self;
    }

    /** Servers for the client, this one first. */
    List<HostPort> servers() {
        String local = isAnyAddress(listen.host()) ? "127.0.0.1" : listen.host();
        List<HostPort> servers = new ArrayList<>();
        servers.add(new HostPort(local, listen.port()));
        members.forEach((name, member) -> {
            if (!name.equals(memberName)) {
                servers.add(new HostPort(member.host(), member.clientPort()));
            }
        });
        return servers;
    }

    /**
     * Whether the ports among members listen on all addresses: where the member is known by a name, which on many machines
     * means a loopback address to the machine itself.
     */
    boolean listensForMembersEverywhere() {
        return !self().host().matches("[0-9.]+|.*:.*");
    }

    Properties toProperties() {
        Properties properties = new Properties();
        properties.setProperty("dataDir", dataDir.toString());
        properties.setProperty("clientPort", String.valueOf(listen.port()));
        if (!isAnyAddress(listen.host())) {
            properties.setProperty("clientPortAddress", listen.host());
        }
        properties.setProperty("tickTime", String.valueOf(TICK_MILLIS));
        properties.setProperty("initLimit", String.valueOf(INIT_LIMIT_TICKS));
        properties.setProperty("syncLimit", String.valueOf(SYNC_LIMIT_TICKS));
        properties.setProperty("minSessionTimeout", String.valueOf(SESSION_MILLIS_MIN));
        properties.setProperty("maxSessionTimeout", String.valueOf(SESSION_MILLIS_MAX));
        properties.setProperty("maxClientCnxns", "0");
        properties.setProperty("autopurge.snapRetainCount", "3");
        properties.setProperty("autopurge.purgeInterval", "1");
        properties.setProperty("forceSync", "yes");
        properties.setProperty("snapCount", "10000");
        properties.setProperty("preAllocSize", "1024");
        properties.setProperty("admin.enableServer", "false");
        properties.setProperty("4lw.commands.whitelist", "srvr");
        properties.setProperty("reconfigEnabled", "false");
        properties.setProperty("jmx.log4j.disable", "true");
        properties.setProperty("fastleader.maxNotificationInterval", "1000");
        if (!isAlone()) {
            properties.setProperty("quorumListenOnAllIPs", String.valueOf(listensForMembersEverywhere()));
            int id = 0;
            for (StoreConfig.EmbeddedMember member : members.values()) {
                id++;
                String host = member.host().contains(":") ? "[" + member.host() + "]" : member.host();
                properties.setProperty("server." + id, host + ":" + member.peerPort() + ":" + member.electionPort());
            }
        }
        return properties;
    }

    static boolean isAnyAddress(String host) {
        return host.isEmpty() || host.equals("*") || host.equals("0.0.0.0") || host.equals("::");
    }
}
