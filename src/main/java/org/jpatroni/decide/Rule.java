package org.jpatroni.decide;

import java.util.Optional;
import java.util.function.Function;

/**
 * One rule of the catalogue. The first rule of the ordered list that has something to say wins.
 *
 * @param id stable name {@code group.rule}: in log lines, metrics and the catalogue
 * @param when the situation, in one sentence
 * @param why where the rule comes from: the page of Patroni's documentation, or the incident it answers
 */
public record Rule(String id, String when, String why, Function<Situation, Optional<Outcome>> body) {

    /** What a rule says, before its id is attached. */
    public record Outcome(Decision decision, Memory memory, Reason reason) {
    }
}
