package org.jpatroni.api;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.File;
import javax.net.ssl.SSLException;
import org.jpatroni.config.RestApiConfig;

/** Makes the server's TLS context from the files that {@code restapi} names. */
final class TlsContexts {

    private TlsContexts() {
    }

    /**
     * Reads certificate, key and CA.
     *
     * @throws IllegalArgumentException when they cannot be read or do not fit, naming the settings
     */
    static SslContext of(RestApiConfig.Tls tls) {
        File certificate = readable("restapi.certfile", tls.certfile());
        File key = readable("restapi.keyfile", tls.keyfile().orElse(tls.certfile()));
        try {
            String password = tls.keyfilePassword().map(secret -> secret.reveal()).orElse(null);
            SslContextBuilder builder = SslContextBuilder.forServer(certificate, key, password)
                    .sslProvider(SslProvider.JDK).protocols("TLSv1.3", "TLSv1.2");
            if (tls.cafile().isPresent()) {
                builder.trustManager(readable("restapi.cafile", tls.cafile().get()));
                builder.clientAuth(switch (tls.verifyClient()) {
                    case NONE -> ClientAuth.NONE;
                    case OPTIONAL -> ClientAuth.OPTIONAL;
                    case REQUIRED -> ClientAuth.REQUIRE;
                });
            }
            return builder.build();
        } catch (SSLException | IllegalArgumentException refused) {
            // The cause may quote the file; its class says enough.
            throw new IllegalArgumentException("restapi.certfile " + certificate + " and restapi.keyfile " + key
                    + " cannot be used: " + refused.getClass().getSimpleName(), refused);
        }
    }

    private static File readable(String setting, String path) {
        File file = new File(path);
        if (!file.canRead()) {
            throw new IllegalArgumentException(setting + " " + path + " cannot be read");
        }
        return file;
    }
}
