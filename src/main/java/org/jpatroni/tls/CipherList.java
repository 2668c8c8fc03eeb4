package org.jpatroni.tls;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * OpenSSL's notation for cipher lists ({@code ECDHE+AESGCM:!aNULL:@STRENGTH}), translated to the names of suites that the JDK offers. The
 * rules are those of OpenSSL's page ciphers(1). As there, the suites of TLS 1.3 do not depend on the list, unless it names some of them: then
 * those only.
 */
public final class CipherList {

    private static final Pattern SEPARATOR = Pattern.compile("[:,; ]+");
    private static final List<String> TLS13 = List.of("TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_AES_128_GCM_SHA256", "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256");

    /** Names that OpenSSL has for suites that the JDK does not offer. */
    private static final Pattern UNAVAILABLE = Pattern.compile(
            "((ECDHE|DHE|EDH|ECDH|DH)-(RSA|ECDSA|DSS)-|ADH-|AECDH-|((ECDHE|DHE|RSA)-)?PSK-|SRP-((RSA|DSS)-)?|ECDHE-)?"
                    + "(AES-?(128|256)|CAMELLIA(128|256)|ARIA(128|256)|CHACHA20|DES-CBC3|3DES-EDE|DES-CBC|RC4|SEED|IDEA-CBC|NULL)"
                    + "-((GCM|CBC)-)?(CCM8?|POLY1305|SHA|SHA256|SHA384|MD5)");

    private final List<CipherSuite> offered;
    private final List<String> offeredTls13;
    private final Set<CipherSuite> active = new LinkedHashSet<>();
    private final Set<CipherSuite> killed = new LinkedHashSet<>();
    private final Set<String> named13 = new LinkedHashSet<>();
    private final Set<String> removed13 = new LinkedHashSet<>();
    private final List<String> unavailable = new ArrayList<>();
    private int securityLevel;

    private CipherList(List<String> jdkNames) {
        this.offered = jdkNames.stream().map(CipherSuite::ofJdkName).flatMap(Optional::stream)
                .sorted(CipherSuite.PREFERENCE).toList();
        this.offeredTls13 = TLS13.stream().filter(jdkNames::contains).toList();
    }

    /**
     * What a list comes to.
     *
     * @param suites names for the JDK, most wanted first
     * @param unavailable what the list names and OpenSSL knows, but the JDK does not offer
     */
    public record Translation(List<String> suites, List<String> unavailable) {
    }

    /**
     * Translates a list.
     *
     * @param list in OpenSSL's notation
     * @param jdkNames what the JDK offers
     * @throws IllegalArgumentException when a word is unknown or nothing is left; the message says which
     */
    public static Translation translate(String list, List<String> jdkNames) {
        CipherList state = new CipherList(jdkNames);
        for (String word : SEPARATOR.split(list.strip(), -1)) {
            if (!word.isEmpty()) {
                state.apply(word);
            }
        }
        return state.result();
    }

    private void apply(String word) {
        char first = word.charAt(0);
        switch (first) {
            case '@' -> command(word);
            case '!', '-', '+' -> change(first, word.substring(1));
            default -> change(' ', word);
        }
    }

    private void command(String word) {
        if (word.equals("@STRENGTH")) {
            List<CipherSuite> sorted = new ArrayList<>(active);
            sorted.sort(Comparator.comparing(CipherSuite::bits, Comparator.reverseOrder()));
            active.clear();
            active.addAll(sorted);
        } else if (word.matches("@SECLEVEL=[0-5]")) {
            securityLevel = word.charAt(word.length() - 1) - '0';
        } else {
            throw new IllegalArgumentException("unknown command " + word);
        }
    }

    private void change(char sign, String what) {
        if (TLS13.contains(what)) {
            changeTls13(sign, what);
            return;
        }
        List<CipherSuite> meant = meant(what);
        switch (sign) {
            case '!' -> {
                killed.addAll(meant);
                meant.forEach(active::remove);
            }
            case '-' -> meant.forEach(active::remove);
            case '+' -> {
                // In the order in which they stand, to the end.
                List<CipherSuite> moved = active.stream().filter(meant::contains).toList();
                moved.forEach(active::remove);
                active.addAll(moved);
            }
            default -> meant.stream().filter(suite -> !killed.contains(suite)).forEach(active::add);
        }
    }

    private void changeTls13(char sign, String name) {
        switch (sign) {
            case '!' -> removed13.add(name);
            case '-' -> named13.remove(name);
            case '+' -> {
                // Their order is the JDK's.
            }
            default -> {
                named13.add(name);
                if (!offeredTls13.contains(name)) {
                    unavailable.add(name);
                }
            }
        }
    }

    /** The suites that a name, a keyword, or keywords joined by a plus sign mean, in the order of preference. */
    private List<CipherSuite> meant(String what) {
        List<CipherSuite> byName = offered.stream()
                .filter(suite -> suite.opensslName().equals(what) || suite.name().equals(what)).toList();
        if (!byName.isEmpty()) {
            return byName;
        }
        List<CipherSuite> matching = offered;
        for (String keyword : Arrays.asList(what.split("\\+", -1))) {
            if (!isKeyword(keyword)) {
                if (UNAVAILABLE.matcher(what).matches()) {
                    unavailable.add(what);
                    return List.of();
                }
                throw new IllegalArgumentException("unknown cipher " + (what.isEmpty() ? "(empty word)" : what));
            }
            matching = matching.stream().filter(suite -> suite.matches(keyword).orElse(false)).toList();
        }
        return matching;
    }

    private static boolean isKeyword(String word) {
        return CipherSuite.ofJdkName("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384")
                .flatMap(any -> any.matches(word)).isPresent();
    }

    private Translation result() {
        List<String> names = new ArrayList<>(offeredTls13);
        if (!named13.isEmpty()) {
            names.retainAll(named13);
        }
        names.removeAll(removed13);
        List<String> older = active.stream().filter(suite -> suite.fitsSecurityLevel(securityLevel))
                .map(CipherSuite::name).toList();
        if (older.isEmpty() && (named13.isEmpty() || names.isEmpty())) {
            throw new IllegalArgumentException("no cipher suite that this Java offers is left"
                    + (unavailable.isEmpty() ? "" : "; it does not offer " + String.join(", ", unavailable)));
        }
        names.addAll(older);
        return new Translation(List.copyOf(names), List.copyOf(unavailable));
    }
}
