package org.jpatroni.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jpatroni.config.Secret;
import org.jspecify.annotations.Nullable;

/**
 * TLS of a client, from PEM files as configurations name them.
 *
 * @param cacert certificates to trust; the JDK's when empty
 * @param cert certificate to show, with its chain
 * @param key its key; in the same file as the certificate when empty
 * @param keyPassword what the key is encrypted with
 */
public record ClientTls(Optional<Path> cacert, Optional<Path> cert, Optional<Path> key, Optional<Secret> keyPassword) {

    /**
     * Reads the files.
     *
     * @throws IllegalArgumentException when one cannot be used; the message names it
     */
    public SSLContext context() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keyManagers(), trustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException unusable) {
            throw new IllegalArgumentException(unusable.getMessage(), unusable);
        }
    }

    /** The certificates to trust, for a library that wants a key store; empty: those of the JDK. */
    public Optional<KeyStore> roots() throws GeneralSecurityException, IOException {
        if (cacert.isEmpty()) {
            return Optional.empty();
        }
        KeyStore roots = KeyStore.getInstance("PKCS12");
        roots.load(null, null);
        int number = 0;
        for (Certificate root : certificates(cacert.get())) {
            roots.setCertificateEntry("root" + number, root);
            number++;
        }
        return Optional.of(roots);
    }

    private TrustManager @Nullable [] trustManagers() throws GeneralSecurityException, IOException {
        Optional<KeyStore> roots = roots();
        if (roots.isEmpty()) {
            return null;
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(roots.get());
        return factory.getTrustManagers();
    }

    /** The certificate to show with its key, for a library that wants a key store; empty when there is none. */
    public Optional<KeyStore> identity(char[] storePassword) throws GeneralSecurityException, IOException {
        if (cert.isEmpty()) {
            return Optional.empty();
        }
        Path keyFile = key.orElse(cert.get());
        KeyStore own = KeyStore.getInstance("PKCS12");
        own.load(null, null);
        Certificate[] chain = certificates(cert.get()).toArray(Certificate[]::new);
        try {
            own.setKeyEntry("client", PemKeys.read(keyFile, keyPassword), storePassword, chain);
        } catch (IOException unreadable) {
            throw new IOException("cannot read the private key in " + keyFile, unreadable);
        }
        return Optional.of(own);
    }

    private KeyManager @Nullable [] keyManagers() throws GeneralSecurityException, IOException {
        Optional<KeyStore> own = identity(new char[0]);
        if (own.isEmpty()) {
            return null;
        }
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(own.get(), new char[0]);
        return factory.getKeyManagers();
    }

    private static List<Certificate> certificates(Path file) throws IOException {
        try (InputStream input = Files.newInputStream(file)) {
            List<Certificate> found = List.copyOf(CertificateFactory.getInstance("X.509").generateCertificates(input));
            if (!found.isEmpty()) {
                return found;
            }
        } catch (IOException | GeneralSecurityException unreadable) {
            throw new IOException("cannot read certificates from " + file, unreadable);
        }
        throw new IOException(file + " holds no certificate");
    }
}
