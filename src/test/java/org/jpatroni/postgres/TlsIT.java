package org.jpatroni.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jpatroni.postgres.TestServer.LIMIT;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.config.PostgresConfig.Authentication;
import org.jpatroni.config.Secret;
import org.jpatroni.testing.UnprivilegedUser;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** TLS and client certificates towards a server that demands both, with keys in every form that OpenSSL writes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TlsIT {

    private static final String KEY_PASSWORD = "p w:'x";

    private final Path folder = UnprivilegedUser.newFolder("tls");
    private final TestServer server = server();
    private int serial = 1;

    private TestServer server() {
        try {
            int port = TestServer.freePort();
            Path data = folder.resolve("data");
            Map<String, String> parameters = TestServer.parameters(folder, "ssl", "on", "ssl_ca_file", at("ca.crt"),
                    "ssl_cert_file", at("server.crt"), "ssl_key_file", at("server.key"));
            List<String> hba = List.of("local all all trust",
                    "hostssl all scram_user 127.0.0.1/32 scram-sha-256 clientcert=verify-ca",
                    "hostssl all all 127.0.0.1/32 trust clientcert=verify-ca",
                    "hostnossl all plain 127.0.0.1/32 trust");
            return new TestServer(TestServer.debianBinaries(), data, port, Configurations.config(data, port, true),
                    Configurations.settings(parameters, hba, Map.of()), "node0", 15);
        } catch (IOException noPort) {
            throw new java.io.UncheckedIOException(noPort);
        }
    }

    private String at(String name) {
        return folder.resolve(name).toString();
    }

    private void openssl(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(Arrays.asList(arguments));
        TestServer.run(command);
    }

    @BeforeAll
    void start() throws Exception {
        for (String ca : List.of("ca", "other")) {
            openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", at(ca + ".key"), "-out",
                    at(ca + ".crt"),
                    "-subj", "/CN=" + ca, "-days", "30");
        }
        Files.writeString(folder.resolve("san"), "subjectAltName=DNS:db.example");
        issue("server", "rsa:2048", "/CN=db.example", "-extfile", at("san"));
        issue("rsa", "rsa:2048", "/CN=postgres");
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", at("sec1.key"));
        certify("sec1", "/CN=postgres");
        keyForms();
        revoke();
        try (var files = Files.list(folder)) {
            for (Path key : files.filter(file -> file.toString().endsWith(".key")).toList()) {
                Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
            }
        }
        UnprivilegedUser.own(folder);
        server.initdb();
        server.start(Optional.empty(), Map.of());
        SqlSession session = server.session("setup");
        session.execute(LIMIT, "CREATE ROLE plain LOGIN");
        new BootstrapSql(session, LIMIT).createOrUpdateRole("scram_user", Optional.of(new Secret("scram'pass")),
                List.of());
    }

    private void issue(String name, String kind, String subject, String... more) throws Exception {
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:" + kind.split(":", 2)[1], "-out",
                at(name + ".key"));
        certify(name, subject, more);
    }

    private void certify(String name, String subject, String... more) throws Exception {
        openssl("req", "-new", "-key", at(name + ".key"), "-out", at(name + ".csr"), "-subj", subject);
        List<String> sign = new ArrayList<>(List.of("x509", "-req", "-in", at(name + ".csr"), "-CA", at("ca.crt"),
                "-CAkey", at("ca.key"), "-set_serial", Integer.toString(serial++), "-days", "30", "-out",
                at(name + ".crt")));
        sign.addAll(Arrays.asList(more));
        openssl(sign.toArray(String[]::new));
    }

    private void keyForms() throws Exception {
        String password = "pass:" + KEY_PASSWORD;
        openssl("rsa", "-in", at("rsa.key"), "-traditional", "-out", at("pkcs1.key"));
        openssl("rsa", "-in", at("rsa.key"), "-traditional", "-aes256", "-passout", password, "-out",
                at("old-aes.key"));
        openssl("rsa", "-in", at("rsa.key"), "-traditional", "-des3", "-passout", password, "-out", at("old-des.key"));
        openssl("pkcs8", "-topk8", "-in", at("rsa.key"), "-passout", password, "-out", at("encrypted.key"));
        openssl("pkcs8", "-topk8", "-nocrypt", "-in", at("rsa.key"), "-outform", "DER", "-out", at("binary.key"));
        openssl("pkcs12", "-export", "-inkey", at("rsa.key"), "-in", at("rsa.crt"), "-passout", password, "-out",
                at("store.p12"));
        openssl("ec", "-in", at("sec1.key"), "-aes128", "-passout", password, "-out", at("old-ec.key"));
        openssl("pkcs8", "-topk8", "-nocrypt", "-in", at("sec1.key"), "-out", at("ec.key"));
    }

    private void revoke() throws Exception {
        Files.writeString(folder.resolve("index.txt"), "");
        Files.writeString(folder.resolve("crlnumber"), "01\n");
        Files.writeString(folder.resolve("ca.cnf"), """
                [ca]
                default_ca = d
                [d]
                database = %s/index.txt
                crlnumber = %s/crlnumber
                default_md = sha256
                default_crl_days = 30
                """.formatted(folder, folder));
        List<String> base = List.of("ca", "-config", at("ca.cnf"), "-cert", at("ca.crt"), "-keyfile", at("ca.key"));
        openssl(with(base, "-gencrl", "-out", at("nothing.crl")));
        openssl(with(base, "-revoke", at("server.crt")));
        openssl(with(base, "-gencrl", "-out", at("server.crl")));
    }

    private static String[] with(List<String> base, String... more) {
        List<String> all = new ArrayList<>(base);
        all.addAll(Arrays.asList(more));
        return all.toArray(String[]::new);
    }

    @AfterAll
    void stop() throws Exception {
        server.close();
        UnprivilegedUser.delete(folder);
    }

    private SqlSession session(String user, Optional<Secret> password, String host, Map<String, String> options) {
        return server.session(SqlTarget.tcp(host, Integer.toString(server.port), "postgres",
                new Authentication(user, password, options)));
    }

    /** {@code sslmode} and files by their names in the folder. */
    private Map<String, String> options(String sslmode, String... pairs) {
        Map<String, String> options = new LinkedHashMap<>(Map.of("sslmode", sslmode));
        for (int i = 0; i < pairs.length; i += 2) {
            options.put(pairs[i],
                    List.of("sslpassword", "channel_binding").contains(pairs[i]) ? pairs[i + 1] : at(pairs[i + 1]));
        }
        return options;
    }

    private static String tlsVersion(SqlSession session) throws SQLException {
        return session.queryOne("SELECT coalesce(max(version), 'none') FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
                LIMIT, row -> row.getString(1));
    }

    @ParameterizedTest
    @CsvSource({
            "rsa.crt, rsa.key, false", "rsa.crt, pkcs1.key, false", "rsa.crt, old-aes.key, true",
            "rsa.crt, old-des.key, true", "rsa.crt, encrypted.key, true", "rsa.crt, binary.key, false",
            "rsa.crt, store.p12, true", "sec1.crt, sec1.key, false", "sec1.crt, old-ec.key, true",
            "sec1.crt, ec.key, false"})
    void keysOfEveryForm(String certificate, String key, boolean encrypted) throws SQLException {
        Map<String, String> options = options("verify-ca", "sslrootcert", "ca.crt", "sslcert", certificate, "sslkey",
                key);
        if (encrypted) {
            options.put("sslpassword", KEY_PASSWORD);
        }
        assertThat(tlsVersion(session("postgres", Optional.empty(), "127.0.0.1", options))).startsWith("TLS");
        if (encrypted) {
            options.put("sslpassword", "wrong-one");
            assertThatThrownBy(() -> tlsVersion(session("postgres", Optional.empty(), "127.0.0.1", options)))
                    .isInstanceOf(SQLException.class).rootCause().message().doesNotContain("wrong-one");
        }
    }

    @ParameterizedTest
    @CsvSource({
            // mode, root, list of revoked, works
            "verify-ca, ca.crt, , true",
            "verify-ca, other.crt, , false",
            "require, ca.crt, , true",
            "require, other.crt, , false",
            "require, , , true",
            "prefer, other.crt, , true",
            "verify-full, ca.crt, , false",
            "verify-ca, ca.crt, nothing.crl, true",
            "verify-ca, ca.crt, server.crl, false"})
    void theServersCertificate(String mode, String root, String revoked, boolean works) throws SQLException {
        Map<String, String> options = options(mode, "sslcert", "rsa.crt", "sslkey", "rsa.key");
        if (root != null) {
            options.put("sslrootcert", at(root));
        }
        if (revoked != null) {
            options.put("sslcrl", at(revoked));
        }
        SqlSession session = session("postgres", Optional.empty(), "127.0.0.1", options);
        if (works) {
            assertThat(tlsVersion(session)).startsWith("TLS");
        } else {
            assertThatThrownBy(() -> tlsVersion(session)).isInstanceOf(SQLException.class);
        }
    }

    @Test
    void withoutAClientCertificateTheServerRefuses() {
        SqlSession session = session("postgres", Optional.empty(), "127.0.0.1", options("require"));
        assertThatThrownBy(() -> tlsVersion(session)).isInstanceOf(SQLException.class);
    }

    @Test
    void preferFallsBackToPlainText() throws SQLException {
        assertThat(tlsVersion(session("plain", Optional.empty(), "127.0.0.1", options("prefer")))).isEqualTo("none");
        assertThat(tlsVersion(session("plain", Optional.empty(), "127.0.0.1", options("disable")))).isEqualTo("none");
    }

    @Test
    void passwordsWithChannelBinding() throws SQLException {
        Map<String, String> options = options("require", "sslcert", "rsa.crt", "sslkey", "rsa.key", "channel_binding",
                "require");
        assertThat(tlsVersion(session("scram_user", Optional.of(new Secret("scram'pass")), "127.0.0.1", options)))
                .startsWith("TLS");
        assertThatThrownBy(() -> tlsVersion(session("scram_user", Optional.of(new Secret("no")), "127.0.0.1", options)))
                .isInstanceOf(SQLException.class).hasMessageNotContaining("scram'pass");
    }

    @Test
    void aMissingFileIsNamed() {
        Map<String, String> options = options("verify-ca", "sslrootcert", "nowhere.crt", "sslcert", "rsa.crt", "sslkey",
                "rsa.key");
        assertThatThrownBy(() -> tlsVersion(session("postgres", Optional.empty(), "127.0.0.1", options)))
                .isInstanceOf(SQLException.class).rootCause().message().contains("nowhere.crt");
    }
}
