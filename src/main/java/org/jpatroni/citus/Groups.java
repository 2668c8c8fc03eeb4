package org.jpatroni.citus;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import org.jpatroni.citus.DistNode.Role;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.ConnectionTarget;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Member;

/** The groups of a sharded cluster as the store has them. Empty answers: the store did not say. */
public interface Groups {

    Optional<SortedMap<Integer, ClusterSnapshot>> all();

    /** The coordinator's own cluster. */
    Optional<ClusterSnapshot> coordinator();

    /**
     * What the table shall say of a group: its leader, and as secondaries all that run and may be asked (Patroni: those without
     * {@code noloadbalance}).
     *
     * @param as what the leader is to be
     * @return empty when there is no leader with an address
     */
    static Optional<DistGroup> rows(int number, ClusterSnapshot group, Role as) {
        Optional<Member> leader = group.leaderMember();
        Optional<DistNode> primary = leader.flatMap(member -> node(member, as));
        if (primary.isEmpty()) {
            return Optional.empty();
        }
        List<DistNode> nodes = new ArrayList<>();
        nodes.add(primary.get());
        group.members().stream().filter(member -> !member.name().equals(leader.get().name()))
                .filter(member -> member.isRunning() && !member.tags().noloadbalance())
                .map(member -> node(member, Role.SECONDARY)).flatMap(Optional::stream).forEach(nodes::add);
        return Optional.of(new DistGroup(number, nodes));
    }

    /** Whether the group's leader says of itself that it accepts writes. */
    static boolean hasPrimary(ClusterSnapshot group) {
        return group.leaderMember().filter(Groups::isPrimary).isPresent();
    }

    /** Whether a member says of itself that it accepts writes. */
    static boolean isPrimary(Member member) {
        return member.isRunning() && member.role().filter("primary"::equals).isPresent();
    }

    /** Whether this member leads the group. */
    static boolean leads(ClusterSnapshot group, String member) {
        return group.leader().map(LeaderKey::holder).filter(member::equals).isPresent();
    }

    private static Optional<DistNode> node(Member member, Role role) {
        return member.connUrl().flatMap(ConnectionTarget::ofUrl).filter(at -> at.port().matches("[0-9]{1,5}"))
                .map(at -> DistNode.wanted(at.host(), Integer.parseInt(at.port()), role));
    }
}
