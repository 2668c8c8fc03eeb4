package org.jpatroni.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Holds the promise that integration tests can start PostgreSQL, whoever started Maven. */
class UnprivilegedUserIT {

    @Test
    void commandsRunAsSomebodyElseThanRoot() throws IOException {
        Process process = new ProcessBuilder(UnprivilegedUser.command(List.of("id", "-u"))).redirectErrorStream(true)
                .start();
        String uid = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertThat(uid).containsOnlyDigits().isNotEqualTo("0");
    }

    @Test
    void theJvmOfIntegrationTestsIsNotRoot() throws IOException {
        assertThat(Files.getAttribute(Path.of("/proc/self"), "unix:uid")).isNotEqualTo(0);
    }

    @Test
    void foldersAreShortEnoughForUnixSockets() {
        Path folder = UnprivilegedUser.newFolder("it");
        try {
            assertThat(folder.resolve("data/socket/.s.PGSQL.55432").toString().length()).isLessThan(107);
        } finally {
            UnprivilegedUser.delete(folder);
        }
        assertThat(folder).doesNotExist();
    }
}
