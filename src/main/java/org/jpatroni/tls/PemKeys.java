package org.jpatroni.tls;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;
import org.jpatroni.config.Secret;

/**
 * Reads private keys in the forms that OpenSSL writes and libpq takes: PKCS#8 plain and encrypted, PKCS#1 ("RSA"), SEC1 ("EC"), the
 * latter two also with the old encryption of a {@code DEK-Info} header, and PKCS#8 in binary.
 */
public final class PemKeys {

    private static final Pattern BLOCK = Pattern.compile(
            "-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----\\s*(.*?)-----END \\1-----", Pattern.DOTALL);
    private static final Pattern OLD_ENCRYPTION = Pattern.compile("DEK-Info:\\s*([A-Za-z0-9-]+),([0-9A-Fa-f]+)");

    private static final byte[] VERSION_0 = {2, 1, 0};
    private static final byte[] RSA_ALGORITHM = HexFormat.of().parseHex("300d06092a864886f70d0101010500");
    private static final byte[] EC_KEY = HexFormat.of().parseHex("06072a8648ce3d0201");
    private static final int SEQUENCE = 0x30;
    private static final int OCTETS = 0x04;
    private static final int EC_PARAMETERS = 0xA0;
    private static final int SALT_BYTES = 8;

    private PemKeys() {
    }

    /**
     * @throws IOException when the file cannot be read
     * @throws GeneralSecurityException when it holds no key, or one that cannot be decrypted or is of an unknown kind; the message names
     *         the file
     */
    public static PrivateKey read(Path file, Optional<Secret> password) throws IOException, GeneralSecurityException {
        byte[] bytes = Files.readAllBytes(file);
        Matcher block = BLOCK.matcher(new String(bytes, StandardCharsets.ISO_8859_1));
        try {
            if (!block.find()) {
                return ofPkcs8(bytes);
            }
            return ofBlock(block.group(1), block.group(2), password);
        } catch (IOException | GeneralSecurityException | IllegalArgumentException
                | IndexOutOfBoundsException unusable) {
            throw new GeneralSecurityException("cannot use the private key in " + file + reason(unusable, password),
                    unusable);
        }
    }

    /** Our own words, which quote nothing; or that a password was there, which is then most likely the wrong one. */
    private static String reason(Exception unusable, Optional<Secret> password) {
        if (unusable.getClass() == GeneralSecurityException.class) {
            return ": " + unusable.getMessage();
        }
        return password.isEmpty() ? "" : " with the configured password";
    }

    private static PrivateKey ofBlock(String kind, String body, Optional<Secret> password)
            throws IOException, GeneralSecurityException {
        Matcher encryption = OLD_ENCRYPTION.matcher(body);
        byte[] der;
        if (encryption.find()) {
            String base64 = body.substring(encryption.end());
            der = decryptOld(encryption.group(1), HexFormat.of().parseHex(encryption.group(2)), decode(base64),
                    required(password));
        } else {
            der = decode(body);
        }
        return switch (kind) {
            case "PRIVATE KEY" -> ofPkcs8(der);
            case "ENCRYPTED PRIVATE KEY" -> ofPkcs8(decryptPkcs8(der, required(password)));
            case "RSA PRIVATE KEY" -> ofPkcs8(der(SEQUENCE, VERSION_0, RSA_ALGORITHM, der(OCTETS, der)));
            case "EC PRIVATE KEY" -> ofPkcs8(der(SEQUENCE, VERSION_0, der(SEQUENCE, EC_KEY, curveOf(der)),
                    der(OCTETS, der)));
            default -> throw new GeneralSecurityException("unknown kind of key: " + kind);
        };
    }

    private static String required(Optional<Secret> password) throws GeneralSecurityException {
        return password.orElseThrow(() -> new GeneralSecurityException("the key is encrypted and no password is set"))
                .reveal();
    }

    private static byte[] decode(String base64) {
        return Base64.getMimeDecoder().decode(base64.strip());
    }

    private static PrivateKey ofPkcs8(byte[] der) throws GeneralSecurityException {
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(der);
        for (String algorithm : List.of("RSA", "EC", "EdDSA", "RSASSA-PSS")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (InvalidKeySpecException another) {
                // The key says what it is, but the JDK wants to be told: try the next.
            }
        }
        throw new GeneralSecurityException("not a private key that the JDK knows");
    }

