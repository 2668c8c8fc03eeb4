package org.jpatroni.config;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The section {@code restapi}.
 *
 * @param listen where to listen; host {@code *} or empty means all addresses, dual stack
 * @param connectAddress what others use to reach this API: host and explicit port
 * @param httpExtraHeaders on every answer with a body; {@code httpsExtraHeaders} in addition over TLS
 * @param serverTokens {@code original}, {@code minimal} or {@code productonly}
 * @param requestQueueSize listen backlog; {@value #DEFAULT_REQUEST_QUEUE_SIZE} when not configured (Patroni: 5, which makes clients without
 *        keep-alive wait a second for each lost SYN)
 * @param tls present when {@code certfile} is set
 */
public record RestApiConfig(HostPort listen, HostPort connectAddress,
        Optional<NodeConfig.BasicCredentials> authentication,
        Map<String, String> httpExtraHeaders, Map<String, String> httpsExtraHeaders, String serverTokens,
        int requestQueueSize, Optional<Tls> tls, List<String> allowlist, boolean allowlistIncludeMembers) {

    public static final int DEFAULT_REQUEST_QUEUE_SIZE = 1024;

    public record Tls(String certfile, Optional<String> keyfile, Optional<Secret> keyfilePassword,
            Optional<String> cafile, Optional<String> ciphers, VerifyClient verifyClient) {
    }

    public enum VerifyClient {
        NONE, OPTIONAL, REQUIRED
    }

    /** The URL in the member key: scheme, host, explicit port, path {@code /patroni}. */
    public String apiUrl() {
        return (tls.isPresent() ? "https" : "http") + "://" + connectAddress + "/patroni";
    }
}
