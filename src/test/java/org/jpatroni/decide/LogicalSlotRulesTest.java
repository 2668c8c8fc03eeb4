package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.decide.World.NOW;
import static org.jpatroni.decide.World.SECOND;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PermanentSlot;
import org.jpatroni.model.PostgresView.Decoding;
import org.jpatroni.model.PostgresView.SlotSettings;
import org.jpatroni.model.PostgresView.SlotView;
import org.jpatroni.model.SlotStep;
import org.jpatroni.model.Upstream;
import org.junit.jupiter.api.Test;

/** Logical slots, permanent and foreign, in a cluster of a (this node), b and c; {@code l} is wanted in database d with plugin p. */
class LogicalSlotRulesTest {

    private static final PermanentSlot.Logical L = new PermanentSlot.Logical("l", "d", "p");
    private static final Map<String, Object> WANTED = Map.of("l",
            Map.of("type", "logical", "database", "d", "plugin", "p"));
    private static final SlotSettings READY = new SlotSettings(true, true, false, new TreeSet<>());
    private static final SlotSettings NOT_LOGICAL = new SlotSettings(false, true, false, new TreeSet<>());
    private static final SlotSettings NO_FEEDBACK = new SlotSettings(true, false, false, new TreeSet<>());

    @Test
    void thePrimaryCreatesIt() {
        assertThat(steps(world(World.leader(), WANTED, READY))).containsExactly(new SlotStep.CreateLogical(L));
        assertThat(steps(world(World.leader(), WANTED, NOT_LOGICAL))).as("not before wal_level is logical").isEmpty();
        assertThat(steps(with(world(World.leader(), WANTED, READY), "l", logical("d", "p", 900)))).isEmpty();
    }

    @Test
    void whatIsThereForAnotherPluginOrDatabaseMakesWay() {
        World world = world(World.leader(), WANTED, READY);
        assertThat(dropAndCreate(steps(with(world, "l", logical("d", "q", 900))))).isTrue();
        assertThat(dropAndCreate(steps(with(world, "l", logical("e", "p", 900))))).isTrue();
        assertThat(dropAndCreate(steps(with(world, "l", new SlotView(true, false, Optional.of(new Lsn(900)))))))
                .isTrue();
        SlotView unknown = new SlotView(Optional.of(new Decoding(Optional.empty(), "q", Optional.empty(), false,
                false)), false, Optional.of(new Lsn(900)), false, false);
        assertThat(steps(with(world, "l", unknown))).as("database not known yet").isEmpty();
        assertThat(steps(with(world.paused(), "l", logical("d", "q", 900)))).as("paused").isEmpty();
    }

    @Test
    void aLostSlotIsMadeAnew() {
        SlotView lost = new SlotView(Optional.of(decoding("d", "p", 900, false, false)), false, Optional.empty(), false,
                true);
        assertThat(dropAndCreate(steps(with(world(World.leader(), WANTED, READY), "l", lost)))).isTrue();
        assertThat(steps(with(world(replica(950), WANTED, READY), "l", lost))).as("a standby copies it afterwards")
                .hasSize(1).allMatch(step -> step instanceof SlotStep.Drop);
        World ignored = world(World.leader(), WANTED, READY, List.of(Map.of("name", "l")));
        assertThat(steps(with(ignored, "l", lost))).isEmpty();
        SlotView lostPhysical = new SlotView(Optional.empty(), false, Optional.empty(), false, true);
        assertThat(steps(with(world(World.leader(), Map.of(), READY), "b", lostPhysical))).hasSize(2)
                .last().isEqualTo(new SlotStep.CreatePhysical("b"));
    }

    @Test
    void aStandbyAdvancesItButNotBeyondItself() {
        assertThat(steps(with(world(replica(950), WANTED, READY), "l", logical("d", "p", 900))))
                .containsExactly(new SlotStep.AdvanceLogical(L, new Lsn(950)));
        assertThat(steps(with(world(replica(9000), WANTED, READY), "l", logical("d", "p", 900))))
                .containsExactly(new SlotStep.AdvanceLogical(L, new Lsn(1000)));
        assertThat(steps(with(world(replica(900), WANTED, READY), "l", logical("d", "p", 900)))).isEmpty();
    }

    @Test
    void aStandbyCopiesWhatIsMissing() {
        World world = world(replica(950), WANTED, READY);
        assertThat(steps(world)).isEmpty();
        assertThat(copied(world)).containsExactly(L);
        SlotView broken = new SlotView(Optional.of(decoding("d", "p", 900, false, true)), false,
                Optional.of(new Lsn(800)), false, false);
        assertThat(steps(with(world(replica(950), WANTED, READY), "l", broken))).isEmpty();
        assertThat(copied(with(world(replica(950), WANTED, READY), "l", broken))).as("its WAL is gone here")
                .containsExactly(L);
    }

