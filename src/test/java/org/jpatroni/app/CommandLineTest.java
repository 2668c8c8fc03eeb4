package org.jpatroni.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.app.CommandLine.Exit;
import org.jpatroni.app.CommandLine.Run;
import org.jpatroni.config.ConfigLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandLineTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private CommandLine.Outcome parse(String... arguments) {
        return CommandLine.parse(arguments, Map.of(), new PrintWriter(out), new PrintWriter(err));
    }

    @Test
    void startsTheDaemon() {
        assertThat(parse("p.yml")).isEqualTo(new Run(Optional.of(Path.of("p.yml"))));
        assertThat(parse()).isEqualTo(new Run(Optional.empty()));
        assertThat(out.toString() + err).isEmpty();
    }

    @Test
    void versionAndHelp() {
        assertThat(parse("--version")).isEqualTo(new Exit(0));
        assertThat(out.toString()).startsWith("jpatroni ");
        assertThat(parse("--help")).isEqualTo(new Exit(0));
        assertThat(out.toString()).contains("--validate-config", "FILE", "Exit codes");
    }

    @Test
    void sampleConfigurationIsValid(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("sample.yml");
        assertThat(parse("--generate-sample-config", file.toString())).isEqualTo(new Exit(0));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
        ConfigLoader.Loaded loaded = ConfigLoader.load(Optional.of(file), Map.of());
        assertThat(loaded.warnings()).isEmpty();
        assertThat(Files.readString(file)).doesNotContain("@");
        String before = Files.readString(file);
        assertThat(parse("--generate-sample-config", file.toString())).isEqualTo(new Exit(2));
        assertThat(err.toString()).contains("exists already");
        assertThat(file).hasContent(before);
        assertThat(parse("--generate-sample-config")).isEqualTo(new Exit(0));
        assertThat(out.toString()).contains("scope: main").isNotEqualTo(before);
        assertThat(parse("--generate-sample-config", "--validate-config")).isEqualTo(new Exit(2));
    }

    @Test
    void wrongUsage() {
        assertThat(parse("--frobnicate")).isEqualTo(new Exit(2));
        assertThat(parse("a", "b")).isEqualTo(new Exit(2));
        assertThat(parse("-p", "a")).isEqualTo(new Exit(2));
        assertThat(err.toString()).contains("Unknown option: '--frobnicate'").doesNotContain("Exception");
    }

    @Test
    void validatesAndTellsEverythingAtOnce(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("p.yml"), "scope: a\nlgo: {}\nrestapi: {listen: x}\n");
        assertThat(parse("--validate-config", file.toString())).isEqualTo(new Exit(1));
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString().lines()).contains("error: name: is required",
                "error: restapi.listen: must be host:port with a port from 1 to 65535 (" + file + ":3)",
                "error: postgresql.data_dir: is required",
                "warning: lgo: is not known, did you mean log? (" + file + ":2)",
                "The configuration in " + file + " is not valid: 5 problems");
    }

    @Test
    void aValidFileIsPrintedWithoutSecrets(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("p.yml"),
                """
                        scope: a
                        name: n
                        restapi: {listen: '127.0.0.1:8008', connect_address: '127.0.0.1:8008'}
                        postgresql:
                          listen: 127.0.0.1:5432
                          connect_address: 127.0.0.1:5432
                          data_dir: %s/data
                          pgpass: %s/pgpass
                          authentication: {superuser: {username: s, password: geheim}, replication: {username: r, password: geheim}}
                        """
                        .formatted(folder, folder));
        assertThat(parse("--validate-config", "-i", "-p", file.toString())).isEqualTo(new Exit(0));
        assertThat(out.toString()).contains("scope: a", "password: '***'", "is valid").doesNotContain("geheim");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void theMachineIsLookedAtToo(@TempDir Path folder) throws IOException {
        Files.createDirectories(folder.resolve("data"));
        Files.writeString(folder.resolve("data/PG_VERSION"), "9.6\n");
        Path file = Files.writeString(folder.resolve("p.yml"), """
                scope: a
                name: n
                restapi: {listen: '127.0.0.1:8008', connect_address: '127.0.0.1:8008', certfile: /absent/cert}
                log: {dir: /absent}
                postgresql:
                  listen: 127.0.0.1:5432
                  connect_address: 127.0.0.1:5432
                  data_dir: %s/data
                  bin_dir: /absent
                  pgpass: %s
                  authentication: {superuser: {username: s}, replication: {username: r}}
                """.formatted(folder, folder));
        assertThat(parse("--validate-config", "-i", file.toString())).isEqualTo(new Exit(1));
        assertThat(err.toString().lines()).contains(
                "error: restapi.certfile: /absent/cert does not exist or cannot be read",
                "error: log.dir: /absent is no directory that can be written to",
                "error: postgresql.bin_dir: /absent/postgres is no program",
                "error: postgresql.pgpass: " + folder + " exists and is no file",
                "error: postgresql.data_dir: " + folder
                        + "/data is of PostgreSQL 9.6; 13 is the oldest that is supported");
    }

    @Test
    void certificatesAndCiphersAreTried(@TempDir Path folder) throws IOException {
        Path tls = Path.of("src/test/resources/tls").toAbsolutePath();
        Path file = Files.writeString(folder.resolve("p.yml"), """
                scope: a
                name: n
                restapi:
                  listen: 127.0.0.1:8008
                  connect_address: 127.0.0.1:8008
                  certfile: %s/server.crt
                  keyfile: %s/server.key
                  ciphers: FROBNICATE
                postgresql:
                  listen: 127.0.0.1:5432
                  connect_address: 127.0.0.1:5432
                  data_dir: %s/data
                  pgpass: %s/pgpass
                  authentication: {superuser: {username: s}, replication: {username: r}}
                """.formatted(tls, tls, folder, folder));
        assertThat(parse("--validate-config", "-i", file.toString())).isEqualTo(new Exit(1));
        assertThat(err.toString()).contains("error: restapi.ciphers");
    }
}
