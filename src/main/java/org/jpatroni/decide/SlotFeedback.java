package org.jpatroni.decide;

import java.util.Optional;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;

/** How far the users of slots are, as the leader and the members have told: in the store, or to each other while there is none. */
final class SlotFeedback {

    private SlotFeedback() {
    }

    /** Where the leader's slot of that name is. */
    static Optional<Lsn> position(Situation s, String slotName) {
        return Optional.ofNullable(s.leaderSlots().get(slotName)).filter(lsn -> lsn.isAfter(Lsn.ZERO));
    }

    /** How much WAL a member has. */
    static Optional<Lsn> xlogLocation(Situation s, Member member) {
        return s.positionOf(member);
    }
}
