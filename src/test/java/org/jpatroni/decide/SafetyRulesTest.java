package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.decide.World.NOW;
import static org.jpatroni.decide.World.SECOND;

import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jpatroni.decide.Memory.Bootstrap;
import org.jpatroni.decide.Memory.Divergence;
import org.jpatroni.decide.Memory.Phase;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresView.Data;
import org.jpatroni.model.PostgresView.Postmaster;
import org.jpatroni.model.Upstream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** One row per situation: which rule speaks. */
class SafetyRulesTest {

    static Stream<Arguments> rows() {
        return Stream.of(leaseAndStore(), recoveryAndBootstrap(), race(), others()).flatMap(part -> part);
    }

    private static Stream<Arguments> leaseAndStore() {
        return Stream.of(
                row("healthy leader rests", World.leader(), "leader.rest"),
                row("leader whose lease was confirmed half a cycle ago renews",
                        World.leader().lease(NOW - 6 * SECOND, NOW + 24 * SECOND), "lease.renew"),
                row("leader key carries my name from an earlier session", World.leader().noLease(), "lease.adopt"),
                row("leader key was deleted while my lease holds",
                        World.leader().noLeader().lease(NOW - SECOND, NOW + 29 * SECOND), "lease.reacquire"),
                row("planned stop reached its shutdown checkpoint",
                        World.leader().handover(1000).running(new Action.Demote(Action.Demote.Mode.GRACEFUL)),
                        "lease.hand-over"),
                row("store down, lease long", World.leader().storeDown(), "store-down.hold"),
                row("store down, lease within the stop budget",
                        World.leader().storeDown().lease(NOW - 26 * SECOND, NOW + 4 * SECOND), "store-down.demote"),
                row("store down, lease over", World.leader().storeDown().noLease(), "store-down.demote"),
                row("store down, primary does not answer, lease over",
                        World.leader().storeDown().noLease().postmaster(new Postmaster.Unresponsive(10, "late")),
                        "store-down.demote"),
                row("store down, paused, lease over", World.leader().storeDown().noLease().paused(),
                        "store-down.paused"),
                row("store down, replica", World.replica().storeDown(), "store-down.wait"),
                row("store down, stopped", World.replica().storeDown().stopped("shut down in recovery", true),
                        "store-down.start-standby"),
                row("another leader, I am a primary", World.replica().primary(1000), "primary.not-leader"),
                row("nobody leads, I am a primary on an old timeline",
                        World.replica().noLeader().primary(1000).history(3),
                        "primary.timeline-behind"),
                row("nobody leads, I am a primary: look around first", World.replica().noLeader().primary(1000),
                        "primary.ask-peers"),
                row("nobody leads, another primary on a later timeline",
                        World.replica().noLeader().primary(1000).peers(World.primaryPeer("b", 2)),
                        "primary.other-primary"),
                row("nobody leads, I am the only primary",
                        World.replica().noLeader().primary(1000).peers(World.peer("b", 1000)), "primary.acquire"),
                row("primary whose acquisition was not confirmed stops",
                        World.replica().noLeader().primary(1000).peers(World.peer("b", 1000)).leaseAttempted(),
                        "primary.unconfirmed"),
                row("primary starts without the lease",
                        World.replica().data(World.present("in production", false)).role(PostgresRole.PRIMARY)
                                .postmaster(new Postmaster.Starting(10)),
                        "recovery.starting-without-lease"));
    }

    private static Stream<Arguments> recoveryAndBootstrap() {
        return Stream.of(
                row("crashed primary that holds the lease starts in place",
                        World.leader().stopped("in production", false), "recovery.restart-primary"),
                row("crashed primary whose start failed gives the lock up",
                        World.leader().stopped("in production", false).memory(m -> m.withStartFailures(1)),
                        "recovery.give-up"),
                row("crashed primary in a paused cluster gives the lock up",
                        World.leader().stopped("in production", false).paused(), "recovery.paused"),
                row("former primary starts as a standby", World.replica().stopped("in production", false),
                        "recovery.start-standby"),
                row("lease held, in recovery: promote", World.leader().standbyAt(1000, "", ""), "leader.promote"),
                row("another system identifier", World.replica().initialize(Optional.of("1")),
                        "bootstrap.system-id-mismatch"),
                row("no cluster: claim", World.empty().noLeader().initialize(Optional.empty()), "bootstrap.claim"),
                row("no cluster, but I may not lead",
                        World.empty().noLeader().initialize(Optional.empty()).tags(Map.of("nofailover", true)),
                        "bootstrap.wait"),
                row("somebody bootstraps", World.empty().noLeader().initialize(Optional.of("")), "bootstrap.wait"),
                row("claimed: bootstrap",
                        World.empty().noLeader().initialize(Optional.of(""))
                                .memory(m -> m.withBootstrap(Bootstrap.CLAIMED)),
                        "bootstrap.run"),
                row("no data, a leader: clone", World.empty(), "bootstrap.clone"),
                row("half made data is left alone", World.empty().data(new Data.Unusable("no control file")),
                        "bootstrap.unusable"));
    }

