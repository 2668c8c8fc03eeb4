package org.jpatroni.decide;

import java.util.Optional;
import org.jpatroni.model.ConnectionTarget;
import org.jpatroni.model.DynamicConfig.StandbyCluster;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresView.Replication;
import org.jpatroni.model.SlotNames;
import org.jpatroni.model.Upstream;

/** Whom this node streams or copies from. */
final class UpstreamRules {

    private UpstreamRules() {
    }

    /**
     * Whom a standby follows while there is a leader: the member of its tag {@code replicatefrom} if that one runs, else the leader
     * (Patroni: "Cascading replication"). Nobody for a {@code nostream} member or before the leader can serve.
     */
    static Upstream wanted(Situation s) {
        if (s.facts().tags().nostream()) {
            return new Upstream.Nobody();
        }
        Optional<Member> cascade = s.facts().tags().replicatefrom().filter(name -> !name.equals(s.self()))
                .flatMap(s.snapshot()::member).filter(Member::mayServeReplication)
                .filter(member -> !follows(member, s));
        Optional<Member> source = cascade.or(() -> s.leaderMember().filter(member -> member.connUrl().isPresent()));
        return source.<Upstream>map(member -> new Upstream.OfMember(member, slotName(s)))
                .orElseGet(Upstream.Nobody::new);
    }

    /** Members that name each other, also by way of others, would stream in a circle: then they follow the leader. */
    private static boolean follows(Member member, Situation s) {
        Optional<Member> upstream = Optional.of(member);
        for (int hops = 0; hops < s.snapshot().members().size() && upstream.isPresent(); hops++) {
            Optional<String> next = upstream.get().tags().replicatefrom();
            if (next.filter(s.self()::equals).isPresent()) {
                return true;
            }
            upstream = next.flatMap(s.snapshot()::member);
        }
        return false;
    }

    /**
     * What the leader of a standby cluster follows: the remote server, or only its archive where no host is named or this member must not
     * stream. A slot is used only where one is named.
     */
    static Upstream remote(Situation s) {
        StandbyCluster remote = s.facts().dynamic().standbyCluster().orElseThrow();
        Optional<String> host = remote.host().filter(name -> !s.facts().tags().nostream());
        if (host.isEmpty()) {
            return remote.restoreCommand().isPresent() ? new Upstream.Archive() : new Upstream.Nobody();
        }
        Optional<String> slot = remote.primarySlotName().filter(name -> s.facts().dynamic().useSlots())
                .map(SlotNames::ofMember);
        return new Upstream.Remote(host.get(), remote.port().orElse("5432"), slot);
    }

    /**
     * Whose history counts, and whom data can be rewound to: the leader, in a standby cluster the remote primary. Empty while that one cannot
     * serve, is no primary, or has no address.
     */
    static Optional<Upstream> authority(Situation s) {
        if (s.standbyCluster()) {
            return Optional.of(remote(s)).filter(Upstream.Remote.class::isInstance);
        }
        return s.otherLeads()
                ? s.leaderMember().filter(Member::mayServeReplication)
                        .map(leader -> new Upstream.OfMember(leader, Optional.empty()))
                : Optional.empty();
    }

    /** Whom to copy a data directory from: {@code replicatefrom}, else a running member tagged {@code clonefrom}, else the leader. */
    static Upstream cloneSource(Situation s) {
        if (s.memory().rebuild() == Memory.Rebuild.FROM_LEADER) {
            return new Upstream.OfMember(s.leaderMember().orElseThrow(), Optional.empty());
        }
        Optional<Member> cascade = s.facts().tags().replicatefrom().filter(name -> !name.equals(s.self()))
                .flatMap(s.snapshot()::member).filter(Member::mayServeReplication);
        Optional<Member> volunteer = s.others().stream()
                .filter(member -> member.tags().clonefrom() && member.mayServeReplication()
                        && !member.name().equals(s.leaderName()))
                .findFirst();
        Member source = cascade.or(() -> volunteer).orElseGet(() -> s.leaderMember().orElseThrow());
        return new Upstream.OfMember(source, Optional.empty());
    }

    private static Optional<String> slotName(Situation s) {
        return s.facts().dynamic().useSlots() ? Optional.of(SlotNames.ofMember(s.self())) : Optional.empty();
    }

    /** Whether the running standby already has these settings. */
    static boolean isFollowing(Replication replication, Upstream upstream) {
        Optional<ConnectionTarget> current = replication.primaryConninfo().flatMap(ConnectionTarget::ofConninfo);
        return switch (upstream) {
            case Upstream.Nobody nobody -> current.isEmpty();
            case Upstream.Archive archive -> current.isEmpty() && replication.hasRestoreCommand();
            case Upstream.OfMember member -> current
                    .equals(member.member().connUrl().flatMap(ConnectionTarget::ofUrl))
                    && replication.primarySlotName().orElse("").equals(member.slotName().orElse(""));
            case Upstream.Remote remote ->
                current.equals(Optional.of(new ConnectionTarget(remote.host(), remote.port())))
                        && replication.primarySlotName().orElse("").equals(remote.slotName().orElse(""));
        };
    }

    static String name(Upstream upstream) {
        return switch (upstream) {
            case Upstream.OfMember member -> member.member().name();
            case Upstream.Remote remote -> remote.host() + ":" + remote.port();
            case Upstream.Archive archive -> "the archive";
            case Upstream.Nobody nobody -> "nobody";
        };
    }
}
