package org.jpatroni.tls;

import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/** A client that shows its certificate whatever authorities the server names, as OpenSSL's do, and takes any server. */
public final class ForcedIdentity extends X509ExtendedKeyManager {

    private final PemIdentity identity;

    private ForcedIdentity(PemIdentity identity) {
        this.identity = identity;
    }

    /** A context; without a name one without certificate. */
    public static SSLContext context(@Nullable String certificate, @Nullable String key) throws Exception {
        KeyManager[] own = {};
        if (certificate != null && key != null) {
            Path file = TestFiles.file(certificate);
            own = new KeyManager[]{new ForcedIdentity(PemIdentity.read(file, TestFiles.file(key), Optional.empty()))};
        }
        SSLContext context = SSLContext.getInstance("TLS");
        try {
            context.init(own, new TrustManager[]{new TrustAnyone()}, null);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
        return context;
    }

    @Override
    public String chooseEngineClientAlias(String[] keyType, Principal[] issuers, SSLEngine engine) {
        return "own";
    }

    @Override
    public String chooseClientAlias(String[] keyType, Principal[] issuers, Socket socket) {
        return "own";
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
        return identity.chain().toArray(X509Certificate[]::new);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        return identity.key();
    }

    @Override
    public String[] getClientAliases(String keyType, Principal[] issuers) {
        return new String[]{"own"};
    }

    @Override
    public String[] getServerAliases(String keyType, Principal[] issuers) {
        return new String[0];
    }

    @Override
    public @Nullable String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
        return null;
    }
}
