package org.jpatroni.api;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts connections in total and per address, for all event loops together. */
final class Admission {

    /** What a new connection may do. */
    enum Ticket {
        /** Anything. */
        ORDINARY,
        /** One health check. */
        LANE
    }

    private final ApiLimits limits;
    private final ApiCounters counters;
    private final AtomicInteger total;
    private final AtomicInteger lane = new AtomicInteger();
    private final Map<InetAddress, Integer> perAddress = new ConcurrentHashMap<>();

    Admission(ApiLimits limits, ApiCounters counters) {
        this.limits = limits;
        this.counters = counters;
        this.total = counters.connections();
    }

    /** Takes a place; {@link #leave} must follow, whatever the ticket. */
    Ticket enter(InetAddress address) {
        boolean overTotal = total.incrementAndGet() - lane.get() > limits.connectionsMax();
        boolean overAddress = perAddress.merge(address, 1, Integer::sum) > limits.perAddressMax();
        if (!overTotal && !overAddress) {
            return Ticket.ORDINARY;
        }
        counters.mishap(overTotal ? ApiCounters.Mishap.OVER_TOTAL : ApiCounters.Mishap.OVER_ADDRESS);
        lane.incrementAndGet();
        return Ticket.LANE;
    }

    void leave(InetAddress address, Ticket ticket) {
        if (ticket != Ticket.ORDINARY) {
            lane.decrementAndGet();
        }
        perAddress.computeIfPresent(address, (key, count) -> count > 1 ? count - 1 : null);
        total.decrementAndGet();
    }

    /** One address for one client: IPv4 that comes through an IPv6 socket is IPv4; of IPv6 the network counts, hosts are free to make up. */
    static InetAddress normalised(InetAddress address) {
        if (!(address instanceof Inet6Address)) {
            return address;
        }
        byte[] bytes = address.getAddress();
        boolean mapped = bytes[10] == (byte) 0xFF && bytes[11] == (byte) 0xFF;
        for (int i = 0; i < 10 && mapped; i++) {
            mapped = bytes[i] == 0;
        }
        try {
            if (mapped) {
                return InetAddress.getByAddress(Arrays.copyOfRange(bytes, 12, 16));
            }
            if (!address.isLoopbackAddress() && !address.isLinkLocalAddress()) {
                Arrays.fill(bytes, 8, 16, (byte) 0);
            }
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException impossible) {
            return address; // The length is right.
        }
    }
}
