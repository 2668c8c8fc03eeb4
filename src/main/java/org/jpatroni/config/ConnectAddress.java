package org.jpatroni.config;

import java.util.Optional;

/** The address {@code connect_address} of a section that also has {@code listen}. */
final class ConnectAddress {

    private ConnectAddress() {
    }

    /**
     * Without a {@code connect_address} the listening address serves, as with Patroni, if others can connect to it at all.
     *
     * @param defaultPort 0: the port must be written
     */
    static HostPort read(ConfigTree section, HostPort listen, int defaultPort) {
        Optional<HostPort> written = section.address("connect_address", defaultPort);
        if (written.isPresent()) {
            if (HostPorts.isWildcard(written.get().host()) || written.get().host().contains(",")) {
                section.error("connect_address", "must be one address that other machines can connect to, not "
                        + (written.get().host().isEmpty() ? "an empty host" : written.get().host()));
            }
            return written.get();
        }
        if (section.has("connect_address") || listen.port() == 0) {
            return listen;
        }
        String host = listen.host().split(",", -1)[0];
        if (HostPorts.isWildcard(host)) {
            section.error("connect_address", "is required, because listen names no address that others can connect to");
        } else {
            section.warning("connect_address",
                    "is not set, using " + new HostPort(host, listen.port()) + " from listen");
        }
        return new HostPort(host, listen.port());
    }
}
