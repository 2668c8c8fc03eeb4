package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jpatroni.decide.Reason.Sentence;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The sentences of the HA log: those that operators and tests search for are as Patroni writes them, and none is left over. */
class ReasonTest {

    private static final Path RULES = Path.of("src", "main", "java", "org", "jpatroni", "decide");
    private static String rules = "";

    @ParameterizedTest
    @EnumSource(Sentence.class)
    void everySentenceIsUsed(Sentence sentence) throws IOException {
        if (rules.isEmpty()) {
            try (Stream<Path> files = Files.list(RULES)) {
                rules = files.filter(file -> !file.endsWith("Reason.java")).map(ReasonTest::text)
                        .collect(Collectors.joining());
            }
        }
        assertThat(rules).contains("Sentence." + sentence.name());
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException unreadable) {
            throw new java.io.UncheckedIOException(unreadable);
        }
    }

    @Test
    void sentencesThatAreSearchedFor() {
        assertThat(Reason.of(Sentence.LEADER_NO_ACTION, "a").text())
                .isEqualTo("no action. I am (a), the leader with the lock");
        assertThat(Reason.of(Sentence.SECONDARY_NO_ACTION, "a", "b").text())
                .isEqualTo("no action. I am (a), a secondary, and following a leader (b)");
        assertThat(Reason.of(Sentence.NOT_ALLOWED).text())
                .isEqualTo("following a different leader because I am not allowed to promote");
        assertThat(Reason.of(Sentence.PEER_PRIORITY, "c", 2, 1).text())
                .isEqualTo("c has equally tolerable WAL position and priority 2, while this node has priority 1");
        assertThat(Reason.of(Sentence.PEER_AHEAD, "c").text())
                .isEqualTo("Wal position of c is ahead of my wal position");
        assertThat(Reason.of(Sentence.SYSTEM_ID_MISMATCH, "a", "1", "2").text())
                .isEqualTo("system ID mismatch, node a belongs to a different cluster: 1 != 2");
    }
}
