package org.jpatroni.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Two runs of a seed agree, in one JVM and in two: the order of {@code Set.of} differs from JVM to JVM. */
class UnseedTest {

    private static final int SEEDS = 12;

    private static List<String> hashes(long from, int count) {
        try (SimLogs logs = SimLogs.capture()) {
            assertThat(logs.isStarted()).isTrue();
            return LongStream.range(from, from + count)
                    .mapToObj(seed -> Long.toHexString(SeedRun.of(seed, new Coverage()).hash())).toList();
        }
    }

    @Test
    void twoRunsOfASeedAgree() throws IOException, InterruptedException {
        List<String> here = hashes(100, SEEDS);
        assertThat(hashes(100, SEEDS)).isEqualTo(here);
        assertThat(here).doesNotHaveDuplicates();
        assertThat(hashesOfAnotherJvm(100, SEEDS)).isEqualTo(here);
    }

    private static List<String> hashesOfAnotherJvm(long from, int count) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElseThrow());
        command.addAll(List.of("--add-opens", "java.base/java.lang=ALL-UNNAMED", "-XX:+UseSerialGC", "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Simulate.class.getName(), "hashes", String.valueOf(from), String.valueOf(count)));
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        List<String> lines = new ArrayList<>();
        try (BufferedReader output = process.inputReader()) {
            output.lines().forEach(lines::add);
        }
        assertThat(process.waitFor()).isZero();
        return lines;
    }
}
