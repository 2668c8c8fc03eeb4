package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.decide.World.NOW;
import static org.jpatroni.decide.World.SECOND;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jpatroni.decide.SlotRules.Wanted;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresView.SlotView;
import org.jpatroni.model.StoredStatus;
import org.junit.jupiter.api.Test;

/** Physical slots of members, in a cluster of a (this node), b and c. */
class SlotRulesTest {

    private static final Member A = World.member("a", "primary");

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
        assertThat(wanted(World.leader().dynamic(d -> slots(d, slots)))).containsExactly("b", "bare", "c", "extra");
        assertThat(wanted(World.replica().dynamic(d -> slots(d, slots)))).containsExactly("b", "bare", "c", "extra");
        assertThat(wanted(World.replica().tags(Map.of("nofailover", true)).dynamic(d -> slots(d, slots)))).isEmpty();
    }

    @Test
    void twoMembersWhoseNamesBecomeTheSameShareASlot() {
        assertThat(wanted(World.leader().members(A, member("x-1", Map.of()), member("x.1", Map.of()))))
                .containsExactly("x_1");
    }

    @Test
    void withoutUseSlotsNothingIsDone() {
        World world = due(World.leader().dynamic(d -> FactSpace.config(d, false, 300, 30, true)));
        assertThat(SlotRules.syncIfDue(new Situation(world.facts(), world.memory()))).isEmpty();
    }

    @Test
    void whatIsAsWantedIsLeftAlone() {
        World settled = due(World.leader());
        assertThat(SlotRules.syncIfDue(new Situation(settled.facts(), settled.memory()))).isEmpty();
    }

    @Test
    void whatNobodyNeedsIsDroppedUnlessItIsInUseOrPermanentOrWePause() {
        assertThat(sync(withExtra(World.leader(), false))).isPresent();
        assertThat(sync(withExtra(World.leader(), true))).isEmpty();
        assertThat(sync(withExtra(World.leader().paused(), false))).isEmpty();
        assertThat(sync(
                withExtra(World.leader().dynamic(d -> slots(d, Map.of("extra", Map.of("type", "logical")))), false)))
                .isEmpty();
    }

    @Test
    void aStandbyAdvancesItsSlotsToWhereTheLeadersAre() {
        World world = due(World.replica().snapshot(s -> status(s, Map.of("c", new Lsn(950)), List.of())));
        assertThat(decided(world)).containsExactly(new Wanted("b", Optional.empty()),
                new Wanted("c", Optional.of(new Lsn(950))));
        World there = due(World.replica().snapshot(s -> status(s, Map.of("c", new Lsn(900)), List.of())));
        assertThat(sync(there)).as("already there").isEmpty();
    }

    @Test
    void theSlotOfACascadingMemberFollowsThatMember() {
        World world = due(World.replica().members(A, member("b", Map.of()), member("c", Map.of("replicatefrom", "b")))
                .snapshot(s -> status(s, Map.of("c", new Lsn(950)), List.of())));
        assertThat(decided(world)).contains(new Wanted("c", Optional.of(new Lsn(1000))));
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
        world.memory(m -> m.withSlots(new TreeMap<>(Map.of("b", NOW, "gone", NOW - 1801 * SECOND)), NOW - 20 * SECOND));
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
        World world = World.leader().memory(m -> m.withSlots(new TreeMap<>(Map.of("b", NOW)), NOW))
                .dynamic(d -> slots(d, Map.of("c", Map.of("type", "physical"))));
        StoredStatus status = SlotRules.status(new Situation(world.facts(), world.memory()), new Lsn(1000));
        assertThat(status.leaderLsn()).isEqualTo(new Lsn(1000));
        assertThat(status.slots()).containsOnlyKeys("a", "b", "c").containsEntry("a", new Lsn(1000));
        assertThat(status.retainSlots()).as("permanent ones need no retention").containsExactly("a", "b");
    }

    private static List<String> wanted(World world) {
        World due = due(world);
        Situation s = new Situation(due.facts(), due.memory());
        return SlotRules.wanted(s, SlotRules.remember(s).slotsSeen()).stream().map(Wanted::name).toList();
    }

    private static Optional<Rule.Outcome> sync(World world) {
        return SlotRules.syncIfDue(new Situation(world.facts(), world.memory()));
    }

    private static List<Wanted> decided(World world) {
        return ((Decision.SyncSlots) sync(world).orElseThrow().decision()).wanted();
    }

    private static World due(World world) {
        return world.memory(m -> m.withSlots(m.slotsSeen(), NOW - 20 * SECOND));
    }

    private static World withExtra(World world, boolean active) {
        TreeMap<String, SlotView> slots = new TreeMap<>(world.facts().postgres().replication().orElseThrow().slots());
        slots.put("extra", new SlotView(true, active, Optional.of(new Lsn(900))));
        return due(world.up(Replications.withSlots(world.facts().postgres().replication().orElseThrow(), slots)));
    }

    private static ClusterSnapshot status(ClusterSnapshot s, Map<String, Lsn> slots, List<String> retained) {
        return new ClusterSnapshot(s.initialize(), s.config(), s.leader(),
                new StoredStatus(new Lsn(1000), slots, retained), s.members(), s.failover(), s.sync(), s.history(),
                s.failsafe());
    }

    private static Member member(String name, Map<String, Object> tags) {
        return UpstreamRulesTest.member(name, "running", tags);
    }

    private static DynamicConfig retention(DynamicConfig d, int seconds) {
        return copy(d, seconds, Map.of());
    }

    private static DynamicConfig slots(DynamicConfig d, Map<String, Object> slots) {
        return copy(d, d.memberSlotsTtlSeconds(), slots);
    }

    private static DynamicConfig copy(DynamicConfig d, int retentionSeconds, Map<String, Object> slots) {
        return new DynamicConfig(d.ttlSeconds(), d.loopWaitSeconds(), d.retryTimeoutSeconds(),
                d.maximumLagOnFailoverBytes(), d.maximumLagOnSyncnodeBytes(), d.primaryStartTimeoutSeconds(),
                d.primaryStopTimeoutSeconds(), d.primaryRaceBackoffSeconds(), d.checkTimeline(), d.pause(),
                d.failsafeMode(), d.sync(), d.maxTimelinesHistory(), retentionSeconds, d.standbyCluster(),
                new java.util.LinkedHashMap<>(slots), List.of(), d.useSlots(), d.usePgRewind(),
                d.removeDataDirectoryOnRewindFailure(), d.removeDataDirectoryOnDivergedTimelines(), Map.of(), Map.of());
    }
}
