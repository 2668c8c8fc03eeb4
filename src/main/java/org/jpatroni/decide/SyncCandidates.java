package org.jpatroni.decide;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.NavigableMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresView.Replication;
import org.jpatroni.model.SyncView;
import org.jpatroni.model.SyncView.Standby;

/** Which standbys of a primary can be synchronous ones, and which of them shall be. */
final class SyncCandidates {

    private SyncCandidates() {
    }

    /**
     * A standby that streams from this primary and is a running member that may be synchronous.
     *
     * @param position that a commit would wait for
     */
    record Candidate(Member member, Standby standby, Lsn position) {

        String name() {
            return member.name();
        }
    }

    /** Better ones first (Patroni: sync_priority, then who is synchronous already, then the position), members with nofailover last. */
    private static final Comparator<Candidate> PREFERENCE = Comparator
            .comparing((Candidate candidate) -> candidate.member().tags().nofailover())
            .thenComparingInt(candidate -> -candidate.member().tags().syncPriority())
            .thenComparing(candidate -> candidate.standby().syncState(), Comparator.reverseOrder())
            .thenComparing(Candidate::position, Comparator.reverseOrder()).thenComparing(Candidate::name);

    static List<Candidate> all(Situation s) {
        SyncView view = s.replication().map(Replication::sync).orElse(SyncView.NOTHING);
        NavigableMap<String, Candidate> byName = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (Member member : s.others()) {
            if (!member.isRunning() || member.tags().nosync()) {
                continue;
            }
            view.standbys().stream().filter(standby -> standby.isStreaming()
                    && standby.name().equalsIgnoreCase(member.name()))
                    .flatMap(standby -> standby.position(view.commitLevel())
                            .map(position -> new Candidate(member, standby, position)).stream())
                    .max(Comparator.comparing(Candidate::position))
                    .ifPresent(candidate -> byName.put(member.name(), candidate));
        }
        List<Candidate> found = new ArrayList<>(byName.values());
        found.removeIf(candidate -> cascades(candidate.member(), byName, new TreeSet<>()));
        return withoutLagging(s, found);
    }

    /** Whether it should stream from another standby, which does stream from here (Patroni: it will leave soon). */
    private static boolean cascades(Member member, NavigableMap<String, Candidate> byName, SortedSet<String> seen) {
        Optional<Candidate> source = member.tags().replicatefrom().map(byName::get);
        if (source.isEmpty() || !seen.add(member.name())) {
            return false;
        }
        return source.get().member().tags().replicatefrom().isEmpty() || cascades(source.get().member(), byName, seen);
    }

    private static List<Candidate> withoutLagging(Situation s, List<Candidate> found) {
        long limitBytes = s.facts().dynamic().maximumLagOnSyncnodeBytes();
        if (limitBytes <= 0 || found.isEmpty()) {
            return found;
        }
        Lsn furthest = found.size() > 1
                ? found.stream().map(Candidate::position).max(Comparator.naturalOrder()).orElseThrow()
                : s.replication().map(Replication::walPosition).orElse(Lsn.ZERO);
        return found.stream().filter(candidate -> furthest.minus(candidate.position()) <= limitBytes).toList();
    }

    /**
     * Those that shall be waited for. In priority mode as many as are asked for; in quorum mode all, but of members that must not lead only
     * as many as it takes to have enough.
     */
    static SortedSet<String> picked(Situation s) {
        DynamicConfig dynamic = s.facts().dynamic();
        int count = dynamic.sync().nodeCount();
        List<String> picked = new ArrayList<>();
        for (Candidate candidate : all(s).stream().sorted(PREFERENCE).toList()) {
            boolean wanted = picked.size() < count
                    || dynamic.isQuorum() && !candidate.member().tags().nofailover();
            if (wanted) {
                picked.add(candidate.name());
            }
        }
        return QuorumTransitions.names(picked);
    }

    /** Those that have everything that was acknowledged before the present names took effect, and are waited for now. */
    static SortedSet<String> complete(Situation s) {
        Optional<Lsn> safe = s.memory().sync().safeLsn();
        List<String> complete = safe.isEmpty()
                ? List.of()
                : all(s).stream().filter(candidate -> isWaitedFor(candidate.standby())
                        && candidate.position().minus(safe.get()) >= 0).map(Candidate::name).toList();
        return QuorumTransitions.names(complete);
    }

    private static boolean isWaitedFor(Standby standby) {
        return standby.syncState().equals("sync") || standby.syncState().equals("quorum");
    }
}
