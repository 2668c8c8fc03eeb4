package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jpatroni.decide.SafetyChecks.Check;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Small-scope enumeration: every invariant of {@link SafetyChecks} is checked on each point of {@link FactSpace} that is visited. More points:
 * {@code -Dfacts.samples=5000000}.
 */
class FactSpaceTest {

    private static final long SAMPLES = Long.getLong("facts.samples", 800_000);
    private static final int EXAMPLES = 3;

    /** Rules that no point reaches, each with the reason why it stays. */
    private static final Map<String, String> NEVER_FIRES = Map.of("rest.nothing-applies",
            "makes the catalogue total by construction; a rule of its own answers whatever can be observed");

    /** Sentences that no point says, each with the reason. */
    private static final Map<Reason.Sentence, String> NEVER_SAID = Map.of(Reason.Sentence.TOTAL,
            "of the rule that never fires");

    private static final Map<String, LongAdder> FIRED = new ConcurrentHashMap<>();
    private static final Map<Reason.Sentence, LongAdder> SENTENCES = new ConcurrentHashMap<>();
    private static final Map<String, ConcurrentLinkedQueue<String>> BROKEN = new ConcurrentHashMap<>();
    private static final ConcurrentLinkedQueue<String> FAILED = new ConcurrentLinkedQueue<>();

    @BeforeAll
    static void walk() {
        LongStream.range(0, SAMPLES).parallel().forEach(FactSpaceTest::visit);
    }

    private static void visit(long number) {
        FactSpace.Point point = FactSpace.sample(number);
        Case visited;
        try {
            visited = Case.of(point.world());
        } catch (RuntimeException failure) {
            keep(FAILED, failure + " " + point.description());
            return;
        }
        FIRED.computeIfAbsent(visited.verdict().ruleId(), id -> new LongAdder()).increment();
        SENTENCES.computeIfAbsent(visited.verdict().reason().sentence(), sentence -> new LongAdder()).increment();
        for (Check check : SafetyChecks.CHECKS) {
            if (!check.holds().test(visited)) {
                keep(BROKEN.computeIfAbsent(check.name(), name -> new ConcurrentLinkedQueue<>()),
                        visited.verdict().ruleId() + " -> " + visited.verdict().decision() + "\n    "
                                + point.description());
            }
        }
    }

    private static void keep(ConcurrentLinkedQueue<String> examples, String example) {
        if (examples.size() < EXAMPLES) {
            examples.add(example);
        }
    }

    @Test
    void rulesAreTotal() {
        assertThat(FAILED).isEmpty();
    }

    static List<Check> checks() {
        return SafetyChecks.CHECKS;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("checks")
    void invariantHoldsEverywhere(Check check) {
        assertThat(String.join("\n", BROKEN.getOrDefault(check.name(), new ConcurrentLinkedQueue<>())))
                .as(check.name()).isEmpty();
    }

    @Test
    void everyRuleFiresSomewhere() {
        SortedMap<Long, List<String>> counts = new TreeMap<>();
        List<String> silent = new ArrayList<>();
        for (Rule rule : HaRules.CATALOGUE) {
            LongAdder count = FIRED.get(rule.id());
            if (count == null) {
                silent.add(rule.id());
            } else {
                counts.computeIfAbsent(count.sum(), n -> new ArrayList<>()).add(rule.id());
            }
        }
        System.out.println(
                "facts: " + FactSpace.WHOLE.size() + " combinations, " + SAMPLES + " visited; rules by frequency: "
                        + new LinkedHashMap<>(counts));
        assertThat(silent).as("rules that never fire").containsExactlyInAnyOrderElementsOf(NEVER_FIRES.keySet());
    }

    @Test
    void everySentenceIsSaidSomewhere() {
        List<Reason.Sentence> silent = Stream.of(Reason.Sentence.values())
                .filter(sentence -> !SENTENCES.containsKey(sentence)).toList();
        assertThat(silent).as("sentences that are never said").containsExactlyInAnyOrderElementsOf(NEVER_SAID.keySet());
    }
}
