package org.jpatroni.dcs.etcd;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The members of etcd that may be asked, the one that answered last first. Configured ones stay; those that a lookup told are replaced by
 * the next lookup.
 */
final class EtcdEndpoints {

    private static final Logger LOG = LoggerFactory.getLogger(EtcdEndpoints.class);

    private final List<URI> configured;
    private final Function<Duration, List<URI>> lookup;

    private List<URI> discovered = List.of();
    private final SortedSet<URI> failing = new TreeSet<>();
    private int current;
    private volatile Runnable changed = () -> {
    };

    /**
     * @param configured addresses from the configuration
     * @param lookup asked when there are no others, and when all others failed; obeys the limit it is given
     */
    EtcdEndpoints(List<URI> configured, Function<Duration, List<URI>> lookup) {
        this.configured = List.copyOf(configured);
        this.lookup = lookup;
    }

    /** All, beginning with the one to ask first; empty when none is known. */
    synchronized List<URI> inOrder() {
        List<URI> all = all();
        List<URI> order = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            order.add(all.get((current + i) % all.size()));
        }
        return order;
    }

    /** Asks the lookup: none is known, or all that are have failed. */
    void lookUp(Duration limit) {
        List<URI> found = lookup.apply(limit);
        synchronized (this) {
            if (!found.isEmpty()) {
                discovered = found.stream().filter(uri -> !configured.contains(uri)).toList();
            }
        }
    }

    synchronized void succeeded(URI endpoint) {
        int index = all().indexOf(endpoint);
        current = index < 0 ? current : index;
        if (failing.remove(endpoint)) {
            LOG.info("etcd at {} answers again", endpoint);
        }
    }

    /** The next one is asked first from now on. */
    void failed(URI endpoint, String cause) {
        synchronized (this) {
            if (failing.add(endpoint)) {
                LOG.warn("etcd at {} failed: {}", endpoint, cause);
            }
            List<URI> all = all();
            if (all.size() < 2 || all.indexOf(endpoint) != current % all.size()) {
                return;
            }
            current = (current + 1) % all.size();
        }
        changed.run();
    }

    void onChange(Runnable listener) {
        changed = listener;
    }

    /** The members that etcd itself names; asked only after the configured ones. */
    synchronized void learned(List<URI> members) {
        List<URI> before = all();
        URI asked = before.isEmpty() ? URI.create("http://none") : before.get(current % before.size());
        // "localhost" is an address of the member's own machine; from another machine it would be some other server.
        boolean isLocal = configured.stream().anyMatch(EtcdEndpoints::isLoopback);
        discovered = members.stream().filter(uri -> !configured.contains(uri) && (isLocal || !isLoopback(uri)))
                .distinct()
                .toList();
        current = Math.max(0, all().indexOf(asked));
    }

    private static boolean isLoopback(URI uri) {
        String host = String.valueOf(uri.getHost());
        return host.equals("localhost") || host.startsWith("127.") || host.equals("[::1]") || host.equals("0.0.0.0");
    }

    private List<URI> all() {
        List<URI> all = new ArrayList<>(configured);
        all.addAll(discovered);
        return all;
    }
}
