package org.jpatroni.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Lists mean here what they mean to OpenSSL, whose own answers are the expectation. */
class CipherListTest {

    private static final List<String> TLS13 = List.of("TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_AES_128_GCM_SHA256");

    static List<String> opensslAnswers() throws IOException {
        return Files.readAllLines(TestFiles.file("openssl-ciphers.txt")).stream()
                .filter(line -> !line.startsWith("#")).toList();
    }

    @ParameterizedTest
    @MethodSource("opensslAnswers")
    void asOpenssl(String line) throws Exception {
        String[] parts = line.split(" => ", -1);
        List<String> suites = CipherList.translate(parts[0], offered()).suites();
        assertThat(suites.subList(0, 3)).isEqualTo(TLS13);
        assertThat(suites.stream().skip(3).map(CipherListTest::opensslName)).containsExactly(parts[1].split(":", -1));
    }

    @Test
    void theTableCoversAllThatThisJdkOffers() throws Exception {
        List<String> named = CipherList.translate("ALL", offered()).suites();
        assertThat(offered()).filteredOn(name -> !name.equals("TLS_EMPTY_RENEGOTIATION_INFO_SCSV"))
                .containsExactlyInAnyOrderElementsOf(named);
    }

    @ParameterizedTest
    @ValueSource(strings = {"HIHG", "HIGH:!aNUL", "ECDHE-RSA-AES512-GCM-SHA384", "ECDHE+", "+", "!", "HIGH:@STRENGHT",
            "@SECLEVEL=9", "HIGH!aNULL", "TLS_FOO"})
    void anUnknownWordIsRefused(String list) {
        assertThatThrownBy(() -> CipherList.translate(list, offered())).isInstanceOf(IllegalArgumentException.class)
                .hasMessageMatching("unknown (cipher|command) .*");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "aNULL", "!ALL", "HIGH:!HIGH", "HIGH:!AES:!CHACHA20", "kRSA", "RC4",
            "DES-CBC3-SHA",
            "AES256-SHA:CAMELLIA128-SHA", "TLS_AES_128_GCM_SHA256:!TLS_AES_128_GCM_SHA256", "@STRENGTH"})
    void nothingLeftIsRefused(String list) {
        assertThatThrownBy(() -> CipherList.translate(list, offered())).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("no cipher suite that this Java offers is left");
    }

    @ParameterizedTest
    @ValueSource(strings = {"AES256-GCM-SHA384", "AES128-SHA", "DES-CBC3-SHA", "ECDHE-ECDSA-AES256-CCM8",
            "DHE-RSA-CAMELLIA256-SHA", "ADH-AES128-SHA", "PSK-AES128-CBC-SHA", "ECDHE-PSK-AES256-CBC-SHA384",
            "SRP-RSA-AES-256-CBC-SHA", "RC4-MD5", "ECDHE-ARIA128-GCM-SHA256", "TLS_AES_128_CCM_SHA256"})
    void whatTheJdkLacksIsLeftOutAndTold(String name) throws Exception {
        CipherList.Translation translation = CipherList.translate("ECDHE-RSA-AES128-GCM-SHA256:" + name, offered());
        assertThat(translation.unavailable()).containsExactly(name);
        assertThat(translation.suites()).contains("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    }

    @Test
    void suitesOfTls13AreAllOrThoseNamed() throws Exception {
        assertThat(CipherList.translate("TLS_AES_256_GCM_SHA384", offered()).suites())
                .containsExactly("TLS_AES_256_GCM_SHA384");
        assertThat(CipherList.translate("ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256", offered()).suites())
                .containsExactly("TLS_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
        assertThat(CipherList.translate("ECDHE-RSA-AES128-GCM-SHA256:!TLS_AES_128_GCM_SHA256", offered()).suites())
                .containsExactly("TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
                        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
        // Keywords mean the older suites only, as for OpenSSL.
        assertThat(CipherList.translate("ECDHE:!AES128", offered()).suites()).containsAll(TLS13);
    }

    @ParameterizedTest
    @CsvSource({"TLS_RSA_WITH_AES_256_GCM_SHA384,AES256-GCM-SHA384", "TLS_RSA_WITH_AES_128_CBC_SHA,AES128-SHA",
            "TLS_RSA_WITH_AES_256_CBC_SHA256,AES256-SHA256",
            "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256,DHE-RSA-CHACHA20-POLY1305"})
    void aJavaThatOffersMoreIsUnderstoodToo(String jdk, String openssl) {
        assertThat(opensslName(jdk)).isEqualTo(openssl);
        assertThat(CipherList.translate(openssl, List.of(jdk)).suites()).containsExactly(jdk);
    }

    @Test
    void rsaExchangeWhereItIsOffered() {
        List<String> jdk = List.of("TLS_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA");
        assertThat(CipherList.translate("kRSA", jdk).suites()).containsExactly("TLS_RSA_WITH_AES_256_GCM_SHA384");
        assertThat(CipherList.translate("HIGH", jdk).suites()).containsExactly("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
                "TLS_RSA_WITH_AES_256_GCM_SHA384");
        assertThat(CipherList.translate("HIGH:@SECLEVEL=3", jdk).suites())
                .containsExactly("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA");
        assertThat(CipherSuite.ofJdkName("TLS_KRB5_WITH_RC4_128_SHA")).isEmpty();
    }

    private static String opensslName(String jdkName) {
        return CipherSuite.ofJdkName(jdkName).map(CipherSuite::opensslName).orElse("none for " + jdkName);
    }

    private static List<String> offered() throws Exception {
        return Arrays.asList(SSLContext.getDefault().getSupportedSSLParameters().getCipherSuites());
    }
}
