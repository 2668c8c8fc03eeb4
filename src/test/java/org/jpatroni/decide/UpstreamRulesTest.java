package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.Tags;
import org.jpatroni.model.Upstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whom to follow and whom to copy from, in a cluster of a (this node), leader b and replica c. */
class UpstreamRulesTest {

    private static final Map<String, Object> CASCADE = Map.of("replicatefrom", "c");

    static Stream<Arguments> followed() {
        return Stream.of(
                Arguments.of("the leader", World.replica(), "b"),
                Arguments.of("the member of the tag", World.replica().tags(CASCADE), "c"),
                Arguments.of("the leader, when that member does not run",
                        World.replica().tags(CASCADE).members(primary("b"), member("c", "stopped", Map.of())), "b"),
                Arguments.of("the leader, when that member is unknown",
                        World.replica().tags(Map.of("replicatefrom", "x")), "b"),
                Arguments.of("the leader, when the tag names this very node",
                        World.replica().tags(Map.of("replicatefrom", "a")), "b"),
                Arguments.of("the leader, when two members name each other",
                        World.replica().tags(CASCADE)
                                .members(primary("b"), member("c", "running", Map.of("replicatefrom", "a"))),
                        "b"),
                Arguments.of("the leader, when three members name each other in a circle",
                        World.replica().tags(CASCADE)
                                .members(primary("b"), member("c", "running", Map.of("replicatefrom", "d")),
                                        member("d", "running", Map.of("replicatefrom", "a"))),
                        "b"),
                Arguments.of("the member of the tag, when that one follows another",
                        World.replica().tags(CASCADE)
                                .members(primary("b"), member("c", "running", Map.of("replicatefrom", "d")),
                                        member("d", "running", Map.of())),
                        "c"),
                Arguments.of("the member of the tag, when others below it go in a circle without this node",
                        World.replica().tags(CASCADE)
                                .members(primary("b"), member("c", "running", Map.of("replicatefrom", "d")),
                                        member("d", "running", Map.of("replicatefrom", "c"))),
                        "c"),
                Arguments.of("nobody with nostream", World.replica().tags(Map.of("nostream", true)), "nobody"),
                Arguments.of("nobody with nostream in spite of replicatefrom",
                        World.replica().tags(Map.of("nostream", true, "replicatefrom", "c")), "nobody"),
                Arguments.of("nobody, when the leader has no member key", World.replica().leaderKey("x", false),
                        "nobody"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("followed")
    void follows(String whom, World world, String name) {
        Upstream wanted = UpstreamRules.wanted(new Situation(world.facts(), world.memory()));
        assertThat(UpstreamRules.name(wanted)).as(whom).isEqualTo(name);
    }

    @Test
    void theSlotIsThatOfThisNodeUnlessSlotsAreOff() {
        World off = World.replica().dynamic(d -> FactSpace.config(d, false, 300, 30, true));
        assertThat(slot(World.replica())).contains("a");
        assertThat(slot(off)).isEmpty();
    }

    private static Optional<String> slot(World world) {
        Upstream wanted = UpstreamRules.wanted(new Situation(world.facts(), world.memory()));
        return ((Upstream.OfMember) wanted).slotName();
    }

    static Stream<Arguments> copied() {
        Map<String, Object> clonefrom = Map.of("clonefrom", true);
        return Stream.of(
                Arguments.of("the leader", World.empty(), "b"),
                Arguments.of("a volunteer", World.empty().members(primary("b"), member("c", "running", clonefrom)),
                        "c"),
                Arguments.of("the leader, when the volunteer does not run",
                        World.empty().members(primary("b"), member("c", "stopped", clonefrom)), "b"),
                Arguments.of("the first volunteer by name",
                        World.empty().members(primary("b"), member("d", "running", clonefrom),
                                member("c", "running", clonefrom)),
                        "c"),
                Arguments.of("the member of the tag before a volunteer",
                        World.empty().tags(Map.of("replicatefrom", "d")).members(primary("b"),
                                member("c", "running", clonefrom), member("d", "running", Map.of())),
                        "d"),
                Arguments.of("the volunteer, when the member of the tag does not run",
                        World.empty().tags(Map.of("replicatefrom", "d")).members(primary("b"),
                                member("c", "running", clonefrom), member("d", "stopped", Map.of())),
                        "c"),
                Arguments.of("the leader, when this node names itself",
                        World.empty().tags(Map.of("replicatefrom", "a")), "b"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("copied")
    void copiesFrom(String whom, World world, String name) {
        Upstream source = UpstreamRules.cloneSource(new Situation(world.facts(), world.memory()));
        assertThat(UpstreamRules.name(source)).as(whom).isEqualTo(name);
    }

    @Test
    void aFollowerWithOtherSettingsIsNotFollowing() {
        Upstream.OfMember c = new Upstream.OfMember(member("c", "running", Map.of()), Optional.of("a"));
        assertThat(UpstreamRules.isFollowing(Replications.standby(1, "c", ""), c)).isTrue();
        assertThat(UpstreamRules.isFollowing(Replications.standby(1, "b", "streaming"), c)).isFalse();
        assertThat(UpstreamRules.isFollowing(Replications.standby(1, "c", "streaming"),
                new Upstream.OfMember(c.member(), Optional.empty()))).as("another slot").isFalse();
        assertThat(UpstreamRules.isFollowing(Replications.standby(1, "", ""), c)).isFalse();
        assertThat(UpstreamRules.isFollowing(Replications.standby(1, "", ""), new Upstream.Nobody())).isTrue();
        assertThat(UpstreamRules.isFollowing(Replications.standby(1, "c", ""), new Upstream.Nobody())).isFalse();
        Upstream.Remote remote = new Upstream.Remote("h", "5433", Optional.of("s"));
        assertThat(UpstreamRules.isFollowing(Replications.followingRemote(remote), remote)).isTrue();
        assertThat(UpstreamRules.isFollowing(Replications.followingRemote(remote),
                new Upstream.Remote("h", "5432", Optional.of("s")))).isFalse();
    }

    private static Member primary(String name) {
        return World.member(name, "primary");
    }

    static Member member(String name, String state, Map<String, Object> tags) {
        return new Member(name, Optional.of("http://127.0.0.1:1/patroni"),
                Optional.of("postgres://" + name + ":5432/postgres"), Optional.empty(), Optional.of(state),
                Optional.of("replica"), Optional.of("4.1.4"), new Tags(new java.util.LinkedHashMap<>(tags)),
                Optional.of(new Lsn(1000)), Optional.empty(), Optional.empty(), Optional.empty(), OptionalInt.of(1),
                false,
                Map.of(), Map.of(), false, false, false);
    }
}
