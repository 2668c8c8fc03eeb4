package org.jpatroni.api;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jpatroni.config.AddressRange;
import org.jpatroni.runtime.Tasks;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Addresses of host names, looked up on threads of their own and kept. Whoever asks gets what is known and never waits: a slow name server
 * must not hold an event loop. A name that cannot be looked up any more keeps its last addresses; one that never could has none.
 */
final class HostAddresses {

    private static final Logger LOG = LoggerFactory.getLogger(HostAddresses.class);
    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** The system's resolver, or what a test puts in its place. Blocks. */
    interface Lookup {
        List<InetAddress> addresses(String host) throws UnknownHostException;
    }

    /**
     * @param dueNanos when to look again
     * @param failing the last lookup failed, and it was told
     */
    private record Entry(List<AddressRange> addresses, long dueNanos, boolean failing) {
    }

    private final Tasks tasks;
    private final Lookup lookup;
    private final Map<String, Entry> known = new ConcurrentHashMap<>();
    private final Set<String> underWay = ConcurrentHashMap.newKeySet();

    HostAddresses(Tasks tasks) {
        this(tasks, host -> Arrays.asList(InetAddress.getAllByName(host)));
    }

    HostAddresses(Tasks tasks, Lookup lookup) {
        this.tasks = tasks;
        this.lookup = lookup;
    }

    /** Starts what lookups are due for these names, and forgets all others. Returns at once. */
    void keep(Collection<String> hosts) {
        Set<String> wanted = new LinkedHashSet<>(hosts);
        known.keySet().retainAll(wanted);
        long now = tasks.time().nanos();
        for (String host : wanted) {
            Entry entry = known.get(host);
            if ((entry == null || now - entry.dueNanos() >= 0) && underWay.add(host)) {
                // A thread of the system: the resolver blocks in native code.
                tasks.startBlocking("resolve " + host, () -> {
                    ask(host);
                    return host;
                });
            }
        }
    }

    private void ask(String host) {
        try {
            List<AddressRange> addresses = lookup.addresses(host).stream().map(AddressRange::of).distinct().toList();
            known.put(host, new Entry(addresses, tasks.time().nanos() + FRESH_NANOS, false));
        } catch (UnknownHostException | RuntimeException unanswered) {
            Entry before = known.get(host);
            List<AddressRange> kept = before == null ? List.of() : before.addresses();
            if (before == null || !before.failing()) {
                LOG.warn("host name {}, which may call the REST API, cannot be looked up; {}", host,
                        kept.isEmpty() ? "it matches no client" : "its last known addresses stay valid");
            }
            known.put(host, new Entry(kept, tasks.time().nanos() + RETRY_NANOS, true));
        } finally {
            underWay.remove(host);
        }
    }

    /** Whether the address is one of the host's as far as known. */
    boolean isOf(String host, InetAddress address) {
        Entry entry = known.get(host);
        return entry != null && entry.addresses().stream().anyMatch(range -> range.contains(address));
    }
}
