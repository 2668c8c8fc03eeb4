package org.jpatroni.decide;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jpatroni.model.Member;
import org.jpatroni.model.PermanentSlot;
import org.jpatroni.model.SlotNames;
import org.jpatroni.model.Tags;

/** Which slots this member shall have: those of members and the permanent ones (Patroni: {@code use_slots}, {@code slots}). */
final class WantedSlots {

    private WantedSlots() {
    }

    /** By name. A slot for a member comes before a permanent one of that name. */
    static SortedMap<String, WantedSlot> of(Situation s, SortedMap<String, Long> seen) {
        SortedMap<String, WantedSlot> wanted = new TreeMap<>();
        if (!s.facts().dynamic().useSlots()) {
            return wanted;
        }
        String own = SlotNames.ofMember(s.self());
        seen.keySet().stream().filter(name -> !name.equals(own))
                .forEach(name -> wanted.put(name, MemberSlots.wanted(s, name)));
        if (MemberSlots.mayLead(s)) {
            permanent(s).values().stream().filter(slot -> !slot.name().equals(own))
                    .forEach(slot -> wanted.merge(slot.name(), permanent(s, slot), WantedSlots::preferred));
        }
        return wanted;
    }

    /** What is wanted for a member that is away is wanted for good when the configuration says so too. */
    private static WantedSlot preferred(WantedSlot ofMember, WantedSlot permanent) {
        boolean away = ofMember instanceof WantedSlot.Physical physical && physical.use() == WantedSlot.Use.NOWHERE;
        return away && permanent instanceof WantedSlot.Physical ? permanent : ofMember;
    }

    private static WantedSlot permanent(Situation s, PermanentSlot slot) {
        return switch (slot) {
            case PermanentSlot.Logical logical ->
                new WantedSlot.Logical(logical, SlotFeedback.position(s, logical.name()));
            // Whoever it was made for is expected at the leader, unless it is a member that streams from another one.
            case PermanentSlot.Physical physical -> new WantedSlot.Physical(physical.name(),
                    s.holdsLease() && !cascades(s, physical.name()) ? WantedSlot.Use.HERE : WantedSlot.Use.ELSEWHERE,
                    MemberSlots.position(s, physical.name()));
        };
    }

    private static boolean cascades(Situation s, String slotName) {
        return s.snapshot().members().stream().anyMatch(member -> member.tags().replicatefrom().isPresent()
                && SlotNames.ofMember(member.name()).equals(slotName));
    }

    /**
     * The permanent slots that this cluster and this member can have: no logical ones in a standby cluster, nor where no feedback goes from
     * here to the primary, as then nobody keeps the rows of the catalogs that they need.
     */
    static SortedMap<String, PermanentSlot> permanent(Situation s) {
        boolean logical = !s.standbyCluster() && onPrimary(s, s.self(), s.facts().tags()).isPresent();
        SortedMap<String, PermanentSlot> slots = new TreeMap<>();
        s.facts().dynamic().slots().forEach((name, value) -> PermanentSlot.read(name, value)
                .filter(slot -> slot instanceof PermanentSlot.Physical physical
                        ? physical.existsOn(s.standbyCluster())
                        : logical)
                .ifPresent(slot -> slots.put(name, slot)));
        return slots;
    }

    /** The permanent logical slots of this member that no member's slot stands in the way of. */
    static List<WantedSlot.Logical> logical(SortedMap<String, WantedSlot> wanted) {
        List<WantedSlot.Logical> logical = new ArrayList<>();
        wanted.values().forEach(slot -> {
            if (slot instanceof WantedSlot.Logical one) {
                logical.add(one);
            }
        });
        return logical;
    }

    /**
     * The slot on the primary through which a member's WAL and feedback go: its own, or that of the member at the end of the chain of
     * {@code replicatefrom}. None when one of them does not stream, or when they name each other in a circle.
     */
    static Optional<String> onPrimary(Situation s, String member, Tags tags) {
        Set<String> passed = new TreeSet<>();
        String name = member;
        Tags at = tags;
        while (passed.add(name)) {
            String here = name;
            if (at.nostream()) {
                return Optional.empty();
            }
            Optional<Member> next = at.replicatefrom().filter(source -> !source.equals(here))
                    .flatMap(s.snapshot()::member);
            if (next.isEmpty()) {
                return Optional.of(SlotNames.ofMember(name));
            }
            name = next.get().name();
            at = next.get().tags();
        }
        return Optional.empty();
    }

    /**
     * Whether standbys must tell the primary which rows they need ({@code hot_standby_feedback}): those with logical slots, and those that
     * pass on what others with logical slots tell.
     */
    static boolean needFeedback(Situation s) {
        boolean slots = s.facts().dynamic().useSlots() && !s.standbyCluster() && s.facts().dynamic().slots().entrySet()
                .stream().anyMatch(entry -> PermanentSlot.read(entry.getKey(), entry.getValue())
                        .filter(slot -> slot instanceof PermanentSlot.Logical).isPresent());
        return slots && needFeedback(s, s.self(), s.facts().tags(), new TreeSet<>());
    }

    private static boolean needFeedback(Situation s, String name, Tags tags, Set<String> passed) {
        if (!passed.add(name) || onPrimary(s, name, tags).isEmpty()) {
            return false;
        }
        return !tags.nofailover() || s.snapshot().members().stream()
                .filter(member -> member.tags().replicatefrom().filter(name::equals).isPresent()
                        && !member.name().equals(s.leaderName()))
                .anyMatch(member -> needFeedback(s, member.name(), member.tags(), passed));
    }
}
