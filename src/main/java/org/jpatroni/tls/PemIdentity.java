package org.jpatroni.tls;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAKey;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.List;
import java.util.Optional;
import org.jpatroni.config.Secret;

/**
 * A private key and the certificates that belong to it, which was tried.
 *
 * @param chain the own certificate first
 */
public record PemIdentity(PrivateKey key, List<X509Certificate> chain) {

    /**
     * Reads a pair.
     *
     * @param keyFile may be the same file
     * @throws IOException when a file cannot be read or holds nothing of the kind; messages name files and quote nothing
     * @throws GeneralSecurityException when the key cannot be used or is not that of the certificate
     */
    public static PemIdentity read(Path certificateFile, Path keyFile, Optional<Secret> keyPassword)
            throws IOException, GeneralSecurityException {
        List<X509Certificate> chain = PemCertificates.read(certificateFile);
        PrivateKey key = PemKeys.read(keyFile, keyPassword);
        if (!fits(key, chain.getFirst())) {
            throw new GeneralSecurityException(keyFile + " is not the key of " + certificateFile);
        }
        return new PemIdentity(key, chain);
    }

    /** A handshake would find out, but with the first client only. */
    private static boolean fits(PrivateKey key, X509Certificate certificate) {
        String algorithm = switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> key.getAlgorithm();
        };
        byte[] sample = "sample".getBytes(StandardCharsets.US_ASCII);
        try {
            Signature signature = Signature.getInstance(algorithm);
            if (algorithm.equals("RSASSA-PSS")) {
                signature.setParameter(pssParameters(key));
            }
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

    private static AlgorithmParameterSpec pssParameters(PrivateKey key) {
        AlgorithmParameterSpec own = key instanceof RSAKey rsa ? rsa.getParams() : null;
        return own != null ? own : new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1);
    }

    @Override
    public String toString() {
        return "PemIdentity[" + chain.getFirst().getSubjectX500Principal() + "]";
    }
}
