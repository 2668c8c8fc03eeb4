package org.jpatroni.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CRL;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jpatroni.config.Secret;
import org.jpatroni.tls.PemKeys;
import org.jspecify.annotations.Nullable;

/** Makes a TLS context out of the files that libpq's settings name. */
final class TlsMaterial {

    private TlsMaterial() {
    }

    static SSLContext context(TlsSettings settings) throws IOException, GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keyManagers(settings), trustManagers(settings), null);
        return context;
    }

    private static KeyManager @Nullable [] keyManagers(TlsSettings settings)
            throws IOException, GeneralSecurityException {
        if (settings.key().isEmpty()) {
            return null;
        }
        Path keyFile = settings.key().get();
        char[] password = settings.keyPassword().map(Secret::reveal).orElse("").toCharArray();
        KeyStore store = KeyStore.getInstance("PKCS12");
        String name = keyFile.toString();
        if (name.endsWith(".p12") || name.endsWith(".pfx")) {
            try (InputStream input = Files.newInputStream(keyFile)) {
                store.load(input, password);
            }
        } else {
            store.load(null, null);
            if (settings.certificate().isEmpty()) {
                throw new IOException("sslkey is set, but sslcert is not");
            }
            PrivateKey key = PemKeys.read(keyFile, settings.keyPassword());
            Certificate[] chain = certificates(settings.certificate().get()).toArray(Certificate[]::new);
            store.setKeyEntry("client", key, password, chain);
        }
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, password);
        return factory.getKeyManagers();
    }

    private static TrustManager @Nullable [] trustManagers(TlsSettings settings)
            throws IOException, GeneralSecurityException {
        if (!settings.verifiesServer()) {
            return new TrustManager[]{new TrustAnyServer()};
        }
        if (settings.rootCertificate().isEmpty()) {
            throw new IOException("sslmode " + settings.sslmode() + " needs sslrootcert");
        }
        if (settings.rootCertificate().get().equals("system")) {
            return null;
        }
        KeyStore roots = KeyStore.getInstance("PKCS12");
        roots.load(null, null);
        int number = 0;
        for (Certificate root : certificates(Path.of(settings.rootCertificate().get()))) {
            roots.setCertificateEntry("root" + number, root);
            number++;
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        Collection<CRL> revoked = revocationLists(settings);
        if (revoked.isEmpty()) {
            factory.init(roots);
        } else {
            factory.init(new CertPathTrustManagerParameters(withRevocation(roots, revoked)));
        }
        return chainOnly(factory.getTrustManagers());
    }

    private static PKIXBuilderParameters withRevocation(KeyStore roots, Collection<CRL> revoked)
            throws GeneralSecurityException {
        PKIXBuilderParameters parameters = new PKIXBuilderParameters(roots, new X509CertSelector());
        parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(revoked)));
        PKIXRevocationChecker checker = (PKIXRevocationChecker) CertPathBuilder.getInstance("PKIX")
                .getRevocationChecker();
        // Only the lists that were named; nothing is fetched from the addresses inside certificates.
        checker.setOptions(EnumSet.of(PKIXRevocationChecker.Option.PREFER_CRLS,
                PKIXRevocationChecker.Option.NO_FALLBACK));
        parameters.addCertPathChecker(checker);
        return parameters;
    }

    /** The default trust manager may compare host names; here that is pgjdbc's part, and only for {@code verify-full}. */
    private static TrustManager[] chainOnly(TrustManager[] managers) {
        TrustManager[] wrapped = managers.clone();
        for (int i = 0; i < wrapped.length; i++) {
            if (wrapped[i] instanceof X509ExtendedTrustManager manager) {
                wrapped[i] = new TrustChain(manager);
            }
        }
        return wrapped;
    }

    private static Collection<CRL> revocationLists(TlsSettings settings) throws IOException, GeneralSecurityException {
        List<Path> files = new ArrayList<>();
        settings.revocationList().filter(Files::isReadable).ifPresent(files::add);
        Optional<Path> folder = settings.revocationFolder();
        if (folder.isPresent() && Files.isDirectory(folder.get())) {
            try (Stream<Path> entries = Files.list(folder.get())) {
                entries.filter(Files::isRegularFile).sorted().forEach(files::add);
            }
        }
        List<CRL> lists = new ArrayList<>();
        for (Path file : files) {
            try (InputStream input = Files.newInputStream(file)) {
                lists.addAll(CertificateFactory.getInstance("X.509").generateCRLs(input));
            }
        }
        return lists;
    }

    private static List<Certificate> certificates(Path file) throws IOException, GeneralSecurityException {
        try (InputStream input = Files.newInputStream(file)) {
            List<Certificate> found = List.copyOf(CertificateFactory.getInstance("X.509").generateCertificates(input));
            if (found.isEmpty()) {
                throw new IOException(file + " holds no certificate");
            }
            return found;
        }
    }

    /** For the modes that encrypt without asking who is there ({@code require}, {@code prefer}, {@code allow}). */
    private static final class TrustAnyServer extends TrustChain {
        TrustAnyServer() {
            super(null);
        }
    }

    /** Checks the chain of certificates and nothing else. */
    private static class TrustChain extends X509ExtendedTrustManager {
        private final @Nullable X509ExtendedTrustManager chain;

        TrustChain(@Nullable X509ExtendedTrustManager chain) {
            this.chain = chain;
        }

        @Override
        public void checkServerTrusted(X509Certificate[] certificates, String type) throws CertificateException {
            if (chain != null) {
                chain.checkServerTrusted(certificates, type);
            }
        }

        @Override
        public void checkServerTrusted(X509Certificate[] certificates, String type, Socket socket)
                throws CertificateException {
            checkServerTrusted(certificates, type);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] certificates, String type, SSLEngine engine)
                throws CertificateException {
            checkServerTrusted(certificates, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] certificates, String type)
                throws CertificateException {
            throw new CertificateException("this is a client");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] certificates, String type, Socket socket)
                throws CertificateException {
            checkClientTrusted(certificates, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] certificates, String type, SSLEngine engine)
                throws CertificateException {
            checkClientTrusted(certificates, type);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
