package org.jpatroni.model;

import java.util.Optional;

/**
 * What a member answered to a primary that cannot reach the store. No answer is one too.
 *
 * @param position what it has received or replayed, when it said so
 * @param text its own words, or why there are none; for the log
 */
public record FailsafeAnswer(String member, Kind kind, Optional<Lsn> position, String text) {

    /** Whether the primary may go on as far as this member is concerned. */
    public enum Kind {
        /** It takes part in no race until the time to live is over. */
        ACCEPTED,
        /** It answered, and does not agree. */
        REFUSED,
        /** Nobody knows what it does. */
        UNREACHABLE
    }

    public boolean isAccepted() {
        return kind == Kind.ACCEPTED;
    }

    public static FailsafeAnswer unreachable(String member, String cause) {
        return new FailsafeAnswer(member, Kind.UNREACHABLE, Optional.empty(), cause);
    }
}
