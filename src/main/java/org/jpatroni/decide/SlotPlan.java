package org.jpatroni.decide;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.regex.Pattern;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PermanentSlot;
import org.jpatroni.model.PostgresView.Decoding;
import org.jpatroni.model.PostgresView.Replication;
import org.jpatroni.model.PostgresView.SlotView;
import org.jpatroni.model.SlotStep;
import org.jspecify.annotations.Nullable;

/** The difference between the slots that are there and those that are wanted, as steps. A slot in use is never touched. */
final class SlotPlan {

    private static final Pattern MOVE_OF_CITUS = Pattern.compile("citus_shard_move_slot(_[1-9][0-9]*){2,3}");
    private static final Pattern SPLIT_OF_CITUS = Pattern.compile("citus_shard_split_slot(_[1-9][0-9]*){2,3}");

    private final Situation s;
    private final Replication running;
    private final SortedMap<String, WantedSlot> wanted;
    private final List<SlotStep> steps = new ArrayList<>();

    SlotPlan(Situation s, SortedMap<String, WantedSlot> wanted) {
        this.s = s;
        this.running = s.replication().orElseThrow();
        this.wanted = wanted;
    }

    /**
     * The steps, those that give WAL free first.
     *
     * @param ours names of slots that are dropped when nobody wants them
     */
    List<SlotStep> steps(SortedSet<String> ours) {
        running.slots().forEach((name, slot) -> {
            if (!wanted.containsKey(name) && ours.contains(name) && !isFailoverSlot(slot)) {
                drop(name, slot, "nobody needs it");
            }
            if (s.inRecovery() && s.otherLeads() && isFailoverSlot(slot)) {
                // PostgreSQL 17 synchronizes it anew only when the one of its time as a primary is gone.
                drop(name, slot,
                        "it is left over from the time as a primary, and keeps PostgreSQL from synchronizing it");
            }
        });
        wanted.values().forEach(slot -> {
            switch (slot) {
                case WantedSlot.Physical physical -> physical(physical);
                case WantedSlot.Logical logical -> logical(logical);
            }
        });
        return steps;
    }

    /** The logical slots that this standby shall have and has not, or not in working order, while the leader has them. */
    List<PermanentSlot.Logical> missing() {
        return WantedSlots.logical(wanted).stream().filter(slot -> {
            SlotView view = running.slots().get(slot.name());
            return slot.position().isPresent()
                    && (view == null || view.decoding().filter(Decoding::broken).isPresent() && !view.active());
        }).map(WantedSlot.Logical::slot).toList();
    }

    private void physical(WantedSlot.Physical slot) {
        SlotView view = running.slots().get(slot.name());
        if (view == null) {
            steps.add(new SlotStep.CreatePhysical(slot.name()));
            return;
        }
        Optional<String> unusable = unusable(slot, view);
        if (unusable.isPresent()) {
            if (drop(slot.name(), view, unusable.get())) {
                steps.add(new SlotStep.CreatePhysical(slot.name()));
            }
        } else if (slot.use() != WantedSlot.Use.HERE && !view.active() && !view.holdsRows()) {
            slot.position().map(this::reachable).filter(to -> to.isAfter(view.restartLsn().orElse(Lsn.ZERO)))
                    .ifPresent(to -> steps.add(new SlotStep.AdvancePhysical(slot.name(), to)));
        }
    }

    /** Why a slot must be made anew; empty: it need not. */
    private Optional<String> unusable(WantedSlot.Physical slot, SlotView view) {
        if (!view.physical()) {
            return Optional.of("it is a logical one and a physical one is wanted");
        }
        if (view.lost()) {
            return Optional.of("the WAL that it needs is gone");
        }
        if (slot.use() != WantedSlot.Use.HERE && view.restartLsn().isEmpty()) {
            return Optional.of("it was created without reserving WAL, by somebody else");
        }
        // Nobody tells it any more which rows he needs, so it would hold back the removal of rows for ever.
        return slot.use() == WantedSlot.Use.ELSEWHERE && view.holdsRows() && rowsAreStale()
                ? Optional.of("nobody uses it here, and its xmin keeps rows that nobody needs")
                : Optional.empty();
    }

