package org.jpatroni.peer;

import java.time.Duration;
import java.util.List;
import org.jpatroni.model.Member;
import org.jpatroni.model.PeerAnswer;

/** Questions to the REST API of other members. */
public interface Peers {

    /** Asks all for their status at the same time. One answer per member, in their order; unreachable is an answer. */
    List<PeerAnswer> askStatus(List<Member> members, Duration limit) throws InterruptedException;
}
