package org.jpatroni.dcs.zookeeper;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.apache.zookeeper.client.HostProvider;
import org.jpatroni.config.HostPort;
import org.jpatroni.runtime.Time;

/**
 * In which order servers are tried: the preferred one first after every loss of a connection, or all in a random order that is kept.
 * Names are resolved anew with each attempt, so that a server that moved is found.
 */
final class PreferredHosts implements HostProvider {

    /** ZooKeeper's client gives each connection attempt the session timeout divided by the number of hosts. Nobody waits longer than this. */
    private static final int CONNECT_ATTEMPT_MILLIS_MAX = 2500;

    private final List<HostPort> hosts;
    private final boolean firstIsPreferred;
    private final int sessionTimeoutMillis;
    private final Consumer<HostPort> beforeConnecting;
    private final Time time;
    private int next;
    private int failuresInARow;

    PreferredHosts(ZooKeeperAccess access, int sessionTimeoutMillis, Time time) {
        List<HostPort> order = new ArrayList<>(access.hosts());
        if (!access.firstIsPreferred()) {
            Collections.shuffle(order);
        }
        this.hosts = List.copyOf(order);
        this.firstIsPreferred = access.firstIsPreferred();
        this.beforeConnecting = access.beforeConnecting();
        this.sessionTimeoutMillis = sessionTimeoutMillis;
        this.time = time;
    }

    @Override
    public int size() {
        return Math.max(hosts.size(), sessionTimeoutMillis / CONNECT_ATTEMPT_MILLIS_MAX);
    }

    @Override
    public InetSocketAddress next(long spinDelayMillis) {
        HostPort host;
        boolean wholeRoundFailed;
        synchronized (this) {
            wholeRoundFailed = failuresInARow > 0 && failuresInARow % hosts.size() == 0;
            host = hosts.get(next % hosts.size());
            next = (next + 1) % hosts.size();
            failuresInARow++;
        }
        if (wholeRoundFailed) {
            pause(Duration.ofMillis(Math.min(spinDelayMillis, 200)));
        }
        beforeConnecting.accept(host);
        return new InetSocketAddress(host.host(), host.port());
    }

    @Override
    public synchronized void onConnected() {
        failuresInARow = 0;
        if (firstIsPreferred) {
            next = 0;
        }
    }

    @Override
    public boolean updateServerList(Collection<InetSocketAddress> servers, InetSocketAddress current) {
        return false;
    }

    private void pause(Duration duration) {
        try {
            time.sleep(duration);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