    /** Not between two leaders: then its user may come back in a moment. */
    private boolean rowsAreStale() {
        return s.otherLeads() || s.holdsLease() && s.writable();
    }

    private void logical(WantedSlot.Logical slot) {
        SlotView view = running.slots().get(slot.name());
        if (view == null) {
            create(slot.slot());
            return;
        }
        Optional<String> unusable = unusable(slot.slot(), view);
        if (unusable.isPresent()) {
            if (drop(slot.name(), view, unusable.get())) {
                create(slot.slot());
            }
        } else if (s.inRecovery() && !view.active() && view.decoding().filter(Decoding::broken).isEmpty()) {
            Lsn confirmed = view.position().orElse(Lsn.ZERO);
            slot.position().map(this::reachable).filter(to -> to.isAfter(confirmed))
                    .ifPresent(to -> steps.add(new SlotStep.AdvanceLogical(slot.slot(), to)));
        }
    }

    private Optional<String> unusable(PermanentSlot.Logical slot, SlotView view) {
        if (view.physical()) {
            return Optional.of("it is a physical one and a logical one is wanted");
        }
        if (view.lost()) {
            return Optional.of("the WAL or the rows that it needs are gone");
        }
        Decoding decoding = view.decoding().orElseThrow();
        boolean other = !decoding.plugin().equals(slot.plugin())
                || decoding.database().filter(name -> !name.equals(slot.database())).isPresent();
        return other
                ? Optional.of("it is not for plugin " + slot.plugin() + " and database " + slot.database())
                : Optional.empty();
    }

    /** On a standby it is copied, which needs more than a statement. */
    private void create(PermanentSlot.Logical slot) {
        if (s.writable() && running.slotSettings().logicalWal()) {
            steps.add(new SlotStep.CreateLogical(slot));
        }
    }

    /** A standby that is behind moves its slots no further than it is itself: from there on it must serve whoever comes. */
    private Lsn reachable(Lsn to) {
        Lsn limit = running.inRecovery()
                ? running.replayedLsn().orElse(Lsn.ZERO)
                : running.writtenLsn().orElse(Lsn.ZERO);
        return to.isAfter(limit) ? limit : to;
    }

    /** Whether it is dropped: not in a paused cluster, and not what the operator wants left alone. */
    private boolean drop(String name, SlotView slot, String reason) {
        boolean unknown = slot.decoding().filter(decoding -> decoding.database().isEmpty()).isPresent();
        if (slot.active() || s.paused() || unknown || isIgnored(name, slot)) {
            return false;
        }
        steps.add(new SlotStep.Drop(name, reason));
        return true;
    }

    private static boolean isFailoverSlot(SlotView slot) {
        return slot.decoding().filter(Decoding::failover).isPresent();
    }

    /** Patroni's rule: each attribute that a matcher has must be equal; a physical slot has neither database nor plugin. */
    private boolean isIgnored(String name, SlotView slot) {
        for (Map<String, @Nullable Object> matcher : s.facts().dynamic().ignoreSlots()) {
            if (agrees(matcher, "name", name) && agrees(matcher, "type", slot.physical() ? "physical" : "logical")
                    && agrees(matcher, "database", slot.decoding().flatMap(Decoding::database).orElse(null))
                    && agrees(matcher, "plugin", slot.decoding().map(Decoding::plugin).orElse(null))) {
                return true;
            }
        }
        return s.writable() && slot.decoding().filter(decoding -> isOfCitus(name, decoding)).isPresent();
    }

    /** Citus moves and splits shards by logical replication (Patroni: slots of its own making are not dropped). */
    private boolean isOfCitus(String name, Decoding decoding) {
        Optional<String> database = s.facts().node().citusDatabase();
        return database.isPresent() && database.equals(decoding.database())
                && (MOVE_OF_CITUS.matcher(name).matches() && decoding.plugin().equals("pgoutput")
                        || SPLIT_OF_CITUS.matcher(name).matches() && decoding.plugin().equals("citus"));
    }

    private static boolean agrees(Map<String, @Nullable Object> matcher, String key, @Nullable String actual) {
        Object expected = matcher.get(key);
        return expected == null || expected.equals("") || expected.equals(actual);
    }
}
