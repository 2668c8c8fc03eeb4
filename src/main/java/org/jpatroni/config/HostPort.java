package org.jpatroni.config;

/**
 * A host and a port.
 *
 * @param host name, IPv4 or IPv6 address without brackets; {@code *} and empty mean all addresses where one listens
 */
public record HostPort(String host, int port) {

    @Override
    public String toString() {
        return host.contains(":") ? "[" + host + "]:" + port : host + ":" + port;
    }
}
