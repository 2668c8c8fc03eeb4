package org.jpatroni.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jpatroni.config.Secret;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every form in which OpenSSL writes a private key gives the same key. */
class PemKeysTest {

    private static final Optional<Secret> SECRET = Optional.of(new Secret("secret"));

    @TempDir Path folder;

    @ParameterizedTest
    @CsvSource({"rsa-pkcs1.pem", "rsa-pkcs1-aes128.pem", "rsa-pkcs1-aes256.pem", "rsa-pkcs1-des3.pem",
            "rsa-pkcs8-default.pem", "rsa-pkcs8-aes128-sha1.pem", "rsa-pkcs8-aes256-sha512.pem", "rsa-pkcs8-pbe1.pem",
            "rsa-pkcs8-des3.pem",
            "rsa-pkcs8.der", "server-both.pem"})
    void rsaInEveryForm(String name) throws Exception {
        PrivateKey expected = PemKeys.read(TestFiles.file("server.key"), Optional.empty());
        assertThat(PemKeys.read(TestFiles.file(name), SECRET)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ec-sec1.pem", "ec-sec1-aes256.pem", "ec-pkcs8-default.pem"})
    void ellipticInEveryForm(String name) throws Exception {
        ECPrivateKey expected = (ECPrivateKey) PemKeys.read(TestFiles.file("client.key"), Optional.empty());
        ECPrivateKey read = (ECPrivateKey) PemKeys.read(TestFiles.file(name), SECRET);
        assertThat(read.getS()).isEqualTo(expected.getS());
        assertThat(read.getParams().getCurve()).isEqualTo(expected.getParams().getCurve());
    }

    @Test
    void windowsLineEnds() throws Exception {
        PrivateKey expected = PemKeys.read(TestFiles.file("server.key"), Optional.empty());
        for (String name : new String[]{"rsa-pkcs1-aes256.pem", "server-both.pem"}) {
            Path file = Files.writeString(folder.resolve(name),
                    Files.readString(TestFiles.file(name)).replace("\n", "\r\n"));
            assertThat(PemKeys.read(file, SECRET)).isEqualTo(expected);
        }
    }

    @Test
    void passwordsMayHaveAnyLetter() throws Exception {
        PrivateKey expected = PemKeys.read(TestFiles.file("server.key"), Optional.empty());
        assertThat(PemKeys.read(TestFiles.file("rsa-pkcs8-umlaut.pem"), Optional.of(new Secret("pässwörd"))))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rsa-pkcs1-aes256.pem", "rsa-pkcs8-default.pem", "ec-sec1-aes256.pem"})
    void aWrongPasswordIsAClearRefusal(String name) {
        Path file = TestFiles.file(name);
        assertThatThrownBy(() -> PemKeys.read(file, Optional.of(new Secret("guess"))))
                .isInstanceOf(GeneralSecurityException.class).hasMessageContaining(name)
                .hasMessageNotContaining("guess");
        assertThatThrownBy(() -> PemKeys.read(file, Optional.empty())).isInstanceOf(GeneralSecurityException.class)
                .hasMessageContaining(name).hasStackTraceContaining("no password is set");
    }

    @Test
    void whatTheJdkCannotDoIsRefused() {
        assertThatThrownBy(() -> PemKeys.read(TestFiles.file("rsa-pkcs8-scrypt.pem"), SECRET))
                .isInstanceOf(GeneralSecurityException.class)
                .hasMessageContainingAll("rsa-pkcs8-scrypt.pem", "derived by scrypt");
        assertThatThrownBy(() -> PemKeys.read(TestFiles.file("ca.crt"), SECRET))
                .isInstanceOf(GeneralSecurityException.class).hasMessageContaining("ca.crt");
    }

    @Test
    void aDamagedKeyIsRefused() throws Exception {
        byte[] whole = Files.readAllBytes(TestFiles.file("rsa-pkcs8.der"));
        for (int length = 0; length < 80; length += 3) {
            Path cut = Files.write(folder.resolve("cut.der"), Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> PemKeys.read(cut, SECRET)).isInstanceOf(GeneralSecurityException.class);
        }
        String pem = Files.readString(TestFiles.file("rsa-pkcs8-default.pem"));
        List<String> lines = pem.lines().toList();
        for (int kept = 1; kept < 8; kept++) {
            Path cut = Files.writeString(folder.resolve("cut.pem"),
                    String.join("\n", lines.subList(0, kept)) + "\n" + lines.getLast() + "\n");
            assertThatThrownBy(() -> PemKeys.read(cut, SECRET)).isInstanceOf(GeneralSecurityException.class);
        }
    }

    @Test
    void aKeyBelongsToItsCertificate() {
        for (String name : new String[]{"server", "client", "edward", "ca"}) {
            assertThatCode(() -> PemIdentity.read(TestFiles.file(name + ".crt"), TestFiles.file(name + ".key"),
                    Optional.empty())).doesNotThrowAnyException();
            assertThatThrownBy(() -> PemIdentity.read(TestFiles.file(name + ".crt"), TestFiles.file("stranger.key"),
                    Optional.empty())).isInstanceOf(GeneralSecurityException.class)
                    .hasMessageContaining("stranger.key is not the key of");
        }
    }

    @Test
    void certificatesBesideOtherThings() throws Exception {
        assertThat(PemCertificates.read(TestFiles.file("server-both.pem")))
                .isEqualTo(PemCertificates.read(TestFiles.file("server.crt")));
        Path chain = Files.writeString(folder.resolve("chain.pem"),
                "Certificate:\n  Data: of a kind\n" + Files.readString(TestFiles.file("server.crt")) + "\n# authority\n"
                        + Files.readString(TestFiles.file("ca.crt")).replace("CERTIFICATE", "X509 CERTIFICATE"));
        assertThat(PemCertificates.read(chain)).hasSize(2);
        Path binary = Files.write(folder.resolve("ca.der"),
                PemCertificates.read(TestFiles.file("ca.crt")).getFirst().getEncoded());
        assertThat(PemCertificates.read(binary)).isEqualTo(PemCertificates.read(TestFiles.file("ca.crt")));
        assertThatThrownBy(() -> PemCertificates.read(TestFiles.file("server.key")))
                .hasMessageContaining("server.key holds no certificate");
    }
}
