package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.decide.SlotMemory.Look;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PermanentSlot;
import org.jpatroni.model.PostgresView.Replication;
import org.jpatroni.model.PostgresView.SlotSettings;
import org.jpatroni.model.SlotNames;
import org.jpatroni.model.SlotStep;
import org.jpatroni.model.StoredStatus;
import org.jpatroni.model.Upstream;

/** Looking after replication slots: {@link WantedSlots} says which, {@link SlotPlan} how to get there. */
public final class SlotRules {

    private static final Duration COPY_PAUSE_FIRST = Duration.ofSeconds(10);
    private static final Duration COPY_PAUSE_MAX = Duration.ofMinutes(5);

    private SlotRules() {
    }

    static Optional<Rule.Outcome> syncIfDue(Situation s) {
        if (s.isThisCycle(s.memory().slots().syncedAtNanos()) || !s.storeSeen() && !s.leadsByAgreement()) {
            return pass();
        }
        Situation now = new Situation(s.facts(), remember(s));
        List<SlotStep> steps = steps(now);
        return steps.isEmpty()
                ? pass()
                : s.decide(new Decision.SyncSlots(steps),
                        now.memory().withSlots(now.memory().slots().withSyncedAt(s.facts().nowNanos())),
                        Reason.of(Sentence.SLOTS));
    }

    /** What there is to do, given an up-to-date memory. */
    static List<SlotStep> steps(Situation s) {
        SortedMap<String, WantedSlot> wanted = WantedSlots.of(s, s.memory().slots().seen());
        List<SlotStep> steps = new ArrayList<>(new SlotPlan(s, wanted).steps(s.memory().slots().ours()));
        if (!s.storeSeen()) {
            // Who is there, and what is wanted, may be something else by now.
            steps.removeIf(step -> !(step instanceof SlotStep.AdvancePhysical)
                    && !(step instanceof SlotStep.AdvanceLogical));
            return steps;
        }
        SlotSettings settings = s.replication().orElseThrow().slotSettings();
        boolean needed = WantedSlots.needFeedback(s);
        if (needed ? !settings.feedback() : settings.feedbackForced()) {
            steps.add(new SlotStep.Feedback(needed));
        }
        confirmation(s, wanted).ifPresent(steps::add);
        return steps;
    }

    private static Optional<SlotStep> confirmation(Situation s, SortedMap<String, WantedSlot> wanted) {
        SortedSet<String> names = new TreeSet<>(s.replication().orElseThrow().slotSettings().unconfirmed());
        names.removeIf(name -> !(wanted.get(name) instanceof WantedSlot.Logical));
        Optional<Member> leader = primary(s);
        Optional<String> slot = WantedSlots.onPrimary(s, s.self(), s.facts().tags());
        return names.isEmpty() || leader.isEmpty() || slot.isEmpty() || !s.streaming()
                ? Optional.empty()
                : Optional.of(new SlotStep.Confirm(names, new Upstream.OfMember(leader.get(), Optional.empty()),
                        slot.get()));
    }

    private static Optional<Member> primary(Situation s) {
        return s.otherLeads() && s.inRecovery()
                ? s.leaderMember().filter(member -> member.mayServeReplication()
                        && member.role().equals(Optional.of("primary")))
                : Optional.empty();
    }

    /**
     * The memory with the members that are there now ({@code member_slots_ttl} counts from when one was last seen) and with the slots that
     * are looked after.
     */
    static Memory remember(Situation s) {
        if (!s.storeSeen() || s.replication().isEmpty()) {
            return s.memory();
        }
        SlotMemory known = s.memory().slots();
        SortedMap<String, Long> seen = s.facts().dynamic().useSlots() ? MemberSlots.seenNow(s) : new TreeMap<>();
        SortedSet<String> there = new TreeSet<>(s.replication().get().slots().keySet());
        SortedSet<String> ours = new TreeSet<>(known.ours());
        ours.retainAll(there);
        Look look = new Look(s.replication().get().postmasterStart());
        if (!known.look().equals(Optional.of(look))) {
            // What others made before is taken for a leftover, as Patroni does; what they make from now on is theirs.
            ours.addAll(there);
        }
        ours.addAll(WantedSlots.of(s, seen).keySet());
        return s.memory().withSlots(known.withSeen(seen)
                .withOurs(ours, s.paused() ? Optional.empty() : Optional.of(look)));
    }

