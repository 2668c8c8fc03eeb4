package org.jpatroni.decide;

import java.util.Optional;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PermanentSlot;

/** A slot that this member shall have. */
sealed interface WantedSlot {

    /** Whether somebody is to be connected to a physical slot. */
    enum Use {
        /** A member, or whoever it was made for, streams from here through it. */
        HERE,
        /** It is used on another member; here it only keeps what may be needed later. */
        ELSEWHERE,
        /** It belongs to a member that is away. */
        NOWHERE
    }

    String name();

    /**
     * A physical slot.
     *
     * @param position where its user is, as far as the leader or the user itself has told
     */
    record Physical(String name, Use use, Optional<Lsn> position) implements WantedSlot {
    }

    /**
     * A logical slot.
     *
     * @param position confirmed by its consumer on the leader
     */
    record Logical(PermanentSlot.Logical slot, Optional<Lsn> position) implements WantedSlot {
        @Override
        public String name() {
            return slot.name();
        }
    }
}
