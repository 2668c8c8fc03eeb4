package org.jpatroni.postgres;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.config.Secret;

/**
 * The TLS part of libpq's connection settings.
 *
 * @param sslmode libpq's word; {@code prefer} when not set
 * @param rootCertificate PEM; {@code system} means the JDK's trust store
 * @param certificate PEM, the client's chain
 * @param key PEM or DER, or PKCS#12 with the certificate in it
 */
record TlsSettings(String sslmode, Optional<String> rootCertificate, Optional<Path> certificate, Optional<Path> key,
        Optional<Secret> keyPassword, Optional<Path> revocationList, Optional<Path> revocationFolder) {

    static final TlsSettings OFF = new TlsSettings("disable", Optional.empty(), Optional.empty(), Optional.empty(),
            Optional.empty(), Optional.empty(), Optional.empty());

    /** Reads libpq's settings. Unset files are looked for where libpq does, in {@code ~/.postgresql}. */
    static TlsSettings of(Map<String, String> libpqOptions, Path home) {
        Path folder = home.resolve(".postgresql");
        return new TlsSettings(libpqOptions.getOrDefault("sslmode", "prefer"),
                text(libpqOptions, "sslrootcert").or(() -> existing(folder.resolve("root.crt")).map(Path::toString)),
                text(libpqOptions, "sslcert").map(Path::of).or(() -> existing(folder.resolve("postgresql.crt"))),
                text(libpqOptions, "sslkey").map(Path::of).or(() -> existing(folder.resolve("postgresql.key"))),
                text(libpqOptions, "sslpassword").map(Secret::new),
                text(libpqOptions, "sslcrl").map(Path::of).or(() -> existing(folder.resolve("root.crl"))),
                text(libpqOptions, "sslcrldir").map(Path::of));
    }

    private static Optional<String> text(Map<String, String> options, String key) {
        return Optional.ofNullable(options.get(key)).filter(value -> !value.isEmpty());
    }

    private static Optional<Path> existing(Path file) {
        return Files.isReadable(file) ? Optional.of(file) : Optional.empty();
    }

    /**
     * Whether the server's certificate is checked. As in libpq, {@code require} with a root certificate that was named checks it too,
     * {@code prefer} and {@code allow} never do.
     */
    boolean verifiesServer() {
        return switch (sslmode) {
            case "verify-ca", "verify-full" -> true;
            case "require" -> rootCertificate.isPresent();
            default -> false;
        };
    }
}
