package org.jpatroni.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jpatroni.model.Lsn;

/**
 * The WAL of one data directory: records in order and the timelines it went through. A record is an object of its own, so two
 * directories share history up to exactly the last record that they have in common.
 */
final class SimWal {

    /** What a record is. */
    enum Kind {
        COMMIT, CHECKPOINT, END_OF_RECOVERY
    }

    /** One record; identity is what makes it this record and no other of the same place and size. */
    static final class Entry {
        private final Kind kind;
        private final int timeline;
        private final long startLsn;
        private final long endLsn;
        private final long transaction;

        private Entry(Kind kind, int timeline, long startLsn, long endLsn, long transaction) {
            this.kind = kind;
            this.timeline = timeline;
            this.startLsn = startLsn;
            this.endLsn = endLsn;
            this.transaction = transaction;
        }

        Kind kind() {
            return kind;
        }

        int timeline() {
            return timeline;
        }

        long startLsn() {
            return startLsn;
        }

        /** Where the next one begins. */
        long endLsn() {
            return endLsn;
        }

        /** Number of the client's transaction, for {@link Kind#COMMIT}. */
        long transaction() {
            return transaction;
        }
    }

    /** A timeline that ended, and where. */
    record Switch(int timeline, long atLsn) {
    }

    private static final long FIRST_LSN = 0x3000000L;

    private final List<Entry> entries = new ArrayList<>();
    private final List<Switch> switches = new ArrayList<>();
    private int timeline = 1;

    static SimWal copyOf(SimWal other) {
        SimWal copy = new SimWal();
        copy.entries.addAll(other.entries);
        copy.switches.addAll(other.switches);
        copy.timeline = other.timeline;
        return copy;
    }

    int timeline() {
        return timeline;
    }

    int size() {
        return entries.size();
    }

    long endLsn() {
        return entries.isEmpty() ? FIRST_LSN : entries.getLast().endLsn();
    }

    List<Switch> switches() {
        return List.copyOf(switches);
    }

    List<Entry> entries() {
        return java.util.Collections.unmodifiableList(entries);
    }

    Entry append(Kind kind, long bytes, long transaction) {
        Entry entry = new Entry(kind, timeline, endLsn(), endLsn() + bytes, transaction);
        entries.add(entry);
        return entry;
    }

    /** Promotion: this timeline ends here, the next one begins. */
    void beginTimeline(int next) {
        switches.add(new Switch(timeline, endLsn()));
        timeline = next;
        append(Kind.END_OF_RECOVERY, 106, 0);
    }

    /** Where the timeline ended in this history; empty when it is the current one or no ancestor. */
    Optional<Long> switchPoint(int ofTimeline) {
        return switches.stream().filter(entry -> entry.timeline() == ofTimeline).map(Switch::atLsn).findFirst();
    }

    /** Whether a standby with that history can stream from a server with this one, by PostgreSQL's rules: timeline ids and positions. */
    boolean canServe(SimWal standby) {
        if (standby.timeline > timeline) {
            return false;
        }
        if (standby.timeline == timeline) {
            return standby.endLsn() <= endLsn();
        }
        Optional<Long> switched = switchPoint(standby.timeline);
        return switched.isPresent() && standby.endLsn() <= switched.get();
    }

    /** What a careful look at both history files says: no timeline of the other's ended elsewhere, and the last one did not go too far. */
    boolean continuesByIds(SimWal other) {
        for (Switch theirs : other.switches) {
            if (!switchPoint(theirs.timeline()).equals(Optional.of(theirs.atLsn()))) {
                return false;
            }
        }
        return canServe(other);
    }

    /** Whether both have a timeline of one number that began twice: at different places, or with different records at one place. */
    boolean hasForkOf(SimWal other) {
        List<Switch> ours = branches();
        List<Switch> theirs = other.branches();
        int common = 0;
        while (common < Math.min(ours.size(), theirs.size()) && ours.get(common).equals(theirs.get(common))) {
            common++;
        }
        boolean parted = common < theirs.size();
        return timeline == other.timeline && parted
                || common > 0 && !firstOf(ours.get(common - 1).timeline())
                        .equals(other.firstOf(ours.get(common - 1).timeline()));
    }

    /** Each timeline and where it began. */
    private List<Switch> branches() {
        List<Switch> branches = new ArrayList<>();
        long begin = 0;
        for (Switch ended : switches) {
            branches.add(new Switch(ended.timeline(), begin));
            begin = ended.atLsn();
        }
        branches.add(new Switch(timeline, begin));
        return branches;
    }

    private Optional<Entry> firstOf(int ofTimeline) {
        return entries.stream().filter(entry -> entry.timeline() == ofTimeline).findFirst();
    }

    /** Whether the other's history is truly a beginning of this one, byte by byte: what timeline ids only promise. */
    boolean hasPrefix(SimWal other) {
        int size = other.entries.size();
        return size == 0 || size <= entries.size() && entries.get(size - 1) == other.entries.get(size - 1);
    }

    /** Number of records that both have in common. */
    int commonEntries(SimWal other) {
        int common = Math.min(entries.size(), other.entries.size());
        while (common > 0 && entries.get(common - 1) != other.entries.get(common - 1)) {
            common--;
        }
        return common;
    }

    /** What streaming does: takes over everything up to, without, that record, and the timelines that lead there. */
    void receiveFrom(SimWal upstream, int untilEntry) {
        int from = entries.size();
        if (untilEntry <= from) {
            return;
        }
        entries.addAll(upstream.entries.subList(from, untilEntry));
        timeline = entries.getLast().timeline();
        switches.clear();
        for (Switch entry : upstream.switches) {
            if (entry.timeline() < timeline) {
                switches.add(entry);
            }
        }
    }

    Lsn end() {
        return new Lsn(endLsn());
    }
}