    @Test
    void nothingIsCopiedWhen() {
        assertThat(copied(world(replica(950), WANTED, NOT_LOGICAL))).as("it could not be started with it").isEmpty();
        assertThat(copied(world(replica(950), WANTED, NO_FEEDBACK))).as("its rows would be removed").isEmpty();
        assertThat(copied(world(replica(0), WANTED, READY))).as("the leader has none").isEmpty();
        assertThat(copied(world(replica(950).paused(), WANTED, READY))).as("nothing is restarted in pause").isEmpty();
        assertThat(copied(world(replica(950).tags(Map.of("nofailover", true)), WANTED, READY))).isEmpty();
        assertThat(copied(world(replica(950).tags(Map.of("nostream", true)), WANTED, READY))).isEmpty();
        World again = world(replica(950), WANTED, READY);
        again.memory(m -> m.withSlots(m.slots().withCopies(NOW - 5 * SECOND, 1)));
        assertThat(copied(again)).as("tried a moment ago").isEmpty();
        again.memory(m -> m.withSlots(m.slots().withCopies(NOW - 15 * SECOND, 1)));
        assertThat(copied(again)).containsExactly(L);
        again.memory(m -> m.withSlots(m.slots().withCopies(NOW - 15 * SECOND, 2)));
        assertThat(copied(again)).as("longer and longer").isEmpty();
    }

    @Test
    void whoeverStreamsFromSomebodyWithoutFeedbackHasNone() {
        Member[] members = {World.member("a", "replica"), World.member("b", "primary"),
                member("c", Map.of("nostream", true))};
        World cascading = world(replica(950).tags(Map.of("replicatefrom", "c")).members(members), WANTED, READY);
        assertThat(copied(cascading)).isEmpty();
        assertThat(steps(with(cascading, "l", logical("d", "p", 900)))).isEmpty();
    }

    @Test
    void feedbackIsForcedWhereLogicalSlotsDependOnIt() {
        SlotStep on = new SlotStep.Feedback(true);
        SlotStep off = new SlotStep.Feedback(false);
        assertThat(steps(world(replica(0), WANTED, NO_FEEDBACK))).containsExactly(on);
        assertThat(steps(world(replica(0), WANTED, READY))).isEmpty();
        assertThat(steps(world(replica(0), Map.of(), READY))).as("the configuration has it on").isEmpty();
        SlotSettings forced = new SlotSettings(true, true, true, new TreeSet<>());
        assertThat(steps(world(replica(0), WANTED, forced))).isEmpty();
        assertThat(steps(world(replica(0), Map.of(), forced))).containsExactly(off);
        World relay = world(replica(0).tags(Map.of("nofailover", true)), WANTED, NO_FEEDBACK);
        assertThat(steps(relay)).as("no slots of its own").doesNotContain(on);
        relay.members(World.member("b", "primary"), member("c", Map.of("replicatefrom", "a")));
        assertThat(steps(relay)).as("passes on what c tells").contains(on);
        assertThat(steps(world(replica(0).tags(Map.of("nostream", true)), WANTED, NO_FEEDBACK))).doesNotContain(on);
    }

    @Test
    void thePrimaryIsAskedWhetherTheyAreSafe() {
        SlotSettings settings = new SlotSettings(true, true, false, new TreeSet<>(List.of("l", "foreign")));
        World world = with(world(replica(900), WANTED, settings), "l", logical("d", "p", 900));
        assertThat(steps(world)).singleElement().isInstanceOfSatisfying(SlotStep.Confirm.class, confirm -> {
            assertThat(confirm.names()).containsExactly("l");
            assertThat(confirm.physicalSlot()).isEqualTo("a");
            assertThat(((Upstream.OfMember) confirm.primary()).member().name()).isEqualTo("b");
        });
        World cascading = with(world(replica(900).tags(Map.of("replicatefrom", "c")), WANTED, settings), "l",
                logical("d", "p", 900));
        assertThat(steps(cascading)).last().isInstanceOfSatisfying(SlotStep.Confirm.class,
                confirm -> assertThat(confirm.physicalSlot()).as("feedback goes by way of c").isEqualTo("c"));
    }

    @Test
    void foreignSlotsAreDroppedOnceUnlessIgnored() {
        for (Map<String, Object> matcher : List.<Map<String, Object>>of(Map.of("name", "f"), Map.of("plugin", "q"),
                Map.of("type", "logical", "database", "e"),
                Map.of("name", "f", "type", "logical", "database", "e", "plugin", "q"))) {
            World ignoring = world(World.leader(), Map.of(), READY, List.of(matcher));
            assertThat(steps(firstLook(with(ignoring, "f", logical("e", "q", 900))))).as("%s", matcher).isEmpty();
        }
        for (Map<String, Object> matcher : List.<Map<String, Object>>of(Map.of("name", "g"), Map.of("plugin", "p"),
                Map.of("name", "f", "type", "physical"), Map.of("name", "f", "database", "d"))) {
            World world = world(World.leader(), Map.of(), READY, List.of(matcher));
            assertThat(steps(firstLook(with(world, "f", logical("e", "q", 900))))).as("%s", matcher)
                    .containsExactly(new SlotStep.Drop("f", "nobody needs it"));
        }
        World later = world(World.leader(), Map.of(), READY);
        assertThat(steps(with(later, "f", logical("e", "q", 900)))).as("made on a running server").isEmpty();
    }

