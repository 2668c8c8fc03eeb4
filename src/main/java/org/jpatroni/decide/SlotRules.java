package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresView.SlotView;
import org.jpatroni.model.SlotNames;
import org.jpatroni.model.StoredStatus;

/** Which physical slots a member keeps for the others (Patroni: use_slots, member_slots_ttl). */
public final class SlotRules {

    private SlotRules() {
    }

    /**
     * A slot that shall exist.
     *
     * @param advanceTo on a standby: the position that the leader's slot of that name has
     */
    public record Wanted(String name, Optional<Lsn> advanceTo) {
    }

    static Optional<Rule.Outcome> syncIfDue(Situation s) {
        if (s.isThisCycle(s.memory().slotsSyncedAtNanos()) || !s.facts().dynamic().useSlots() || !s.storeSeen()) {
            return pass();
        }
        SortedMap<String, Long> seen = seenNow(s);
        List<Wanted> wanted = wanted(s, seen);
        Memory memory = s.memory().withSlots(seen, s.facts().nowNanos());
        return isSettled(s, wanted)
                ? pass()
                : s.decide(new Decision.SyncSlots(wanted), memory, Reason.of(Sentence.SLOTS));
    }

    /** The memory with the members that are there now: {@code member_slots_ttl} counts from when one was last seen. */
    static Memory remember(Situation s) {
        return s.storeSeen() && s.facts().dynamic().useSlots()
                ? s.memory().withSlots(seenNow(s), s.memory().slotsSyncedAtNanos())
                : s.memory();
    }

    /** When each slot was last wanted by a member that is there: now for those, as remembered for those that went away. */
    private static SortedMap<String, Long> seenNow(Situation s) {
        SortedMap<String, Long> seen = new TreeMap<>(s.memory().slotsSeen());
        long ttlNanos = s.facts().dynamic().memberSlotsTtlSeconds() * 1_000_000_000L;
        seen.values().removeIf(nanos -> s.facts().nowNanos() - nanos > ttlNanos);
        if (seen.isEmpty()) {
            // A new leader takes over what the last one kept.
            s.snapshot().status().retainSlots().forEach(name -> seen.put(name, s.facts().nowNanos()));
        }
        members(s).forEach(name -> seen.put(name, s.facts().nowNanos()));
        seen.remove(SlotNames.ofMember(s.self()));
        return seen;
    }

    /** Slots of members that stream: those of {@code nostream} members are not needed. */
    private static SortedSet<String> members(Situation s) {
        SortedSet<String> names = new TreeSet<>();
        for (Member member : s.others()) {
            if (!member.tags().nostream() && streamsFromHere(s, member)) {
                names.add(SlotNames.ofMember(member.name()));
            }
        }
        return names;
    }

    /** On the leader everybody; elsewhere too, because whoever is promoted must already have the slots. */
    private static boolean streamsFromHere(Situation s, Member member) {
        return !s.holdsLease() || member.tags().replicatefrom().flatMap(s.snapshot()::member).isEmpty()
                || member.tags().replicatefrom().filter(s.self()::equals).isPresent()
                || s.facts().dynamic().memberSlotsTtlSeconds() > 0;
    }

    static List<Wanted> wanted(Situation s, SortedMap<String, Long> seen) {
        List<Wanted> wanted = new ArrayList<>();
        boolean standby = s.inRecovery();
        Map<String, Lsn> leaderSlots = s.snapshot().status().slots();
        for (String name : seen.keySet()) {
            Optional<Lsn> position = standby ? Optional.ofNullable(leaderSlots.get(name)) : Optional.empty();
            wanted.add(new Wanted(name, position));
        }
        return wanted;
    }

    private static boolean isSettled(Situation s, List<Wanted> wanted) {
        SortedMap<String, SlotView> present = s.replication().orElseThrow().slots();
        boolean allThere = wanted.stream().allMatch(slot -> {
            SlotView view = present.get(slot.name());
            return view != null && (slot.advanceTo().isEmpty() || view.restartLsn().isPresent()
                    && !slot.advanceTo().get().isAfter(view.restartLsn().get()));
        });
        boolean nothingExtra = present.entrySet().stream()
                .filter(slot -> slot.getValue().physical() && !slot.getValue().active())
                .allMatch(slot -> wanted.stream().anyMatch(want -> want.name().equals(slot.getKey())));
        return allThere && nothingExtra;
    }

    /** The leader's status: its position, the positions of the slots that it keeps, its own name among them. */
    static StoredStatus status(Situation s, Lsn written) {
        SortedMap<String, Lsn> positions = new TreeMap<>();
        s.replication().orElseThrow().slots().forEach((name, slot) -> {
            if (slot.physical() && s.memory().slotsSeen().containsKey(name)) {
                slot.restartLsn().ifPresent(position -> positions.put(name, position));
            }
        });
        if (s.facts().dynamic().useSlots()) {
            positions.put(SlotNames.ofMember(s.self()), written);
        }
        return new StoredStatus(written, positions, positions.keySet().stream().toList());
    }
}
