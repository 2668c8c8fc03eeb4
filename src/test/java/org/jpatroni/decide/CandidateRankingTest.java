package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jpatroni.decide.CandidateRanking.Standing;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.model.Tags;
import org.junit.jupiter.api.Test;

/** Against a twin that is too simple to be wrong, on all constellations of three candidates with few values each. */
class CandidateRankingTest {

    private static final List<Standing> CANDIDATES = candidates();

    private static List<Standing> candidates() {
        List<Standing> all = new ArrayList<>();
        for (int timeline = 1; timeline <= 2; timeline++) {
            for (long position : new long[]{100, 200, 5_000_000}) {
                for (int priority = 0; priority <= 2; priority++) {
                    all.add(new Standing("", new Lsn(position), timeline, priority));
                }
            }
        }
        return all;
    }

    private static Standing named(String name, Standing standing) {
        return new Standing(name, standing.position(), standing.timeline(), standing.priority());
    }

    private static PeerAnswer answer(Standing standing) {
        return new PeerAnswer(standing.name(), true, true, Optional.of(standing.position()),
                OptionalInt.of(standing.timeline()), new Tags(Map.of("failover_priority", standing.priority())), false,
                0);
    }

    /** The naive twin: sort everybody who may lead by timeline, position, priority; equal ones do not beat each other. */
    private static Optional<String> twin(Standing me, List<Standing> peers) {
        List<Standing> better = new ArrayList<>();
        for (Standing peer : peers) {
            if (peer.priority() > 0 && compare(peer, me) > 0) {
                better.add(peer);
            }
        }
        better.sort((a, b) -> compare(a, b) != 0 ? -compare(a, b) : a.name().compareTo(b.name()));
        return better.isEmpty() ? Optional.empty() : Optional.of(better.getFirst().name());
    }

    private static int compare(Standing a, Standing b) {
        if (a.timeline() != b.timeline()) {
            return a.timeline() - b.timeline();
        }
        if (a.position().bytes() != b.position().bytes()) {
            return a.position().bytes() > b.position().bytes() ? 1 : -1;
        }
        return a.priority() - b.priority();
    }

    @Test
    void agreesWithTheTwin() {
        for (Standing a : CANDIDATES) {
            for (Standing b : CANDIDATES) {
                for (Standing c : CANDIDATES) {
                    List<Standing> peers = List.of(named("b", b), named("c", c));
                    Optional<String> chosen = CandidateRanking
                            .better(named("a", a), peers.stream().map(CandidateRankingTest::answer).toList())
                            .map(Standing::name);
                    assertThat(chosen).as("%s against %s", a, peers).isEqualTo(twin(named("a", a), peers));
                }
            }
        }
    }

    /** Who defers must not be deferred to: else nobody ever leads. */
    @Test
    void somebodyAmongThreeDoesNotDefer() {
        for (Standing a : CANDIDATES) {
            for (Standing b : CANDIDATES) {
                for (Standing c : CANDIDATES) {
                    List<Standing> all = List.of(named("a", a), named("b", b), named("c", c));
                    List<Standing> able = all.stream().filter(standing -> standing.priority() > 0).toList();
                    boolean somebody = able.stream().anyMatch(me -> CandidateRanking.better(me, all.stream()
                            .filter(other -> !other.name().equals(me.name())).map(CandidateRankingTest::answer)
                            .toList())
                            .isEmpty());
                    assertThat(somebody || able.isEmpty()).as(all.toString()).isTrue();
                }
            }
        }
    }

    @Test
    void whoDoesNotAnswerOrCannotLeadIsNotBetter() {
        Standing me = new Standing("a", new Lsn(100), 1, 1);
        PeerAnswer ahead = World.peer("b", 200);
        PeerAnswer noPosition = new PeerAnswer("b", true, true, Optional.empty(), OptionalInt.of(1), Tags.NONE, false,
                0);
        PeerAnswer watchdogFailed = new PeerAnswer("b", true, true, Optional.of(new Lsn(200)), OptionalInt.of(1),
                Tags.NONE, true, 0);
        assertThat(CandidateRanking.better(me, List.of(ahead))).isPresent();
        assertThat(CandidateRanking.better(me, List.of(PeerAnswer.unreachable("b"), noPosition, watchdogFailed,
                World.primaryPeer("b", 1), World.peer("b", 200, new Tags(Map.of("nofailover", true)))))).isEmpty();
        assertThat(CandidateRanking.better(me, Collections.emptyList())).isEmpty();
    }

    @Test
    void anUnknownTimelineLeavesThePositionToDecide() {
        Standing me = new Standing("a", new Lsn(100), 3, 1);
        PeerAnswer unknown = new PeerAnswer("b", true, true, Optional.of(new Lsn(200)), OptionalInt.empty(), Tags.NONE,
                false, 0);
        assertThat(CandidateRanking.better(me, List.of(unknown))).isPresent();
        assertThat(CandidateRanking.better(me, List.of(World.peer("b", 200)))).isEmpty();
    }
}
