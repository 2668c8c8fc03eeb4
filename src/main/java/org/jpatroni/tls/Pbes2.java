package org.jpatroni.tls;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Decrypts keys in the scheme PBES2 of PKCS#5. The JDK's own reader knows AES only, but {@code openssl genrsa -des3} of OpenSSL 3 writes
 * Triple-DES.
 */
final class Pbes2 {

    static final String IDENTIFIER = "1.2.840.113549.1.5.13";
    private static final String PBKDF2 = "1.2.840.113549.1.5.12";
    private static final String SCRYPT = "1.3.6.1.4.1.11591.4.11";
    /** Far above what any tool writes; a file must not keep the daemon busy for minutes. */
    private static final int ITERATIONS_MAX = 10_000_000;

    private Pbes2() {
    }

    /** Whether an {@code EncryptedPrivateKeyInfo} is in this scheme. */
    static boolean isSchemeOf(byte[] der) throws GeneralSecurityException {
        return algorithm(der).child(0, Der.OBJECT_IDENTIFIER).identifier().equals(IDENTIFIER);
    }

    private static Der algorithm(byte[] der) throws GeneralSecurityException {
        return new Der(Der.SEQUENCE, der).child(0, Der.SEQUENCE).child(0, Der.SEQUENCE);
    }

    static byte[] decrypt(byte[] der, String password) throws GeneralSecurityException {
        byte[] encrypted = new Der(Der.SEQUENCE, der).child(0, Der.SEQUENCE).child(1, Der.OCTETS).content();
        Der parameters = algorithm(der).child(1, Der.SEQUENCE);
        Der derivation = parameters.child(0, Der.SEQUENCE);
        Der encryption = parameters.child(1, Der.SEQUENCE);
        String derivationName = derivation.child(0, Der.OBJECT_IDENTIFIER).identifier();
        if (!derivationName.equals(PBKDF2)) {
            throw new GeneralSecurityException("the key's password is derived by "
                    + (derivationName.equals(SCRYPT) ? "scrypt" : derivationName) + ", which Java does not know");
        }
        String encryptionName = encryption.child(0, Der.OBJECT_IDENTIFIER).identifier();
        int keyBits = switch (encryptionName) {
            case "2.16.840.1.101.3.4.1.2" -> 128;
            case "2.16.840.1.101.3.4.1.22", "1.2.840.113549.3.7" -> 192;
            case "2.16.840.1.101.3.4.1.42" -> 256;
            default -> throw new GeneralSecurityException("unknown encryption of the key: " + encryptionName);
        };
        String kind = encryptionName.startsWith("2.16") ? "AES" : "DESede";
        byte[] key = derive(derivation.child(1, Der.SEQUENCE), password, keyBits);
        Cipher cipher = Cipher.getInstance(kind + "/CBC/PKCS5Padding");
        cipher.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, kind),
                new IvParameterSpec(encryption.child(1, Der.OCTETS).content()));
        return cipher.doFinal(encrypted);
    }

    /** {@code SEQUENCE { salt, iterations, length (optional), pseudo random function (optional) }}. */
    private static byte[] derive(Der parameters, String password, int keyBits) throws GeneralSecurityException {
        byte[] salt = parameters.child(0, Der.OCTETS).content();
        BigInteger iterations = new BigInteger(parameters.child(1, Der.INTEGER).content());
        if (iterations.signum() <= 0 || iterations.bitLength() > 31 || iterations.intValue() > ITERATIONS_MAX) {
            throw new GeneralSecurityException("the key asks for " + iterations + " iterations");
        }
        String digest = "SHA1";
        List<Der> all = parameters.children();
        if (all.getLast().tag() == Der.SEQUENCE) {
            String function = all.getLast().child(0, Der.OBJECT_IDENTIFIER).identifier();
            digest = switch (function) {
                case "1.2.840.113549.2.7" -> "SHA1";
                case "1.2.840.113549.2.8" -> "SHA224";
                case "1.2.840.113549.2.9" -> "SHA256";
                case "1.2.840.113549.2.10" -> "SHA384";
                case "1.2.840.113549.2.11" -> "SHA512";
                default -> throw new GeneralSecurityException("unknown function in the key: " + function);
            };
        }
        PBEKeySpec spec = new PBEKeySpec(password.toCharArray(), salt, iterations.intValue(), keyBits);
        return SecretKeyFactory.getInstance("PBKDF2WithHmac" + digest).generateSecret(spec).getEncoded();
    }
}
