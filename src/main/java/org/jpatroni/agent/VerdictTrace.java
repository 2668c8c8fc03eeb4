package org.jpatroni.agent;

import org.jpatroni.decide.Facts;
import org.jpatroni.decide.Verdict;

/** Told of every decision; for metrics, rule coverage and the simulator's transcript. */
@FunctionalInterface
public interface VerdictTrace {

    void decided(Facts facts, Verdict verdict);

    static VerdictTrace none() {
        return (facts, verdict) -> {
        };
    }
}
