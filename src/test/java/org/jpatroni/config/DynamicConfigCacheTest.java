package org.jpatroni.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DynamicConfigCacheTest {

    @TempDir private Path directory;

    private DynamicConfigCache cache() throws IOException {
        Files.writeString(directory.resolve("PG_VERSION"), "15\n");
        return new DynamicConfigCache(directory);
    }

    @Test
    void textSurvivesAsItIs() throws IOException {
        DynamicConfigCache cache = cache();
        assertThat(cache.load()).isEmpty();
        assertThat(cache.save("{\"b\": 1.10, \"a\": null}")).isTrue();
        assertThat(cache.load()).contains("{\"b\": 1.10, \"a\": null}");
        assertThat(cache.save("{}")).isTrue();
        assertThat(cache.load()).contains("{}");
        try (var files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrder("PG_VERSION",
                    "patroni.dynamic.json");
        }
    }

    @Test
    void permissionsAreThoseOfTheDataDirectory() throws IOException {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        cache().save("{}");
        Path file = directory.resolve(DynamicConfigCache.FILE_NAME);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-x---"));
        cache().save("{\"ttl\": 30}");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-r-----");
    }

    @Test
    void anEmptyDataDirectoryStaysEmptyAndGarbageIsIgnored() throws IOException {
        assertThat(new DynamicConfigCache(directory).save("{}")).isFalse();
        assertThat(directory).isEmptyDirectory();
        assertThat(new DynamicConfigCache(directory.resolve("absent")).save("{}")).isFalse();
        for (String garbage : new String[]{"", "[]", "{\"a\":", "\u0000"}) {
            Files.writeString(directory.resolve(DynamicConfigCache.FILE_NAME), garbage);
            assertThat(cache().load()).isEmpty();
        }
    }
}