    private static byte[] decryptPkcs8(byte[] der, String password) throws IOException, GeneralSecurityException {
        if (Pbes2.isSchemeOf(der)) {
            return Pbes2.decrypt(der, password);
        }
        EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(der);
        String cipherName = info.getAlgName();
        SecretKey key = SecretKeyFactory.getInstance(cipherName).generateSecret(new PBEKeySpec(password.toCharArray()));
        Cipher cipher = Cipher.getInstance(cipherName);
        cipher.init(Cipher.DECRYPT_MODE, key, info.getAlgParameters());
        return cipher.doFinal(info.getEncryptedData());
    }

    private static byte[] decryptOld(String cipherName, byte[] iv, byte[] encrypted, String password)
            throws GeneralSecurityException {
        String upper = cipherName.toUpperCase(Locale.ROOT);
        Cipher cipher;
        SecretKeySpec key;
        if (upper.startsWith("AES-")) {
            int keyBytes = Integer.parseInt(upper.split("-", -1)[1]) / 8;
            key = new SecretKeySpec(oldKey(password, iv, keyBytes), "AES");
            cipher = Cipher.getInstance("AES/CBC/PKCS5Padding");
        } else if (upper.equals("DES-EDE3-CBC")) {
            key = new SecretKeySpec(oldKey(password, iv, 24), "DESede");
            cipher = Cipher.getInstance("DESede/CBC/PKCS5Padding");
        } else {
            throw new GeneralSecurityException("unknown encryption of the key: " + cipherName);
        }
        cipher.init(Cipher.DECRYPT_MODE, key, new IvParameterSpec(iv));
        return cipher.doFinal(encrypted);
    }

    /** OpenSSL's old derivation: MD5 over what came before, password and salt, until there are enough bytes. */
    private static byte[] oldKey(String password, byte[] iv, int keyBytes) throws GeneralSecurityException {
        MessageDigest md5 = MessageDigest.getInstance("MD5");
        byte[] key = new byte[0];
        byte[] previous = new byte[0];
        while (key.length < keyBytes) {
            md5.update(previous);
            md5.update(password.getBytes(StandardCharsets.UTF_8));
            md5.update(iv, 0, SALT_BYTES);
            previous = md5.digest();
            key = concatenate(key, previous);
        }
        return Arrays.copyOf(key, keyBytes);
    }

    /** The curve's identifier in a SEC1 key: {@code SEQUENCE { version, key, [0] curve, ... }}. */
    private static byte[] curveOf(byte[] sec1) throws GeneralSecurityException {
        int at = contentStart(sec1, 0);
        while (at < sec1.length) {
            int start = contentStart(sec1, at);
            int end = start + contentLength(sec1, at);
            if ((sec1[at] & 0xFF) == EC_PARAMETERS) {
                return Arrays.copyOfRange(sec1, start, end);
            }
            at = end;
        }
        throw new GeneralSecurityException("the key does not name its curve");
    }

    private static int contentStart(byte[] der, int at) {
        int length = der[at + 1] & 0xFF;
        return at + 2 + (length < 0x80 ? 0 : length - 0x80);
    }

    private static int contentLength(byte[] der, int at) {
        int first = der[at + 1] & 0xFF;
        if (first < 0x80) {
            return first;
        }
        int length = 0;
        for (int i = 0; i < first - 0x80; i++) {
            length = length << 8 | der[at + 2 + i] & 0xFF;
        }
        return length;
    }

    private static byte[] der(int tag, byte[]... parts) {
        byte[] content = concatenate(parts);
        int length = content.length;
        byte[] head;
        if (length < 0x80) {
            head = new byte[]{(byte) tag, (byte) length};
        } else if (length < 0x100) {
            head = new byte[]{(byte) tag, (byte) 0x81, (byte) length};
        } else {
            head = new byte[]{(byte) tag, (byte) 0x82, (byte) (length >> 8), (byte) length};
        }
        return concatenate(head, content);
    }

    private static byte[] concatenate(byte[]... parts) {
        int total = 0;
        for (byte[] part : parts) {
            total += part.length;
        }
        byte[] all = new byte[total];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }
}
