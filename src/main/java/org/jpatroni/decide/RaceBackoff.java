package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.time.Duration;
import java.util.Optional;
import org.jpatroni.decide.Memory.Backoff;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresView.Replication;

/**
 * {@code primary_race_backoff}: how long a standby waits for the agent of a primary that still writes. It counts from the moment at which this
 * node first saw that nobody leads; a key that ends shortly after the last look must not begin the race, so the first {@code loop_wait} of
 * it passes whether WAL comes in or not, as long as the stream stands.
 */
final class RaceBackoff {

    private static final Duration FIRST_LOOK = Duration.ofMillis(50);

    private RaceBackoff() {
    }

    static Optional<Rule.Outcome> backOff(Situation s) {
        Duration limit = Duration.ofSeconds(s.facts().dynamic().primaryRaceBackoffSeconds());
        boolean requested = RaceRules.request(s).flatMap(FailoverRequest::candidate).isPresent();
        if (!RaceRules.applies(s) || limit.isZero() || s.paused() || s.standbyCluster() || requested
                || !s.streaming()) {
            return pass();
        }
        Backoff backoff = seen(s);
        Duration waited = s.since(backoff.sinceNanos().orElseThrow());
        Duration left = limit.minus(waited);
        Duration still = Duration.ofSeconds(s.facts().dynamic().loopWaitSeconds())
                .minus(s.since(backoff.movedAtNanos()));
        if (!left.isPositive() || !still.isPositive()) {
            return pass();
        }
        Duration rest = waited.compareTo(FIRST_LOOK) < 0 ? FIRST_LOOK : shortest(left, still, s.shortRest());
        return MemberRules.publishIfDue(s).or(() -> s.decide(new Decision.Rest(rest),
                s.memory().withBackoff(backoff),
                Reason.of(Sentence.BACK_OFF, s.self(), left.plusMillis(500).toSeconds())));
    }

    private static Backoff seen(Situation s) {
        Backoff before = s.memory().backoff();
        Lsn position = s.replication().map(Replication::walPosition).orElse(Lsn.ZERO);
        long now = s.facts().nowNanos();
        if (before.sinceNanos().isEmpty()) {
            return new Backoff(Optional.of(now), position, now);
        }
        return position.isAfter(before.position()) ? new Backoff(before.sinceNanos(), position, now) : before;
    }

    private static Duration shortest(Duration a, Duration b, Duration c) {
        Duration shorter = a.compareTo(b) < 0 ? a : b;
        return shorter.compareTo(c) < 0 ? shorter : c;
    }
}
