package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.decide.World.NOW;
import static org.jpatroni.decide.World.SECOND;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresView.SlotView;
import org.jpatroni.model.SlotStep;
import org.jpatroni.model.StoredStatus;
import org.junit.jupiter.api.Test;

/** Physical slots of members, in a cluster of a (this node), b and c. */
class SlotRulesTest {

    private static final Member A = World.member("a", "primary");
    private static final SlotStep DROP_EXTRA = new SlotStep.Drop("extra", "nobody needs it");

    @Test
    void theLeaderKeepsASlotForEveryMember() {
        assertThat(wanted(World.leader())).containsExactly("b", "c");
    }

    @Test
    void aStandbyToo() {
        assertThat(wanted(World.replica())).containsExactly("b", "c");
    }

    @Test
    void noSlotForAMemberThatDoesNotStream() {
        assertThat(wanted(World.leader().members(A, member("b", Map.of("nostream", true)), member("c", Map.of()))))
                .containsExactly("c");
    }

    @Test
    void aMemberThatCannotLeadKeepsSlotsOnlyForThoseThatStreamFromIt() {
        World world = World.replica().tags(Map.of("nofailover", true));
        assertThat(wanted(world)).isEmpty();
        assertThat(wanted(world.members(A, member("b", Map.of()), member("c", Map.of("replicatefrom", "a")))))
                .containsExactly("c");
    }

    @Test
    void withoutRetentionEachKeepsOnlyTheSlotsThatAreUsedHere() {
        Member[] members = {A, member("b", Map.of()), member("c", Map.of("replicatefrom", "b"))};
        assertThat(wanted(World.leader().members(members).dynamic(d -> retention(d, 0)))).containsExactly("b");
        assertThat(wanted(World.replica().members(members).dynamic(d -> retention(d, 0)))).isEmpty();
        Member[] toMe = {A, member("b", Map.of()), member("c", Map.of("replicatefrom", "a"))};
        assertThat(wanted(World.replica().members(toMe).dynamic(d -> retention(d, 0)))).containsExactly("c");
        Member[] toNobody = {A, member("b", Map.of()), member("c", Map.of("replicatefrom", "gone"))};
        assertThat(wanted(World.leader().members(toNobody).dynamic(d -> retention(d, 0)))).containsExactly("b", "c");
    }

    @Test
    void permanentSlotsAreKeptByWhoeverMayLead() {
        Map<String, Object> slots = Map.of("extra", Map.of("type", "physical"), "bare", Map.of(), "a", Map.of(), "l",
                Map.of("type", "logical", "database", "d", "plugin", "p"), "untyped",
                Map.of("database", "d", "plugin", "p"));
        assertThat(wanted(World.leader().dynamic(d -> slots(d, slots)))).containsExactly("b", "bare", "c", "extra", "l",
                "untyped");
        assertThat(wanted(World.replica().dynamic(d -> slots(d, slots)))).containsExactly("b", "bare", "c", "extra",
                "l", "untyped");
        assertThat(wanted(World.replica().tags(Map.of("nofailover", true)).dynamic(d -> slots(d, slots)))).isEmpty();
    }

    @Test
    void twoMembersWhoseNamesBecomeTheSameShareASlot() {
        assertThat(wanted(World.leader().members(A, member("x-1", Map.of()), member("x.1", Map.of()))))
                .containsExactly("x_1");
    }

    @Test
    void withoutUseSlotsThoseThatAreThereAreDropped() {
        World world = due(World.leader().dynamic(d -> FactSpace.config(d, false, 300, 30, true)));
        assertThat(steps(world)).isEmpty();
        world.memory(m -> m.withSlots(m.slots().withOurs(new TreeSet<>(Set.of("b")), m.slots().look())));
        assertThat(steps(world)).containsExactly(new SlotStep.Drop("b", "nobody needs it"));
    }

    @Test
    void whatIsAsWantedIsLeftAlone() {
        assertThat(steps(due(World.leader()))).isEmpty();
    }

    @Test
    void whatNobodyNeedsIsDroppedUnlessItIsInUseOrWePause() {
        assertThat(steps(withExtra(World.leader(), false))).containsExactly(DROP_EXTRA);
        assertThat(steps(withExtra(World.leader(), true))).isEmpty();
        assertThat(steps(withExtra(World.leader().paused(), false))).isEmpty();
    }

    /** Patroni looks for foreign slots when a server is new to it: what a consumer makes on a running server must not vanish. */
    @Test
    void whatOthersMakeOnARunningServerIsLeftAlone() {
        World world = withExtra(World.leader(), false);
        world.memory(m -> Replications.slotsSyncedAt(m, NOW - 20 * SECOND));
        assertThat(steps(world)).isEmpty();
    }

    @Test
    void aStandbyAdvancesItsSlotsToWhereTheLeadersAre() {
        World world = due(World.replica().snapshot(s -> status(s, Map.of("c", new Lsn(950)), List.of())));
        assertThat(steps(world)).containsExactly(new SlotStep.AdvancePhysical("c", new Lsn(950)));
        World there = due(World.replica().snapshot(s -> status(s, Map.of("c", new Lsn(900)), List.of())));
        assertThat(steps(there)).as("already there").isEmpty();
        World behind = due(World.replica().snapshot(s -> status(s, Map.of("c", new Lsn(5000)), List.of())));
        assertThat(steps(behind)).as("no further than it has replayed")
                .containsExactly(new SlotStep.AdvancePhysical("c", new Lsn(1000)));
    }