    /** PostgreSQL 17 keeps them itself; on a former primary they are in its way. */
    @Test
    void failoverSlotsAreLeftAloneButOnAFormerPrimary() {
        SlotView failover = new SlotView(Optional.of(decoding("e", "q", 900, true, false)), false,
                Optional.of(new Lsn(900)), false, false);
        assertThat(steps(firstLook(with(world(World.leader(), Map.of(), READY), "f", failover)))).isEmpty();
        assertThat(steps(firstLook(with(world(replica(0), Map.of(), READY), "f", failover)))).singleElement()
                .isInstanceOf(SlotStep.Drop.class);
    }

    @Test
    void theStatusTellsHowFarTheConsumerIs() {
        World world = with(world(World.leader(), WANTED, READY), "l", logical("d", "p", 940));
        var status = SlotRules.status(new Situation(world.facts(), world.memory()), new Lsn(1000));
        assertThat(status.slots()).containsEntry("l", new Lsn(940));
        assertThat(status.retainSlots()).doesNotContain("l");
    }

    @Test
    void aStandbyClusterHasNone() {
        World world = world(World.leader(), WANTED, READY);
        world.dynamic(d -> SlotConfigs.of(d, d.memberSlotsTtlSeconds(), WANTED, List.of(), true));
        assertThat(steps(world)).isEmpty();
    }

    private static World replica(long onLeader) {
        return World.replica().snapshot(
                s -> SlotConfigs.status(s, onLeader == 0 ? Map.of() : Map.of("l", new Lsn(onLeader)), List.of()));
    }

    private static World world(World world, Map<String, Object> slots, SlotSettings settings) {
        return world(world, slots, settings, List.of());
    }

    private static World world(World world, Map<String, Object> slots, SlotSettings settings,
            List<Map<String, Object>> ignored) {
        var running = world.facts().postgres().replication().orElseThrow();
        List<Map<String, Object>> matchers = new ArrayList<>(ignored);
        return world.up(Replications.withSlotSettings(running, settings))
                .dynamic(d -> config(d, slots, matchers))
                .memory(m -> Replications.slotsSyncedAt(m, NOW - 20 * SECOND));
    }

    private static DynamicConfig config(DynamicConfig d, Map<String, Object> slots,
            List<Map<String, Object>> ignored) {
        return SlotConfigs.of(d, d.memberSlotsTtlSeconds(), new LinkedHashMap<>(slots), ignored, false);
    }

    private static World with(World world, String name, SlotView slot) {
        var running = world.facts().postgres().replication().orElseThrow();
        TreeMap<String, SlotView> slots = new TreeMap<>(running.slots());
        slots.put(name, slot);
        return world.up(Replications.withSlots(running, slots));
    }

    private static World firstLook(World world) {
        return world.memory(m -> m.withSlots(m.slots().withOurs(m.slots().ours(), Optional.empty())));
    }

    private static SlotView logical(String database, String plugin, long confirmed) {
        return new SlotView(Optional.of(decoding(database, plugin, confirmed, false, false)), false,
                Optional.of(new Lsn(confirmed - 50)), false, false);
    }

    private static Decoding decoding(String database, String plugin, long confirmed, boolean failover,
            boolean broken) {
        return new Decoding(Optional.of(database), plugin, Optional.of(new Lsn(confirmed)), failover, broken);
    }

    private static Member member(String name, Map<String, Object> tags) {
        return UpstreamRulesTest.member(name, "running", tags);
    }

    private static boolean dropAndCreate(List<SlotStep> steps) {
        return steps.size() == 2 && steps.getFirst() instanceof SlotStep.Drop
                && steps.getLast().equals(new SlotStep.CreateLogical(L));
    }

    private static List<SlotStep> steps(World world) {
        Optional<Rule.Outcome> outcome = SlotRules.syncIfDue(new Situation(world.facts(), world.memory()));
        return outcome.map(one -> ((Decision.SyncSlots) one.decision()).steps()).orElse(List.of());
    }

    private static List<PermanentSlot.Logical> copied(World world) {
        Situation s = new Situation(world.facts(), world.memory());
        return SlotRules.copyIfNeeded(new Situation(s.facts(), SlotRules.remember(s)))
                .map(outcome -> ((Action.CopySlots) ((Decision.Begin) outcome.decision()).action()).slots())
                .orElse(List.of());
    }
}