    /** Copying logical slots from the primary to this standby, at most one attempt in a while: each costs a restart. */
    static Optional<Rule.Outcome> copyIfNeeded(Situation s) {
        SlotMemory known = s.memory().slots();
        Optional<Member> primary = primary(s);
        if (!s.storeSeen() || s.paused() || primary.isEmpty() || !s.streaming() || s.snapshot().failover().isPresent()
                || s.since(known.copiedAtNanos()).compareTo(pause(known.copies())) < 0
                || !mayHaveLogicalSlots(s.replication().orElseThrow())) {
            return pass();
        }
        List<PermanentSlot.Logical> missing = new SlotPlan(s, WantedSlots.of(s, known.seen())).missing();
        if (missing.isEmpty()) {
            return pass();
        }
        boolean again = s.since(known.copiedAtNanos()).compareTo(COPY_PAUSE_MAX.multipliedBy(2)) < 0;
        Memory memory = s.memory()
                .withSlots(known.withCopies(s.facts().nowNanos(), again ? Math.min(10, known.copies() + 1) : 1));
        Upstream from = new Upstream.OfMember(primary.get(), Optional.empty());
        return s.decide(new Decision.Begin(new Action.CopySlots(from, missing)), memory, Reason.of(Sentence.COPY_SLOTS,
                missing.stream().map(PermanentSlot.Logical::name).toList(), primary.get().name()));
    }

    private static Duration pause(int copies) {
        if (copies == 0) {
            return Duration.ZERO;
        }
        Duration pause = COPY_PAUSE_FIRST.multipliedBy(1L << Math.min(copies - 1, 5));
        return pause.compareTo(COPY_PAUSE_MAX) < 0 ? pause : COPY_PAUSE_MAX;
    }

    /** A server with logical slots does not start with a lower wal_level, and without feedback the primary would remove what they need. */
    private static boolean mayHaveLogicalSlots(Replication running) {
        return running.slotSettings().logicalWal() && running.slotSettings().feedback();
    }

    /**
     * The leader's status: its position and those of the slots that it keeps, its own name among them; what is permanent needs no retention.
     * Without {@code member_slots_ttl} only permanent ones are told.
     */
    static StoredStatus status(Situation s, Lsn written) {
        SortedMap<String, Lsn> positions = new TreeMap<>();
        SortedMap<String, PermanentSlot> permanent = WantedSlots.permanent(s);
        SortedMap<String, WantedSlot> wanted = WantedSlots.of(s, s.memory().slots().seen());
        boolean retains = s.facts().dynamic().memberSlotsTtlSeconds() > 0;
        s.replication().orElseThrow().slots().forEach((name, slot) -> {
            WantedSlot known = wanted.get(name);
            if (known != null && slot.physical() == known instanceof WantedSlot.Physical
                    && (retains || permanent.containsKey(name))) {
                slot.position().ifPresent(position -> positions.put(name, position));
            }
        });
        String own = SlotNames.ofMember(s.self());
        if (s.facts().dynamic().useSlots() && (retains || permanent.containsKey(own))) {
            positions.put(own, written);
        }
        List<String> retained = positions.keySet().stream()
                .filter(name -> retains && !(permanent.get(name) instanceof PermanentSlot.Physical)
                        && !(wanted.get(name) instanceof WantedSlot.Logical))
                .toList();
        return new StoredStatus(written, positions, retained);
    }
}