    @Test
    void theSlotOfACascadingMemberFollowsThatMember() {
        World world = due(World.replica().members(A, member("b", Map.of()), member("c", Map.of("replicatefrom", "b")))
                .snapshot(s -> status(s, Map.of("c", new Lsn(950)), List.of())));
        assertThat(steps(world)).contains(new SlotStep.AdvancePhysical("c", new Lsn(1000)));
        World leader = due(World.leader().members(A, member("b", Map.of()), member("c", Map.of("replicatefrom", "b"))));
        assertThat(steps(leader)).as("on the leader too, where nobody uses it")
                .containsExactly(new SlotStep.AdvancePhysical("c", new Lsn(1000)));
    }

    @Test
    void aNewLeaderKeepsWhatTheLastOneKept() {
        assertThat(wanted(World.leader().snapshot(s -> status(s, Map.of(), List.of("gone", "a"))))).containsExactly("b",
                "c",
                "gone");
    }

    @Test
    void aLeaderWithAMemoryOfItsOwnForgetsInTime() {
        World world = World.leader().snapshot(s -> status(s, Map.of(), List.of("gone")));
        world.memory(m -> m.withSlots(
                m.slots().withSeen(new TreeMap<>(Map.of("b", NOW, "gone", NOW - 1801 * SECOND)))));
        assertThat(wanted(world)).containsExactly("b", "c");
    }

    /** The time without a member counts from when it was last there, not from when its slot was made. */
    @Test
    void theSlotOfAMemberThatGoesAwayIsKeptForMemberSlotsTtl() {
        assertThat(goneAfter(World.member("a", "primary"), World.member("b", "replica"))).isEqualTo(1800);
    }

    /** The status that this leader wrote itself still names the slot: it must not take that for somebody else's wish. */
    @Test
    void theSlotOfTheLastMemberTooIsDroppedInTheEnd() {
        assertThat(goneAfter(World.member("a", "primary"))).isEqualTo(1800);
    }

    private static long goneAfter(Member... left) {
        PerfectNode node = new PerfectNode(World.leader());
        while (node.seconds() < 2 * 3600) {
            node.cycle();
        }
        node.world.members(left);
        long gone = node.seconds();
        while (node.seconds() < gone + 3600
                && node.world.facts().postgres().replication().orElseThrow().slots().containsKey("c")) {
            node.cycle();
        }
        for (int i = 0; i < 5; i++) {
            node.cycle();
        }
        assertThat(node.world.facts().postgres().replication().orElseThrow().slots()).doesNotContainKey("c");
        return (node.seconds() - gone) / 100 * 100;
    }

    @Test
    void theStatusHasTheSlotsThatAreKeptAndTheLeadersOwn() {
        World world = World.leader().memory(m -> m.withSlots(m.slots().withSeen(new TreeMap<>(Map.of("b", NOW)))))
                .dynamic(d -> slots(d, Map.of("c", Map.of("type", "physical"))));
        StoredStatus status = SlotRules.status(new Situation(world.facts(), world.memory()), new Lsn(1000));
        assertThat(status.leaderLsn()).isEqualTo(new Lsn(1000));
        assertThat(status.slots()).containsOnlyKeys("a", "b", "c").containsEntry("a", new Lsn(1000));
        assertThat(status.retainSlots()).as("permanent ones need no retention").containsExactly("a", "b");
    }

    private static List<String> wanted(World world) {
        Situation s = new Situation(world.facts(), world.memory());
        return List.copyOf(WantedSlots.of(s, SlotRules.remember(s).slots().seen()).keySet());
    }

    private static List<SlotStep> steps(World world) {
        Optional<Rule.Outcome> outcome = SlotRules.syncIfDue(new Situation(world.facts(), world.memory()));
        return outcome.map(one -> ((Decision.SyncSlots) one.decision()).steps()).orElse(List.of());
    }

    private static World due(World world) {
        return world.memory(m -> Replications.slotsSyncedAt(m, NOW - 20 * SECOND));
    }

    private static World withExtra(World world, boolean active) {
        TreeMap<String, SlotView> slots = new TreeMap<>(world.facts().postgres().replication().orElseThrow().slots());
        slots.put("extra", new SlotView(true, active, Optional.of(new Lsn(900))));
        World due = due(world.up(Replications.withSlots(world.facts().postgres().replication().orElseThrow(), slots)));
        return due.memory(m -> m.withSlots(m.slots().withOurs(m.slots().ours(), Optional.empty())));
    }

    private static ClusterSnapshot status(ClusterSnapshot s, Map<String, Lsn> slots, List<String> retained) {
        return SlotConfigs.status(s, slots, retained);
    }

    private static Member member(String name, Map<String, Object> tags) {
        return UpstreamRulesTest.member(name, "running", tags);
    }

    private static DynamicConfig retention(DynamicConfig d, int seconds) {
        return SlotConfigs.of(d, seconds, Map.of(), List.of(), false);
    }

    private static DynamicConfig slots(DynamicConfig d, Map<String, Object> slots) {
        return SlotConfigs.of(d, d.memberSlotsTtlSeconds(), slots, List.of(), false);
    }
}
