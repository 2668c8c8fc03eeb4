package org.jpatroni.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Every seed that ever found something, twice each: clean, and the same both times. */
class CorpusTest {

    private static List<Long> corpus() throws IOException {
        try (InputStream file = Objects.requireNonNull(CorpusTest.class.getResourceAsStream("/sim/corpus.txt"))) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8).lines()
                    .map(line -> line.replaceFirst("#.*", "").strip()).filter(line -> !line.isEmpty())
                    .map(Long::parseLong).toList();
        }
    }

    @Test
    void seedsThatOnceFailedStayClean() throws IOException {
        List<Long> seeds = corpus();
        assertThat(seeds).isNotEmpty().doesNotHaveDuplicates();
        try (SimLogs logs = SimLogs.capture()) {
            assertThat(logs.isStarted()).isTrue();
            List<SeedRun> first = SeedRun.all(seeds.stream().mapToLong(seed -> seed), SimSetup::of, new Coverage());
            List<SeedRun> second = SeedRun.all(seeds.stream().mapToLong(seed -> seed), SimSetup::of, new Coverage());
            assertThat(first.stream().filter(run -> run.failure() != null).map(run -> run.report(40))
                    .collect(Collectors.joining("\n"))).isEmpty();
            assertThat(second.stream().map(SeedRun::hash).toList())
                    .isEqualTo(first.stream().map(SeedRun::hash).toList());
        }
    }
}
