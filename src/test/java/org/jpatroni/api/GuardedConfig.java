package org.jpatroni.api;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.config.NodeConfig.BasicCredentials;
import org.jpatroni.config.RestApiConfig;
import org.jpatroni.config.Secret;

/** Settings of an API that wants {@code user:pass} for what changes something. */
final class GuardedConfig {

    private GuardedConfig() {
    }

    static RestApiConfig of(RestApiConfig settings, Map<String, String> extraHeaders) {
        return new RestApiConfig(settings.listen(), settings.connectAddress(),
                Optional.of(new BasicCredentials("user", new Secret("pass"))), extraHeaders, Map.of(),
                settings.serverTokens(), 0, settings.tls(), List.of(), false);
    }
}
