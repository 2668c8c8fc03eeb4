package org.jpatroni.dcs.zookeeper;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.SSLEngine;
import org.apache.zookeeper.client.ZKClientConfig;
import org.apache.zookeeper.common.ClientX509Util;
import org.jpatroni.config.HostPort;
import org.jpatroni.config.StoreConfig;
import org.jpatroni.tls.ClientTls;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Translates Patroni's TLS settings of the section {@code zookeeper}. ZooKeeper's client takes certificates from files only, and keys in
 * one of the usual forms only; so they are read here, and handed over in key stores in the temporary folder, which nobody else may read, which are locked
 * with a password that only this process knows, and which go with it.
 */
final class ZooKeeperTls {

    private static final Logger LOG = LoggerFactory.getLogger(ZooKeeperTls.class);
    private static final int PROBE_LIMIT_MILLIS = 2000;

    static {
        // Netty 4.2 verifies names unless told otherwise; ZooKeeper, written for 4.1, does not tell it, and verifies names itself where
        // its own setting says so. Netty reads this once, before its first context.
        System.setProperty("io.netty.handler.ssl.defaultEndpointVerificationAlgorithm", "NONE");
    }

    private final String password = HexFormat.of().formatHex(randomBytes());
    private final Optional<Path> unverified;

    /** @throws IllegalArgumentException when a file cannot be used; the message names it */
    ZooKeeperTls(StoreConfig.ZooKeeper config, ZKClientConfig client) {
        ClientTls files = new ClientTls(config.cacert().map(Path::of), config.cert().map(Path::of),
                config.key().map(Path::of),
                config.keyPassword());
        try (ClientX509Util names = new ClientX509Util()) {
            client.setProperty(ZKClientConfig.SECURE_CLIENT, "true");
            client.setProperty(ZKClientConfig.ZOOKEEPER_CLIENT_CNXN_SOCKET,
                    "org.apache.zookeeper.ClientCnxnSocketNetty");
            // As Patroni does: whoever a private authority has certified is a server of it. With public ones the name decides.
            boolean checksName = config.verify() && config.cacert().isEmpty();
            client.setProperty(names.getSslHostnameVerificationEnabledProperty(), String.valueOf(checksName));
            client.setProperty(names.getFipsModeProperty(), "false");
            Optional<KeyStore> identity = files.identity(password.toCharArray());
            if (identity.isPresent()) {
                client.setProperty(names.getSslKeystoreLocationProperty(), store(identity.get()).toString());
                client.setProperty(names.getSslKeystoreTypeProperty(), "PKCS12");
                client.setProperty(names.getSslKeystorePasswdProperty(), password);
            }
            Optional<Path> roots = Optional.empty();
            if (!config.verify()) {
                roots = Optional.of(store(emptyStore()));
            } else if (files.roots().isPresent()) {
                roots = Optional.of(store(files.roots().get()));
            }
            if (roots.isPresent()) {
                client.setProperty(names.getSslTruststoreLocationProperty(), roots.get().toString());
                client.setProperty(names.getSslTruststoreTypeProperty(), "PKCS12");
                client.setProperty(names.getSslTruststorePasswdProperty(), password);
            }
            unverified = config.verify() ? Optional.empty() : roots;
        } catch (GeneralSecurityException | IOException unusable) {
            throw new IllegalArgumentException("zookeeper: " + unusable.getMessage(), unusable);
        }
    }

    /** To be called before each connection attempt: without {@code verify}, whatever the server shows is trusted from then on. */
    Consumer<HostPort> beforeConnecting() {
        return host -> unverified.ifPresent(file -> trustWhatever(host, file));
    }

    private void trustWhatever(HostPort host, Path file) {
        Seen seen = new Seen();
        try (SSLSocket socket = (SSLSocket) anyContext(seen).getSocketFactory().createSocket(plain(host), host.host(),
                host.port(),
                true)) {
            socket.setSoTimeout(PROBE_LIMIT_MILLIS);
            socket.startHandshake();
        } catch (IOException | GeneralSecurityException refused) {
            // A server that wants a certificate of ours ends this attempt, but has shown its own before.
            LOG.debug("Looking at the certificate of {}: {}", host, refused.toString());
        }
        if (seen.chain.length == 0) {
            return;
        }
        try {
            KeyStore trusted = emptyStore();
            for (int i = 0; i < seen.chain.length; i++) {
                trusted.setCertificateEntry("server" + i, seen.chain[i]);
            }
            Files.move(store(trusted), file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | GeneralSecurityException unusable) {
            LOG.warn("Cannot trust the certificate of {}: {}", host, unusable.toString());
        }
    }

    private static Socket plain(HostPort host) throws IOException {
        Socket socket = new Socket();
        socket.connect(new InetSocketAddress(host.host(), host.port()), PROBE_LIMIT_MILLIS);
        return socket;
    }

    private static SSLContext anyContext(Seen seen) throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[]{seen}, null);
        return context;
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private Path store(KeyStore keys) throws IOException, GeneralSecurityException {
        Path file = Files.createTempFile("jpatroni-zookeeper", ".p12");
        file.toFile().deleteOnExit();
        try (OutputStream output = Files.newOutputStream(file)) {
            keys.store(output, password.toCharArray());
        }
        return file;
    }

    private static byte[] randomBytes() {
        byte[] bytes = new byte[16];
        new SecureRandom().nextBytes(bytes);
        return bytes;
    }

    /** Remembers what a server shows, and objects to nothing. */
    private static final class Seen extends X509ExtendedTrustManager {
        private Certificate[] chain = new Certificate[0];

        @Override
        public void checkServerTrusted(X509Certificate[] shown, String kind, Socket socket) {
            chain = shown.clone();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] shown, String kind, SSLEngine engine) {
            chain = shown.clone();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] shown, String kind) {
            chain = shown.clone();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] shown, String kind, Socket socket) {
            chain = shown.clone();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] shown, String kind, SSLEngine engine) {
            chain = shown.clone();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] shown, String kind) {
            chain = shown.clone();
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
