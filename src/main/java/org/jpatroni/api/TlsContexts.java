package org.jpatroni.api;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.IdentityCipherSuiteFilter;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.jpatroni.config.RestApiConfig;
import org.jpatroni.tls.CipherList;
import org.jpatroni.tls.PemCertificates;
import org.jpatroni.tls.PemIdentity;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the server's TLS context from the files that {@code restapi} names. */
final class TlsContexts {

    private static final Logger LOG = LoggerFactory.getLogger(TlsContexts.class);

    /**
     * A context and the certificates in it.
     *
     * @param chain the server's, its own first
     * @param authorities those that sign client certificates; may be empty
     */
    record Loaded(SslContext context, List<X509Certificate> chain, List<X509Certificate> authorities) {
    }

    private TlsContexts() {
    }

    /** The files that {@link #load} reads. */
    static List<Path> files(RestApiConfig.Tls tls) {
        List<Path> files = new ArrayList<>();
        files.add(Path.of(tls.certfile()));
        tls.keyfile().map(Path::of).ifPresent(files::add);
        tls.cafile().map(Path::of).ifPresent(files::add);
        return files;
    }

    /**
     * Reads certificate, key and CA.
     *
     * @throws IllegalArgumentException when they cannot be read or do not fit, naming the settings
     */
    static Loaded load(RestApiConfig.Tls tls) {
        String certificate = tls.certfile();
        String key = tls.keyfile().orElse(certificate);
        Path certificateFile = readable("restapi.certfile", certificate);
        Path keyFile = readable("restapi.keyfile", key);
        PemIdentity identity;
        try {
            identity = PemIdentity.read(certificateFile, keyFile, tls.keyfilePassword());
        } catch (IOException | GeneralSecurityException | IllegalArgumentException refused) {
            throw unusable("restapi.certfile " + certificate + " with restapi.keyfile " + key, refused);
        }
        List<X509Certificate> authorities = tls.cafile().map(TlsContexts::authorities).orElse(List.of());
        SslContextBuilder builder = SslContextBuilder.forServer(identity.key(), identity.chain())
                .sslProvider(SslProvider.JDK).protocols("TLSv1.3", "TLSv1.2");
        if (!authorities.isEmpty()) {
            builder.trustManager(authorities);
            builder.clientAuth(switch (tls.verifyClient()) {
                case NONE -> ClientAuth.NONE;
                case OPTIONAL -> ClientAuth.OPTIONAL;
                case REQUIRED -> ClientAuth.REQUIRE;
            });
        }
        tls.ciphers().map(TlsContexts::suites)
                .ifPresent(suites -> builder.ciphers(suites, IdentityCipherSuiteFilter.INSTANCE));
        try {
            return new Loaded(builder.build(), identity.chain(), authorities);
        } catch (IOException | IllegalArgumentException refused) {
            throw unusable("restapi.certfile " + certificate, refused);
        }
    }

    private static List<X509Certificate> authorities(String cafile) {
        try {
            return PemCertificates.read(readable("restapi.cafile", cafile));
        } catch (IOException refused) {
            throw unusable("restapi.cafile " + cafile, refused);
        }
    }

    private static List<String> suites(String ciphers) {
        CipherList.Translation translation;
        try {
            translation = CipherList.translate(ciphers, offered());
        } catch (IllegalArgumentException refused) {
            throw new IllegalArgumentException("restapi.ciphers: " + refused.getMessage(), refused);
        }
        if (!translation.unavailable().isEmpty()) {
            LOG.warn("restapi.ciphers: this Java does not offer {}", String.join(", ", translation.unavailable()));
        }
        LOG.debug("restapi.ciphers: {}", translation.suites());
        return translation.suites();
    }

    private static List<String> offered() {
        try {
            return List.of(SSLContext.getDefault().getSupportedSSLParameters().getCipherSuites());
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has TLS", impossible);
        }
    }

    /** Our own readers name files and quote nothing of them; what the JDK says may, so only its kind is told. */
    private static IllegalArgumentException unusable(String what, Exception refused) {
        boolean ours = refused.getClass() == IOException.class
                || refused.getClass() == GeneralSecurityException.class;
        String reason = ours ? String.valueOf(refused.getMessage()) : refused.getClass().getSimpleName();
        return new IllegalArgumentException(what + " cannot be used: " + reason, refused);
    }

    private static Path readable(String setting, String path) {
        Path file = Path.of(path);
        if (!Files.isReadable(file)) {
            throw new IllegalArgumentException(setting + " " + path + " cannot be read");
        }
        return file;
    }
}
