package org.jpatroni.postgres;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.TimelineHistory.Entry;

/**
 * A timeline and those that it came from, as PostgreSQL's history file tells it.
 *
 * @param timeline the newest
 * @param ancestors those that ended, oldest first
 */
record Lineage(int timeline, List<Entry> ancestors) {

    /** A timeline and where it began. */
    record Branch(int timeline, Lsn begin) {
    }

    Lineage {
        ancestors = List.copyOf(ancestors);
    }

    private List<Branch> branches() {
        List<Branch> branches = new ArrayList<>();
        Lsn begin = Lsn.ZERO;
        for (Entry ended : ancestors) {
            branches.add(new Branch(ended.timeline(), begin));
            begin = ended.switchPoint();
        }
        branches.add(new Branch(timeline, begin));
        return branches;
    }

    /** The newest timeline that both went through, by number and place of beginning; as pg_rewind finds it. */
    Optional<Branch> lastCommon(Lineage other) {
        List<Branch> ours = branches();
        List<Branch> theirs = other.branches();
        Optional<Branch> last = Optional.empty();
        for (int i = 0; i < Math.min(ours.size(), theirs.size()) && ours.get(i).equals(theirs.get(i)); i++) {
            last = Optional.of(ours.get(i));
        }
        return last;
    }

    /** Where the timeline ended; empty when it is the newest, or none of this line. */
    Optional<Lsn> endOf(int ofTimeline) {
        return ancestors.stream().filter(entry -> entry.timeline() == ofTimeline).map(Entry::switchPoint).findFirst();
    }
}
