package org.jpatroni.decide;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jpatroni.model.FailsafeAnswer;
import org.jpatroni.model.FailsafePing;

/**
 * What members have agreed on while the store does not answer (Patroni: "DCS Failsafe Mode"). All times are of the monotonic clock.
 *
 * @param primary a primary that said that it goes on, while what was promised to it holds
 * @param round the last round of questions of this node
 * @param agreedUntilNanos until when all members have agreed to stand back for this node; empty when that is over or was never so
 */
public record Failsafe(Optional<Announced> primary, Optional<Round> round, Optional<Long> agreedUntilNanos) {

    /** Whether somebody leads by the agreement of the members: this node, or one that it stands back for. */
    public boolean isActive() {
        return agreedUntilNanos.isPresent() || primary.isPresent();
    }

    /** Nobody has asked anybody. */
    public static final Failsafe NOTHING = new Failsafe(Optional.empty(), Optional.empty(), Optional.empty());

    /**
     * A primary that goes on without the store.
     *
     * @param atNanos when it said so last
     * @param untilNanos until when this node stands back for it
     */
    public record Announced(FailsafePing ping, long atNanos, long untilNanos) {
    }

    /**
     * One round of questions to all members that must agree.
     *
     * @param sentAtNanos before the first question was sent: what was agreed on counts from here
     * @param failingSinceNanos when the first of the rounds was sent that have failed in a row; empty when all agreed
     */
    public record Round(long sentAtNanos, List<FailsafeAnswer> answers, Optional<Long> failingSinceNanos) {
        public Round {
            answers = answers.stream().toList();
        }

        /** The round that comes after another one. */
        public static Round of(long sentAtNanos, List<FailsafeAnswer> answers, Optional<Round> before) {
            boolean all = answers.stream().allMatch(FailsafeAnswer::isAccepted);
            return new Round(sentAtNanos, answers, all
                    ? Optional.empty()
                    : before.flatMap(Round::failingSinceNanos).or(() -> Optional.of(sentAtNanos)));
        }

        public boolean isAccepted() {
            return answers.stream().allMatch(FailsafeAnswer::isAccepted);
        }
    }

    /**
     * What is remembered from cycle to cycle.
     *
     * @param attempted what this leader has tried to store under {@code failsafe} since it last read exactly that; any of it may be stored
     */
    public record Remembered(SortedMap<String, String> attempted) {

        public static final Remembered NOTHING = new Remembered(Collections.emptySortedMap());

        public Remembered {
            attempted = Collections.unmodifiableSortedMap(new TreeMap<>(attempted));
        }
    }
}
