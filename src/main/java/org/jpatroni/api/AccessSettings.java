package org.jpatroni.api;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jpatroni.config.AddressRange;
import org.jpatroni.config.NodeConfig.BasicCredentials;
import org.jpatroni.config.RestApiConfig;

/**
 * Who may call the unsafe endpoints, as configured.
 *
 * @param credentials what {@code Authorization} must carry; empty: anything or nothing
 * @param restrictsAddresses {@code allowlist} has entries, usable or not
 * @param ranges its addresses and networks
 * @param hosts its host names, in the order written
 * @param includeMembers addresses of the members' {@code api_url} count as listed
 * @param needsCertificate TLS with {@code verify_client} optional or required
 */
record AccessSettings(Optional<Credentials> credentials, boolean restrictsAddresses, List<AddressRange> ranges,
        List<String> hosts, boolean includeMembers, boolean needsCertificate) {

    /**
     * A user and the digest of what its client sends after {@code Basic }: the exact text, as Patroni compares it.
     *
     * @param digest SHA-256, so that comparing takes the same time whatever is sent
     */
    @SuppressWarnings("ArrayRecordComponent") // Never compared as a whole.
    record Credentials(String user, byte[] digest) {

        static Credentials of(BasicCredentials configured) {
            String pair = configured.username() + ":" + configured.password().reveal();
            String sent = Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
            return new Credentials(configured.username(), digestOf(sent));
        }

        boolean match(String sent) {
            return MessageDigest.isEqual(digest, digestOf(sent));
        }

        private static byte[] digestOf(String sent) {
            try {
                return MessageDigest.getInstance("SHA-256").digest(sent.getBytes(StandardCharsets.UTF_8));
            } catch (NoSuchAlgorithmException impossible) {
                throw new IllegalStateException("every Java has SHA-256", impossible);
            }
        }

        @Override
        public String toString() {
            return "Credentials[" + user + "]";
        }
    }

    static AccessSettings of(RestApiConfig config) {
        List<AddressRange> ranges = new ArrayList<>();
        List<String> hosts = new ArrayList<>();
        for (String entry : config.allowlist()) {
            Optional<AddressRange> range = AddressRange.parse(entry);
            range.ifPresent(ranges::add);
            // The reader of the configuration refuses networks that are none; here they match nothing.
            if (range.isEmpty() && entry.indexOf('/') < 0) {
                hosts.add(entry);
            }
        }
        boolean needsCertificate = config.tls().isPresent()
                && config.tls().get().verifyClient() != RestApiConfig.VerifyClient.NONE;
        return new AccessSettings(config.authentication().map(Credentials::of), !config.allowlist().isEmpty(),
                List.copyOf(ranges), List.copyOf(hosts), config.allowlistIncludeMembers(), needsCertificate);
    }

    /**
     * What an operator must be told loudly: anybody who reaches the port may switch over, restart or rebuild.
     *
     * @param listening where the API listens
     * @return empty when a password or a certificate is asked for, or only this machine can reach it
     */
    Optional<String> warning(List<InetSocketAddress> listening) {
        List<InetSocketAddress> reachable = listening.stream()
                .filter(address -> !address.getAddress().isLoopbackAddress()).toList();
        if (credentials.isPresent() || needsCertificate || reachable.isEmpty()) {
            return Optional.empty();
        }
        String but = restrictsAddresses || includeMembers ? " from the addresses in restapi.allowlist" : "";
        return Optional.of("ATTENTION: anybody who reaches " + reachable + but
                + " can restart, switch over, rebuild and reconfigure this cluster: the unsafe endpoints of the REST API ask for no password "
                + "(restapi.authentication) and no client certificate (restapi.verify_client)");
    }
}
