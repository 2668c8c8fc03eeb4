package org.jpatroni.decide;

/**
 * What the rules say.
 *
 * @param ruleId the rule that fired
 * @param decision what to do
 * @param memory what to remember from now on
 * @param reason why, for the log
 */
public record Verdict(String ruleId, Decision decision, Memory memory, Reason reason) {
}
