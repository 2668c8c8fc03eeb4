package org.jpatroni.api;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jpatroni.config.RestApiConfig;
import org.jpatroni.tls.PemKeys;

/** Makes the server's TLS context from the files that {@code restapi} names. */
final class TlsContexts {

    /** A file may hold the key beside the certificates; the JDK's reader stumbles over it. */
    private static final Pattern CERTIFICATE = Pattern
            .compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", Pattern.DOTALL);

    private TlsContexts() {
    }

    /**
     * Reads certificate, key and CA.
     *
     * @throws IllegalArgumentException when they cannot be read or do not fit, naming the settings
     */
    static SslContext of(RestApiConfig.Tls tls) {
        String certificate = tls.certfile();
        String key = tls.keyfile().orElse(certificate);
        List<X509Certificate> chain = certificates("restapi.certfile", certificate);
        Path keyFile = readable("restapi.keyfile", key);
        PrivateKey privateKey;
        try {
            privateKey = PemKeys.read(keyFile, tls.keyfilePassword());
        } catch (IOException | GeneralSecurityException | IllegalArgumentException refused) {
            throw unusable("restapi.keyfile", key, refused);
        }
        if (!fits(privateKey, chain.getFirst())) {
            throw new IllegalArgumentException("restapi.keyfile " + key + " is not the key of restapi.certfile "
                    + certificate);
        }
        try {
            SslContextBuilder builder = SslContextBuilder.forServer(privateKey, chain).sslProvider(SslProvider.JDK)
                    .protocols("TLSv1.3", "TLSv1.2");
            if (tls.cafile().isPresent()) {
                builder.trustManager(certificates("restapi.cafile", tls.cafile().get()));
                builder.clientAuth(switch (tls.verifyClient()) {
                    case NONE -> ClientAuth.NONE;
                    case OPTIONAL -> ClientAuth.OPTIONAL;
                    case REQUIRED -> ClientAuth.REQUIRE;
                });
            }
            return builder.build();
        } catch (IOException | IllegalArgumentException refused) {
            throw unusable("restapi.certfile", certificate, refused);
        }
    }

    /** TLS would find out with the first client only. */
    private static boolean fits(PrivateKey key, X509Certificate certificate) {
        String algorithm = switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> key.getAlgorithm();
        };
        byte[] sample = "sample".getBytes(StandardCharsets.US_ASCII);
        try {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(sample);
            byte[] signed = signature.sign();
            signature.initVerify(certificate.getPublicKey());
            signature.update(sample);
            return signature.verify(signed);
        } catch (GeneralSecurityException otherKind) {
            return false;
        }
    }

    private static List<X509Certificate> certificates(String setting, String path) {
        Path file = readable(setting, path);
        try {
            List<X509Certificate> chain = new ArrayList<>();
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            Matcher blocks = CERTIFICATE.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
            while (blocks.find()) {
                byte[] block = blocks.group().getBytes(StandardCharsets.ISO_8859_1);
                chain.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(block)));
            }
            if (chain.isEmpty()) {
                throw new CertificateException("no certificate in the file");
            }
            return chain;
        } catch (IOException | CertificateException refused) {
            throw unusable(setting, path, refused);
        }
    }

    /** Says the setting and the file; what the cause says may quote the file, so only its kind is told. */
    private static IllegalArgumentException unusable(String setting, String path, Exception refused) {
        return new IllegalArgumentException(
                setting + " " + path + " cannot be used: " + refused.getClass().getSimpleName(), refused);
    }

    private static Path readable(String setting, String path) {
        Path file = Path.of(path);
        if (!Files.isReadable(file)) {
            throw new IllegalArgumentException(setting + " " + path + " cannot be read");
        }
        return file;
    }
}
