package org.jpatroni.tls;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
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
            return context(trustManagers());
        } catch (GeneralSecurityException | IOException unusable) {
            throw new IllegalArgumentException(unusable.getMessage(), unusable);
        }
    }

    private SSLContext context(TrustManager @Nullable [] trust) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keyManagers(), trust, null);
            return context;
        } catch (GeneralSecurityException | IOException unusable) {
            throw new IllegalArgumentException(unusable.getMessage(), unusable);
        }
    }

    /**
     * The same without any check of the server, neither of its certificate nor of its name: for {@code insecure}, where an operator has said
     * so.
     *
     * @throws IllegalArgumentException when the own certificate cannot be used; the message names the file
     */
    public SSLContext insecureContext() {
        return context(new TrustManager[]{new TrustAnyone()});
    }

    /** The files that are read. */
    public List<Path> files() {
        return Stream.of(cacert, cert, key).flatMap(Optional::stream).toList();
    }

    /** The certificates to trust, for a library that wants a key store; empty: those of the JDK. */
    public Optional<KeyStore> roots() throws GeneralSecurityException, IOException {
        if (cacert.isEmpty()) {
            return Optional.empty();
        }
        KeyStore roots = KeyStore.getInstance("PKCS12");
        roots.load(null, null);
        int number = 0;
        for (X509Certificate root : PemCertificates.read(cacert.get())) {
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
        PemIdentity identity = PemIdentity.read(cert.get(), keyFile, keyPassword);
        own.setKeyEntry("client", identity.key(), storePassword, identity.chain().toArray(Certificate[]::new));
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
}
