package org.jpatroni.decide;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jpatroni.decide.Reason.Sentence;

/**
 * All rules in order. {@link #decide} is total: the last rule always rests. Order is policy: whoever is asked to end comes before
 * everything, the lease before anything that could go wrong, the store's absence before whatever needs it.
 */
public final class HaRules {

    /** More steps than this in one cycle are a bug. */
    public static final int STEPS_MAX = 32;

    private static final Rule LAST = new Rule("rest.nothing-applies", "No other rule has anything to say.",
            "The catalogue is total.",
            s -> s.restShortly(Reason.of(Sentence.TOTAL)));

    /** The catalogue, in order of precedence. */
    public static final List<Rule> CATALOGUE = Stream.of(LeaseRules.RULES, ShutdownRules.RULES, OrderRules.RULES,
            FailsafeRules.RULES, StoreDownRules.RULES, WatchdogRules.RULES, BootstrapRules.RULES, ActionRules.RULES,
            RecoveryRules.RULES,
            PrimaryRules.RULES,
            SwitchoverRules.RULES,
            StandbyLeaderRules.RULES, LeaderRules.RULES, RaceRules.RULES, SyncRules.STANDBY, FollowerRules.RULES,
            List.of(LAST))
            .flatMap(List::stream).toList();

    private HaRules() {
    }

    /** The first rule that has something to say, and what it says. */
    public static Verdict decide(Facts facts, Memory memory) {
        Situation situation = new Situation(facts, SyncTracker.track(facts, settled(facts, memory)));
        for (Rule rule : CATALOGUE) {
            Optional<Rule.Outcome> outcome = rule.body().apply(situation);
            if (outcome.isPresent()) {
                return new Verdict(rule.id(), outcome.get().decision(), outcome.get().memory(),
                        outcome.get().reason());
            }
        }
        throw new IllegalStateException("the catalogue is not total");
    }

    /** What would become of an order if it were given now; empty: it would wait for other things. Nothing is changed. */
    public static Optional<Decision> preview(Situation s, Order order) {
        Situation asked = new Situation(s.facts().withOrders(new Order.Pending(Optional.of(order), Optional.empty())),
                s.memory());
        return OrderRules.RULES.stream().map(rule -> rule.body().apply(asked)).flatMap(Optional::stream)
                .map(Rule.Outcome::decision).findFirst();
    }

    /**
     * Whoever has started the server: it runs, so that nobody owes its start any more. And while somebody leads nobody waits for a race.
     */
    private static Memory settled(Facts facts, Memory memory) {
        boolean led = facts.cluster() instanceof Facts.ClusterView.Seen seen && !seen.snapshot().isUnlocked();
        Memory waited = led ? memory.withBackoff(Memory.Backoff.NOTHING) : memory;
        return facts.postgres().replication().isPresent() ? waited.withOwesStart(false) : waited;
    }

    /** A rest after a failed step: the loop looks again soon. */
    public static Duration restAfterFailure() {
        return Situation.SHORT_REST;
    }
}
