package org.jpatroni.tls;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A cipher suite of TLS 1.2 as OpenSSL sees it, read from the JDK's name.
 *
 * @param name the JDK's, which is the standard's
 * @param exchange {@code ECDHE}, {@code DHE} or {@code RSA}
 * @param authentication {@code RSA}, {@code ECDSA} or {@code DSS}
 * @param cipher {@code AES} or {@code CHACHA20}
 * @param bits strength
 * @param gcm of AES: GCM, or else CBC
 * @param mac {@code SHA1}, {@code SHA256} or {@code SHA384} for CBC; {@code AEAD} else
 */
record CipherSuite(String name, String exchange, String authentication, String cipher, int bits, boolean gcm,
        String mac) {

    private static final Pattern NAME = Pattern.compile(
            "TLS_(ECDHE|DHE|RSA)(?:_(RSA|ECDSA|DSS))?_WITH_(AES|CHACHA20)(?:_(128|256))?_(GCM|CBC|POLY1305)_(SHA\\d*)");

    /** OpenSSL's order of preference: kind of MAC, strength, cipher, exchange. */
    static final Comparator<CipherSuite> PREFERENCE = Comparator.comparingInt(CipherSuite::generation)
            .thenComparing(CipherSuite::bits, Comparator.reverseOrder())
            .thenComparing(CipherSuite::cipher)
            .thenComparingInt(CipherSuite::exchangeRank);

    /** Reads a name; empty for suites of TLS 1.3, for markers and for what OpenSSL has no name for. */
    static Optional<CipherSuite> ofJdkName(String name) {
        Matcher parts = NAME.matcher(name);
        if (!parts.matches() || parts.group(1).equals("RSA") == (parts.group(2) != null)) {
            return Optional.empty();
        }
        boolean chacha = parts.group(3).equals("CHACHA20");
        boolean gcm = parts.group(5).equals("GCM");
        String mac = gcm || chacha ? "AEAD" : parts.group(6).equals("SHA") ? "SHA1" : parts.group(6);
        int bits = parts.group(4) == null ? 256 : Integer.parseInt(parts.group(4));
        String authentication = parts.group(2) == null ? "RSA" : parts.group(2);
        return Optional.of(new CipherSuite(name, parts.group(1), authentication, parts.group(3), bits, gcm, mac));
    }

    /** As OpenSSL spells it: {@code ECDHE-RSA-AES256-GCM-SHA384}; an exchange with RSA is not written. */
    String opensslName() {
        String prefix = exchange.equals("RSA") ? "" : exchange + "-" + authentication + "-";
        if (cipher.equals("CHACHA20")) {
            return prefix + "CHACHA20-POLY1305";
        }
        String digest = gcm ? name.substring(name.lastIndexOf('_') + 1) : mac.equals("SHA1") ? "SHA" : mac;
        return prefix + cipher + bits + (gcm ? "-GCM-" : "-") + digest;
    }

    /**
     * Whether a keyword of OpenSSL's cipher lists means this suite.
     *
     * @return empty when it is no keyword
     */
    Optional<Boolean> matches(String keyword) {
        return switch (keyword) {
            case "ALL", "HIGH" -> Optional.of(true);
            case "DEFAULT" -> Optional.of(!authentication.equals("DSS"));
            case "COMPLEMENTOFDEFAULT" -> Optional.of(authentication.equals("DSS"));
            case "FIPS" -> Optional.of(cipher.equals("AES"));
            case "ECDHE", "EECDH", "kECDHE", "kEECDH", "ECDH" -> Optional.of(exchange.equals("ECDHE"));
            case "DHE", "EDH", "kDHE", "kEDH", "DH" -> Optional.of(exchange.equals("DHE"));
            case "kRSA", "RSA" -> Optional.of(exchange.equals("RSA"));
            case "aRSA" -> Optional.of(authentication.equals("RSA"));
            case "aECDSA", "ECDSA" -> Optional.of(authentication.equals("ECDSA"));
            case "aDSS", "DSS" -> Optional.of(authentication.equals("DSS"));
            case "AES" -> Optional.of(cipher.equals("AES"));
            case "AES128" -> Optional.of(cipher.equals("AES") && bits == 128);
            case "AES256" -> Optional.of(cipher.equals("AES") && bits == 256);
            case "AESGCM" -> Optional.of(gcm);
            case "CBC" -> Optional.of(cipher.equals("AES") && !gcm);
            case "CHACHA20" -> Optional.of(cipher.equals("CHACHA20"));
            case "SHA", "SHA1" -> Optional.of(mac.equals("SHA1"));
            case "SHA256", "SHA384" -> Optional.of(mac.equals(keyword));
            case "TLSv1.2" -> Optional.of(!mac.equals("SHA1"));
            case "TLSv1", "TLSv1.0" -> Optional.of(mac.equals("SHA1") && exchange.equals("ECDHE"));
            case "SSLv3" -> Optional.of(mac.equals("SHA1") && !exchange.equals("ECDHE"));
            default -> OTHER_KEYWORDS.contains(keyword) ? Optional.of(false) : Optional.empty();
        };
    }

    /** Keywords for what the JDK does not offer: they match nothing, and lists are full of them behind an exclamation mark. */
    private static final List<String> OTHER_KEYWORDS = List.of("COMPLEMENTOFALL", "aNULL",
            "eNULL", "NULL", "ADH", "AECDH", "LOW", "MEDIUM", "EXP", "EXPORT", "EXPORT40", "EXPORT56", "DES", "3DES",
            "RC2", "RC4", "IDEA", "SEED", "MD5", "PSK", "kPSK", "kRSAPSK", "kDHEPSK", "kECDHEPSK", "aPSK", "SRP",
            "kSRP", "aSRP", "KRB5", "kKRB5", "aKRB5", "CAMELLIA", "CAMELLIA128", "CAMELLIA256", "ARIA", "ARIA128",
            "ARIA256", "ARIAGCM", "AESCCM", "AESCCM8", "kGOST", "kGOST18", "aGOST", "aGOST01", "aGOST12", "GOST94",
            "GOST89MAC", "aDH", "kDH", "kDHr", "kDHd", "aECDH", "kECDH", "kECDHr", "kECDHe", "kFZA", "aFZA", "eFZA");

    private int generation() {
        return switch (mac) {
            case "AEAD" -> exchange.equals("RSA") ? 3 : 0;
            case "SHA1" -> exchange.equals("RSA") ? 5 : 2;
            default -> exchange.equals("RSA") ? 4 : 1;
        };
    }

    private int exchangeRank() {
        return switch (exchange + authentication) {
            case "ECDHEECDSA" -> 0;
            case "ECDHERSA" -> 1;
            case "DHEDSS" -> mac.equals("AEAD") ? 2 : 4;
            default -> 3;
        };
    }

    /** Whether it may be used at a security level of OpenSSL: strength, from level 3 on a fresh key per connection, from 4 on no SHA-1. */
    boolean fitsSecurityLevel(int level) {
        int atLeast = switch (level) {
            case 0 -> 0;
            case 1 -> 80;
            case 2 -> 112;
            case 3 -> 128;
            case 4 -> 192;
            default -> 256;
        };
        return bits >= atLeast && (level < 3 || !exchange.equals("RSA")) && (level < 4 || !mac.equals("SHA1"));
    }
}
