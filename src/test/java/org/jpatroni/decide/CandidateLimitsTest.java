package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.jpatroni.decide.CandidateLimits.Limit;
import org.jpatroni.decide.CandidateLimits.Standard;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.model.SyncState;
import org.jpatroni.model.Tags;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Who can take over on request, and if not, why. */
class CandidateLimitsTest {

    private static final SyncState SYNC = new SyncState(Optional.of("a"), List.of("B"), 0, 1);

    private static Stream<Arguments> rows() {
        return Stream.of(
                row("in step", World.peer("b", 1000), standard(1000), ""),
                row("behind by as much as is allowed", World.peer("b", 1000), standard(1100), ""),
                row("behind by more", World.peer("b", 1000), standard(1101), "candidate.lagging {lag=101, limit=100}"),
                row("position of the leader not known", World.peer("b", 5), standard(0), ""),
                row("own position not known",
                        new PeerAnswer("b", true, true, Optional.empty(), OptionalInt.of(1), Tags.NONE, false, 0),
                        standard(1000), "candidate.position-unknown {}"),
                row("silent", PeerAnswer.unreachable("b"), standard(1000), "candidate.unreachable {}"),
                row("a primary", World.primaryPeer("b", 1), standard(1000), "candidate.not-in-recovery {}"),
                row("must not lead", World.peer("b", 1000, new Tags(Map.of("nofailover", true))), standard(1000),
                        "candidate.nofailover {failover_priority=0}"),
                row("no watchdog",
                        new PeerAnswer("b", true, true, Optional.of(new Lsn(1000)), OptionalInt.of(1), Tags.NONE, true,
                                0),
                        standard(1000), "candidate.watchdog-failed {}"),
                row("another timeline",
                        new PeerAnswer("b", true, true, Optional.of(new Lsn(1000)), OptionalInt.of(2), Tags.NONE, false,
                                0),
                        standard(1000), "candidate.wrong-timeline {leader_timeline=1, timeline=2}"),
                row("listed, in another case", World.peer("b", 1000), synchronous(), ""),
                row("not listed", World.peer("c", 1000), synchronous(), "candidate.not-synchronous {sync_standby=B}"));
    }

    private static Standard standard(long position) {
        return new Standard(new Lsn(position), OptionalInt.of(1), 100, Optional.empty());
    }

    private static Standard synchronous() {
        return new Standard(new Lsn(1000), OptionalInt.of(1), 100, Optional.of(SYNC));
    }

    private static Arguments row(String situation, PeerAnswer answer, Standard standard, String expected) {
        return Arguments.of(situation, answer, standard, expected);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void limitOf(String situation, PeerAnswer answer, Standard standard, String expected) {
        Optional<Limit> limit = CandidateLimits.of(answer, standard);
        assertThat(limit.map(found -> found.rule() + " " + found.measured()).orElse("")).as(situation)
                .isEqualTo(expected);
        limit.ifPresent(found -> assertThat(found.reason()).isNotBlank());
    }
}
