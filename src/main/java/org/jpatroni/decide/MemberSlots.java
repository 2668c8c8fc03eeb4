package org.jpatroni.decide;

import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.SlotNames;

/** Physical slots of members (Patroni: {@code use_slots}, {@code member_slots_ttl}). */
final class MemberSlots {

    private MemberSlots() {
    }

    /** Whether this member may have to serve as the leader: then it keeps what a leader keeps. */
    static boolean mayLead(Situation s) {
        return s.holdsLease() || !s.facts().tags().nofailover();
    }

    /** When each slot was last wanted by a member that is there: now for those, as remembered for those that went away. */
    static SortedMap<String, Long> seenNow(Situation s) {
        SortedMap<String, Long> seen = new TreeMap<>(s.memory().slots().seen());
        long ttlNanos = s.facts().dynamic().memberSlotsTtlSeconds() * 1_000_000_000L;
        seen.values().removeIf(nanos -> s.facts().nowNanos() - nanos > ttlNanos);
        if (ttlNanos > 0 && mayLead(s) && (seen.isEmpty() || !s.holdsLease())) {
            // What the leader keeps, so does everybody who may lead next; and a new leader begins with what the last one kept.
            s.snapshot().status().retainSlots().forEach(name -> seen.put(name, s.facts().nowNanos()));
        }
        for (Member member : s.others()) {
            if (!member.tags().nostream() && hasSlotHere(s, member)) {
                seen.put(SlotNames.ofMember(member.name()), s.facts().nowNanos());
            }
        }
        // Never wanted here, but with it this is not empty: a leader that has forgotten everybody must not begin anew.
        seen.put(SlotNames.ofMember(s.self()), s.facts().nowNanos());
        return seen;
    }

    /**
     * With {@code member_slots_ttl} whoever may lead keeps a slot for everybody, because whoever is promoted must already have it. A member
     * that cannot lead, or any other without that setting, keeps slots only for those that stream from it.
     */
    private static boolean hasSlotHere(Situation s, Member member) {
        return s.facts().dynamic().memberSlotsTtlSeconds() > 0
                ? mayLead(s) || cascadesHere(s, member)
                : streamsFromHere(s, member);
    }

    private static boolean cascadesHere(Situation s, Member member) {
        return member.tags().replicatefrom().filter(s.self()::equals).isPresent();
    }

    /** The leader serves all that do not name another member that is there; a standby those that name it, unless they lead. */
    private static boolean streamsFromHere(Situation s, Member member) {
        return s.holdsLease()
                ? cascadesHere(s, member) || member.tags().replicatefrom().flatMap(s.snapshot()::member).isEmpty()
                : cascadesHere(s, member) && !member.name().equals(s.leaderName());
    }

    static WantedSlot.Physical wanted(Situation s, String slotName) {
        Optional<Member> member = member(s, slotName);
        WantedSlot.Use use = member.map(
                known -> streamsFromHere(s, known) ? WantedSlot.Use.HERE : WantedSlot.Use.ELSEWHERE)
                .orElse(WantedSlot.Use.NOWHERE);
        return new WantedSlot.Physical(slotName, use, position(s, slotName));
    }

    /** The member that a slot is for; one that does not stream has none. */
    static Optional<Member> member(Situation s, String slotName) {
        return s.others().stream().filter(
                member -> !member.tags().nostream() && SlotNames.ofMember(member.name()).equals(slotName))
                .findFirst();
    }

    /**
     * How far the user of a slot is: where the leader's slot is. A member that streams from another one leaves the leader's slot behind; then
     * its own position counts.
     */
    static Optional<Lsn> position(Situation s, String slotName) {
        Optional<Lsn> onLeader = SlotFeedback.position(s, slotName);
        Optional<Lsn> own = s.others().stream().filter(
                member -> SlotNames.ofMember(member.name()).equals(slotName)
                        && member.tags().replicatefrom().isPresent())
                .findFirst().flatMap(member -> SlotFeedback.xlogLocation(s, member));
        return own.isPresent() && onLeader.isPresent()
                ? Optional.of(own.get().isAfter(onLeader.get()) ? own.get() : onLeader.get())
                : own.or(() -> onLeader);
    }
}
