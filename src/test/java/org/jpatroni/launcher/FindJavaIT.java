package org.jpatroni.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bin/find-java} with made-up JDK folders: which one it takes, and that it never starts one to find out. */
class FindJavaIT {

    @TempDir Path folder;

    @Test
    void javaHomeIsTakenWhenItIsNewEnough() throws Exception {
        Path home = jdk("wanted", "JAVA_VERSION=\"25.0.1\"\n");
        assertThat(findJava(home)).isEqualTo(home.resolve("bin/java").toString());
    }

    @Test
    void newerReleasesAndEarlyAccessFitToo() throws Exception {
        Path home = jdk("newer", "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"26-ea\"\n");
        assertThat(findJava(home)).isEqualTo(home.resolve("bin/java").toString());
    }

    @Test
    void anOldJavaHomeIsPassedOver() throws Exception {
        Path home = jdk("old", "JAVA_VERSION=\"1.8.0_402\"\n");
        assertThat(findJava(home)).isNotEqualTo(home.resolve("bin/java").toString()).endsWith("/bin/java");
    }

    @Test
    void aFolderWithoutReleaseFileIsNotAJdkAndIsNotStarted() throws Exception {
        Path home = jdk("wrapper", null);
        assertThat(findJava(home)).isNotEqualTo(home.resolve("bin/java").toString());
        assertThat(folder.resolve("started")).doesNotExist();
    }

    private Path jdk(String name, @org.jspecify.annotations.Nullable String release) throws IOException {
        Path home = Files.createDirectories(folder.resolve(name));
        Path java = Files.createDirectories(home.resolve("bin")).resolve("java");
        Files.writeString(java, "#!/bin/sh\ntouch '" + folder.resolve("started") + "'\n");
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
        if (release != null) {
            Files.writeString(home.resolve("release"), release);
        }
        return home;
    }

    private static String findJava(Path javaHome) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder("bin/find-java").redirectErrorStream(true);
        builder.environment().put("JAVA_HOME", javaHome.toString());
        Process process = builder.start();
        String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        process.waitFor();
        return answer;
    }
}
