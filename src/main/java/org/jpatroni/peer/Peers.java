package org.jpatroni.peer;

import java.time.Duration;
import java.util.List;
import org.jpatroni.model.FailsafeAnswer;
import org.jpatroni.model.FailsafePing;
import org.jpatroni.model.Member;
import org.jpatroni.model.PeerAnswer;

/** Questions to the REST API of other members. */
public interface Peers {

    /** Asks all for their status at the same time. One answer per member, in their order; unreachable is an answer. */
    List<PeerAnswer> askStatus(List<Member> members, Duration limit) throws InterruptedException;

    /**
     * Tells all at the same time that this primary goes on without the store, and asks whether it may. One answer per member, in their
     * order. Each is asked once: who may have accepted without our hearing of it counts as unreachable.
     */
    default List<FailsafeAnswer> askFailsafe(List<Member> members, FailsafePing ping, Duration limit)
            throws InterruptedException {
        return members.stream().map(member -> FailsafeAnswer.unreachable(member.name(), "cannot be asked")).toList();
    }
}