    private static Stream<Arguments> race() {
        return Stream.of(
                row("race: first cut the stream of a primary that still writes",
                        World.replica().noLeader().standbyAt(100_000, "b", "streaming"), "race.cut-stream"),
                row("race: a stream that ended with the shutdown record needs no cut",
                        World.replica().noLeader().standbyAt(1100, "b", "streaming"), "race.ask-peers"),
                row("race: not allowed",
                        World.replica().noLeader().standbyAt(1000, "b", "").tags(Map.of("failover_priority", 0)),
                        "race.not-allowed"),
                row("race: too far behind", World.replica().noLeader().standbyAt(1000, "b", "").snapshot(
                        s -> new org.jpatroni.model.ClusterSnapshot(s.initialize(), s.config(), s.leader(),
                                new org.jpatroni.model.StoredStatus(new org.jpatroni.model.Lsn(10_000_000),
                                        new java.util.TreeMap<>(), java.util.List.of()),
                                s.members(), s.failover(), s.sync(), s.history(), s.failsafe())),
                        "race.lagging"),
                row("race: a peer is ahead",
                        World.replica().noLeader().standbyAt(1000, "b", "").peers(World.peer("b", 900),
                                World.peer("c", 2000)),
                        "race.defer"),
                row("race: a primary is alive",
                        World.replica().noLeader().standbyAt(1000, "b", "").peers(World.primaryPeer("b", 1)),
                        "race.primary-alive"),
                row("race: nobody better",
                        World.replica().noLeader().standbyAt(1000, "b", "").peers(World.peer("b", 900),
                                World.peer("c", 1000)),
                        "race.acquire"),
                row("race: an unconfirmed acquisition never promotes",
                        World.replica().noLeader().standbyAt(1000, "b", "").peers(World.peer("c", 1000))
                                .leaseAttempted(),
                        "race.unconfirmed"),
                row("race: paused", World.replica().noLeader().standbyAt(1000, "b", "").paused(), "race.paused"));
    }

    private static Stream<Arguments> others() {
        return Stream.of(
                row("follower streams from somebody else", World.replica().standbyAt(1000, "c", "streaming"),
                        "follower.follow"),
                row("follower that does not stream asks for divergence", World.replica().standbyAt(1000, "b", ""),
                        "follower.check-divergence"),
                row("diverged follower rewinds", World.replica().standbyAt(1000, "b", "")
                        .memory(m -> m.withDivergence(new Divergence(Phase.DIVERGED, "b", NOW))), "follower.heal"),
                row("healthy follower rests", World.replica().memory(m -> m), "follower.rest"),
                row("switchover: ask the candidate first", World.leader().failover(request("a", "c")),
                        "switchover.ask-peers"),
                row("switchover: candidate cannot", World.leader().failover(request("a", "c")).peers(),
                        "switchover.impossible"),
                row("switchover: candidate can",
                        World.leader().failover(request("a", "c")).peers(World.peer("c", 1000)),
                        "switchover.step-down"),
                row("switchover request for another leader is cleared", World.leader().failover(request("b", "c")),
                        "leader.clear-failover"),
                row("shutdown stops PostgreSQL first", World.leader().shutdown(), "shutdown.stop"),
                row("shutdown in a paused cluster leaves PostgreSQL", World.leader().shutdown().paused(),
                        "shutdown.paused"),
                row("a start as a primary is cancelled when the lease is lost",
                        World.replica().stopped("in production", false)
                                .running(new Action.Start(PostgresRole.PRIMARY, Optional.empty(), 300)),
                        "action.lease-lost"),
                row("a clone waits", World.empty().running(new Action.CloneFrom(Optional.<Upstream>empty())),
                        "action.wait"));
    }

    private static FailoverRequest request(String leader, String candidate) {
        return new FailoverRequest(Optional.of(leader), Optional.of(candidate), Optional.empty(), Optional.empty(), 7);
    }

    private static Arguments row(String situation, World world, String ruleId) {
        return Arguments.of(situation, world, ruleId);
    }

    @ParameterizedTest(name = "{0}: {2}")
    @MethodSource("rows")
    void ruleOfTheSituation(String situation, World world, String ruleId) {
        assertThat(world.decide().ruleId()).as(situation).isEqualTo(ruleId);
    }
}
