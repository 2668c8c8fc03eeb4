package org.jpatroni.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads certificates from files as OpenSSL takes them: a chain, with text or a private key around it, or one in binary. */
public final class PemCertificates {

    /** A file may hold the key beside the certificates; the JDK's reader stumbles over it. */
    private static final Pattern BLOCK = Pattern
            .compile("-----BEGIN ((?:X509 )?CERTIFICATE)-----(.*?)-----END \\1-----", Pattern.DOTALL);

    private PemCertificates() {
    }

    /**
     * All certificates of the file in their order, at least one.
     *
     * @throws IOException when the file cannot be read or holds none; the message names the file and quotes nothing of it
     */
    public static List<X509Certificate> read(Path file) throws IOException {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (IOException unreadable) {
            throw new IOException("cannot read certificates from " + file, unreadable);
        }
        List<X509Certificate> found = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            Matcher blocks = BLOCK.matcher(new String(bytes, StandardCharsets.ISO_8859_1));
            while (blocks.find()) {
                String block = "-----BEGIN CERTIFICATE-----" + blocks.group(2) + "-----END CERTIFICATE-----";
                found.addAll(certificates(factory, block.getBytes(StandardCharsets.ISO_8859_1)));
            }
            if (found.isEmpty() && bytes.length > 0 && bytes[0] == 0x30) {
                found.addAll(certificates(factory, bytes));
            }
        } catch (CertificateException unreadable) {
            throw new IOException("cannot read certificates from " + file, unreadable);
        }
        if (found.isEmpty()) {
            throw new IOException(file + " holds no certificate");
        }
        return found;
    }

    private static List<X509Certificate> certificates(CertificateFactory factory, byte[] bytes)
            throws CertificateException {
        List<X509Certificate> found = new ArrayList<>();
        for (Certificate certificate : factory.generateCertificates(new ByteArrayInputStream(bytes))) {
            if (certificate instanceof X509Certificate x509) {
                found.add(x509);
            }
        }
        return found;
    }
}
