package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.util.Collections;
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

/** Which physical slots a member keeps (Patroni: use_slots, member_slots_ttl, slots). */
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
        if (ttlNanos > 0 && mayLead(s) && (seen.isEmpty() || !s.holdsLease())) {
            // What the leader keeps, so does everybody who may lead next; and a new leader begins with what the last one kept.
            s.snapshot().status().retainSlots().forEach(name -> seen.put(name, s.facts().nowNanos()));
        }
        for (Member member : s.others()) {
            if (!member.tags().nostream() && mayStreamFromHere(s, member)) {
                seen.put(SlotNames.ofMember(member.name()), s.facts().nowNanos());
            }
        }
        // Never wanted here, but with it this is not empty: a leader that has forgotten everybody must not begin anew.
        seen.put(SlotNames.ofMember(s.self()), s.facts().nowNanos());
        return seen;
    }

    private static boolean mayLead(Situation s) {
        return s.holdsLease() || !s.facts().tags().nofailover();
    }

    /**
     * With {@code member_slots_ttl} whoever may lead keeps a slot for everybody, because whoever is promoted must already have it. A member
     * that cannot lead, or any other without that setting, keeps slots only for those that stream from it.
     */
    private static boolean mayStreamFromHere(Situation s, Member member) {
        Optional<String> source = member.tags().replicatefrom();
        boolean cascadesHere = source.filter(s.self()::equals).isPresent();
        if (s.facts().dynamic().memberSlotsTtlSeconds() > 0) {
            return mayLead(s) || cascadesHere;
        }
        return cascadesHere || s.holdsLease() && source.flatMap(s.snapshot()::member).isEmpty();
    }

    /** Names of the permanent physical slots (Patroni: {@code slots}); a slot without type, database and plugin is a physical one. */
    static SortedSet<String> permanent(Situation s) {
        SortedSet<String> names = new TreeSet<>();
        s.facts().dynamic().slots().forEach((name, value) -> {
            Map<?, ?> slot = value instanceof Map<?, ?> map ? map : Collections.emptyMap();
            Object type = slot.get("type");
            boolean logical = type == null
                    ? slot.get("database") != null && slot.get("plugin") != null
                    : !type.equals("physical");
            if (!logical && !name.equals(SlotNames.ofMember(s.self()))) {
                names.add(name);
            }
        });
        return names;
    }

    static List<Wanted> wanted(Situation s, SortedMap<String, Long> seen) {
        SortedSet<String> names = new TreeSet<>(seen.keySet());
        names.remove(SlotNames.ofMember(s.self()));
        if (mayLead(s)) {
            names.addAll(permanent(s));
        }
        return names.stream().map(name -> new Wanted(name, s.inRecovery() ? position(s, name) : Optional.empty()))
                .toList();
    }

    /**
     * How far a slot on a standby may be advanced: to where the leader's slot is. A member that streams from another one leaves the leader's
     * slot behind; then its own position counts.
     */
    private static Optional<Lsn> position(Situation s, String slotName) {
        Optional<Lsn> onLeader = Optional.ofNullable(s.snapshot().status().slots().get(slotName));
        Optional<Lsn> own = s.others().stream()
                .filter(member -> SlotNames.ofMember(member.name()).equals(slotName)
                        && member.tags().replicatefrom().isPresent())
                .findFirst().flatMap(Member::xlogLocation);
        return own.filter(lsn -> onLeader.isEmpty() || lsn.isAfter(onLeader.get())).or(() -> onLeader);
    }

    private static boolean isSettled(Situation s, List<Wanted> wanted) {
        SortedMap<String, SlotView> present = s.replication().orElseThrow().slots();
        boolean allThere = wanted.stream().allMatch(slot -> {
            SlotView view = present.get(slot.name());
            return view != null && (slot.advanceTo().isEmpty() || view.restartLsn().isPresent()
                    && !slot.advanceTo().get().isAfter(view.restartLsn().get()));
        });
        boolean nothingExtra = s.paused() || present.entrySet().stream()
                .filter(slot -> slot.getValue().physical() && !slot.getValue().active()
                        && !s.facts().dynamic().slots().containsKey(slot.getKey()))
                .allMatch(slot -> wanted.stream().anyMatch(want -> want.name().equals(slot.getKey())));
        return allThere && nothingExtra;
    }

    /** The leader's status: its position and those of the slots that it keeps, its own name among them; permanent ones need no retention. */
    static StoredStatus status(Situation s, Lsn written) {
        SortedMap<String, Lsn> positions = new TreeMap<>();
        SortedSet<String> permanent = permanent(s);
        s.replication().orElseThrow().slots().forEach((name, slot) -> {
            if (slot.physical() && (s.memory().slotsSeen().containsKey(name) || permanent.contains(name))) {
                slot.restartLsn().ifPresent(position -> positions.put(name, position));
            }
        });
        if (s.facts().dynamic().useSlots()) {
            positions.put(SlotNames.ofMember(s.self()), written);
        }
        List<String> retained = positions.keySet().stream().filter(name -> !permanent.contains(name)).toList();
        return new StoredStatus(written, positions, retained);
    }
}
