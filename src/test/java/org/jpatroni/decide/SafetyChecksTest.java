package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.decide.SafetyChecks.Check;
import org.jpatroni.model.FailsafePing;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.Upstream;
import org.junit.jupiter.api.Test;

/** A check that finds nothing proves nothing: rules that always decide the same, whatever the facts, must break every one of them. */
class SafetyChecksTest {

    private static final int SAMPLES = 20_000;

    private static List<Decision> wrong() {
        Upstream b = new Upstream.OfMember(World.member("b", "primary"), Optional.empty());
        List<Action> actions = List.of(new Action.Bootstrap(), new Action.CloneFrom(Optional.of(b)),
                new Action.Start(PostgresRole.PRIMARY, Optional.empty(), 300), new Action.Promote(),
                new Action.Demote(Action.Demote.Mode.OFFLINE), new Action.Rewind(b), new Action.DiscardData(),
                new Action.Restart(99, PostgresRole.REPLICA, Optional.empty(), false, 60), new Action.Shutdown(true));
        List<Decision> decisions = new ArrayList<>(List.of(new Decision.Rest(Duration.ofSeconds(10)),
                new Decision.Rest(Duration.ofSeconds(11)), new Decision.AcquireLease(),
                new Decision.RenewLease(Optional.empty()), new Decision.ReleaseLease(Optional.of(new Lsn(1))),
                new Decision.ClearFailover(7), new Decision.CancelAction(), new Decision.Halt(1),
                new Decision.AnnounceRole(PostgresRole.DEMOTED),
                new Decision.WriteFailsafe(new TreeMap<>()), new Decision.AskFailsafe(new TreeMap<>(),
                        new FailsafePing("a", "", "", Optional.empty(), 30), Duration.ofSeconds(2))));
        actions.forEach(action -> decisions.add(new Decision.Begin(action)));
        return decisions;
    }

    @Test
    void everyCheckFindsWhatItIsMadeFor() {
        List<Check> quiet = new ArrayList<>(SafetyChecks.CHECKS);
        List<Decision> decisions = wrong();
        for (long number = 0; number < SAMPLES && !quiet.isEmpty(); number++) {
            World world = FactSpace.sample(number).world();
            Facts facts = world.facts();
            for (Decision decision : decisions) {
                Verdict verdict = new Verdict("wrong", decision, world.memory(), Reason.of(Sentence.TOTAL, "too much"));
                Case judged = new Case(facts, world.memory(), verdict);
                quiet.removeIf(check -> !check.holds().test(judged));
            }
        }
        assertThat(quiet.stream().map(Check::name)).containsExactly("never: a reason that cannot be rendered");
    }
}
