package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.decide.World.NOW;
import static org.jpatroni.decide.World.SECOND;

import java.util.Map;
import org.jpatroni.model.StoredStatus;
import org.jpatroni.model.ClusterSnapshot;
import java.util.TreeMap;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jpatroni.decide.Facts.LeaseView;
import org.jpatroni.decide.Memory.Bootstrap;
import org.jpatroni.model.ControlData;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresView.Data;
import org.jpatroni.model.PostgresView.Postmaster;
import org.jpatroni.model.Tags;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Corners that the enumeration of the fact space and the convergence runs have found: one row for each, which failed before its rule was put right. */
class CornerRulesTest {

    static Stream<Arguments> rows() {
        return Stream.of(leases(), data(), maintenance(), moves(), handOversAndCrashes(), racesForAMove())
                .flatMap(rows -> rows);
    }

    private static Stream<Arguments> leases() {
        LeaseView unconfirmed = new LeaseView.Held(NOW - 27 * SECOND, NOW + 3 * SECOND, NOW + 1);
        Action startPrimary = new Action.Start(PostgresRole.PRIMARY, Optional.empty(), 300);
        return Stream.of(
                row("a store that answers questions and refuses the renewal: stop before the lease ends",
                        World.leader().lease(unconfirmed), "lease.ends"),
                row("the same while PostgreSQL does not answer",
                        World.leader().lease(unconfirmed).postmaster(new Postmaster.Unresponsive(10, "late")),
                        "lease.ends"),
                row("the same while paused", World.leader().lease(unconfirmed).paused(), "leader.rest"),
                row("leader whose server starts for too long, somebody could take over: stop it first",
                        World.leader().postmaster(new Postmaster.Starting(10))
                                .memory(m -> m.withCrashedAt(Optional.of(NOW - 400 * SECOND))),
                        "recovery.start-too-long"),
                row("leader whose server starts for too long, and nobody could take over",
                        World.leader().postmaster(new Postmaster.Starting(10)).members(World.member("a", "primary"))
                                .memory(m -> m.withCrashedAt(Optional.of(NOW - 400 * SECOND))),
                        "recovery.starting"),
                row("crashed with a lease that ends within the stop budget: not as a primary",
                        World.leader().lease(unconfirmed).stopped("in production", false), "recovery.start-standby"),
                row("in recovery with a lease that ends within the stop budget: not promoted",
                        World.leader().lease(unconfirmed).standbyAt(1000, "", ""), "leader.promote-later"),
                row("a promotion that failed a moment ago: no standby leader, and the failures still count",
                        World.leader().standbyAt(1000, "", "").memory(m -> m.withActionNotBefore(NOW + SECOND)),
                        "leader.promote-later"),
                row("my key, but the adoption was refused in this cycle: stop, do not acquire what is not free",
                        World.leader().lease(new LeaseView.NotHeld(NOW + 1, NOW + 1)).peers(), "primary.unconfirmed"),
                row("my key, and the standby could not confirm it",
                        World.replica().leaderKey("a", false).lease(new LeaseView.NotHeld(NOW + 1, NOW + 1)),
                        "race.own-key-unconfirmed"),
                row("store down while a primary starts, lease over: cancel the start",
                        World.leader().stopped("in production", false).noLease().storeDown().running(startPrimary),
                        "store-down.demote"),
                row("store down while a primary starts, lease long",
                        World.leader().stopped("in production", false).storeDown().running(startPrimary),
                        "store-down.busy"),
                row("planned stop done and store down: the key is handed over when the store is back",
                        World.leader().stopped("shut down", false).handover(1000).storeDown(), "store-down.hold"),
                row("asked to end, stopped, and store down: nothing is written",
                        World.leader().stopped("shut down", false).storeDown().shutdown(), "shutdown.halt"),
                row("the position of a stop long ago does not give a new lease away",
                        World.leader().handover(1000), "leader.rest"));
    }

    private static Stream<Arguments> data() {
        Data foreign = new Data.Present(new ControlData("1", 1, "in production", new Lsn(900)), false, 15);
        return Stream.of(
                row("leader whose data directory went away",
                        World.empty().leaderKey("a", true).lease(NOW, NOW + 30 * SECOND),
                        "bootstrap.leader-without-data"),
                row("no data, a copy without leader is possible, and my own key of an earlier session is still there: others may be ahead of a backup",
                        World.empty().leaderKey("a", false).allowed(true, true)
                                .lease(new LeaseView.NotHeld(NOW + 1, NOW + 1)),
                        "bootstrap.wait"),
                row("data that cannot be read, but the server runs and somebody else leads: the server is what counts",
                        World.replica().primary(1000).data(new Data.Unusable("permission denied")),
                        "primary.not-leader"),
                row("bootstrapped, and the server died before the cluster was complete",
                        World.replica().noLeader().initialize(Optional.of("")).stopped("in production", false)
                                .memory(m -> m.withBootstrap(Bootstrap.CLAIMED)),
                        "bootstrap.failed"),
                row("bootstrapped, and the server does not answer for a moment",
                        World.replica().noLeader().initialize(Optional.of("")).primary(1000)
                                .postmaster(new Postmaster.Unresponsive(10, "late"))
                                .memory(m -> m.withBootstrap(Bootstrap.CLAIMED)),
                        "recovery.unresponsive"),
                row("copy of the remote that does not start",
                        World.replica().noLeader().initialize(Optional.of("")).stopped("in archive recovery", true)
                                .dynamic(d -> FactSpace.config(d, true, 300, 30, false))
                                .memory(m -> m.withBootstrap(Bootstrap.CLAIMED).withStartFailures(1)),
                        "bootstrap.failed"),
                row("initialize could not be given back in this cycle",
                        World.empty().noLeader().initialize(Optional.of(""))
                                .memory(m -> m.withBootstrap(Bootstrap.FAILED))
                                .tried("CancelInitialize"),
                        "bootstrap.failed"),
                row("somebody else's data while paused: the agent goes on", World.replica().data(foreign).paused(),
                        "bootstrap.foreign-data-paused"),
                row("somebody else's data while paused, my key was deleted",
                        World.leader().noLeader().data(foreign).lease(NOW - SECOND, NOW + 29 * SECOND).paused(),
                        "bootstrap.foreign-data-paused"));
    }

    private static Stream<Arguments> maintenance() {
        return Stream.of(
                row("paused, lease held, in recovery: nothing is promoted",
                        World.leader().standbyAt(1000, "", "").paused(),
                        "leader.paused-standby"),
                row("paused, lease held, in recovery, asked to take over",
                        World.leader().standbyAt(1000, "", "").paused().failover(FactSpace.move("", "a", 0)),
                        "leader.promote"),
                row("paused, no leader, somebody else is asked to take over and cannot",
                        World.replica().noLeader().standbyAt(1000, "b", "").paused().peers()
                                .failover(FactSpace.move("", "c", 0)),
                        "race.paused"),
                row("paused after a requested move: the old primary comes back as a standby",
                        World.replica().stopped("shut down", false).role(PostgresRole.DEMOTED).paused()
                                .memory(m -> m.withOwesStart(true)),
                        "recovery.start-standby"),
                row("paused, crashed primary stays down",
                        World.replica().stopped("in production", false).role(PostgresRole.PRIMARY).paused(),
                        "recovery.paused"),
                row("paused while a primary starts: the start is not cancelled",
                        World.leader().stopped("in production", false).paused()
                                .memory(m -> m.withPublished("crashed/primary", NOW)
                                        .withCrashedAt(Optional.of(NOW - 400 * SECOND)))
                                .running(new Action.Start(PostgresRole.PRIMARY, Optional.empty(), 300)),
                        "action.wait"));
    }

    private static Stream<Arguments> moves() {
        Tags nofailover = new Tags(Map.of("nofailover", true));
        return Stream.of(
                row("a move to a member that must not lead",
                        World.leader().failover(FactSpace.move("", "c", 0)).peers(World.peer("c", 1000, nofailover)),
                        "switchover.impossible"),
                row("stepped down in vain: the request is deleted, not repeated",
                        World.leader().failover(FactSpace.move("a", "c", 0)).peers(World.peer("c", 1000))
                                .memory(m -> m.withGaveUpLeadership(Optional.of(NOW - SECOND))),
                        "leader.clear-failover"),
                row("a request that could not be deleted in this cycle holds nothing else up",
                        World.leader().failover(FactSpace.move("b", "c", 0)).tried("ClearFailover"), "leader.rest"),
                row("stepped down in vain at a scheduled time: deleted too",
                        World.leader().failover(FactSpace.move("a", "c", -1)).peers(World.peer("c", 1000))
                                .memory(m -> m.withGaveUpLeadership(Optional.of(NOW - SECOND))),
                        "leader.clear-failover"),
                row("a scheduled move is not due yet", World.leader().failover(FactSpace.move("a", "c", 3)),
                        "leader.rest"),
                row("whom a scheduled move names is looked at when it is due",
                        World.leader().failover(FactSpace.move("b", "c", 3)), "leader.rest"),
                row("a scheduled move is due now", World.leader().failover(FactSpace.move("a", "c", -1)),
                        "switchover.ask-peers"),
                row("a scheduled move waits while the cluster is paused",
                        World.leader().paused().failover(FactSpace.move("a", "c", -1)), "leader.rest"),
                row("the time of a scheduled move is over",
                        World.leader().failover(FactSpace.move("a", "c", -16)), "switchover.stale"),
                row("a missed move that could not be deleted is not carried out",
                        World.leader().failover(FactSpace.move("a", "c", -16)).tried("ClearFailover"), "leader.rest"),
                row("a move to anybody in a paused cluster", World.leader().paused()
                        .failover(FactSpace.move("a", "", 0)), "switchover.needs-candidate"),
                row("a move to somebody in a paused cluster", World.leader().paused()
                        .failover(FactSpace.move("a", "c", 0)).peers(World.peer("c", 1000)), "switchover.step-down"));
    }

    private static Stream<Arguments> handOversAndCrashes() {
        return Stream.of(
                row("stepped down, the candidate has not taken the key yet", steppedDown(9),
                        "recovery.await-successor"),
                row("stepped down, nobody takes the key", steppedDown(7), "recovery.start-standby"),
                row("stepped down, the candidate has the key and is being promoted",
                        steppedDown(9).leaderKey("c", false), "recovery.await-successor"),
                row("stepped down, the promotion takes long", steppedDown(7).leaderKey("c", false),
                        "recovery.start-standby"),
                row("stepped down, the candidate takes writes", steppedDown(9).leaderKey("c", false)
                        .members(World.member("a", "demoted"), World.member("b", "replica"),
                                World.member("c", "primary")),
                        "recovery.start-standby"),
                row("a promotion writes nothing meanwhile",
                        World.leader().role(PostgresRole.PROMOTED).memory(m -> m.withPublished("other", NOW))
                                .failover(FactSpace.move("b", "a", 0)).running(new Action.Promote()),
                        "action.wait"),
                row("a start of the primary writes nothing meanwhile",
                        World.leader().stopped("in production", false).memory(m -> m.withPublished("other", NOW))
                                .running(new Action.Start(PostgresRole.PRIMARY, Optional.empty(), 300)),
                        "action.wait"),
                row("a start of the primary that takes long is shown",
                        World.leader().stopped("in production", false).memory(m -> m.withPublished("other", NOW))
                                .running(Optional.of(new Facts.Running(
                                        new Action.Start(PostgresRole.PRIMARY, Optional.empty(), 300), false,
                                        NOW - 3 * SECOND))),
                        "action.publish"),
                row("a promotion that takes long clears the request",
                        World.leader().role(PostgresRole.PROMOTED).failover(FactSpace.move("b", "a", 0))
                                .running(Optional.of(new Facts.Running(new Action.Promote(), false, NOW - 3 * SECOND))),
                        "action.clear-failover"),
                row("a named candidate gets a moment before others are asked",
                        World.replica().noLeader().standbyAt(1000, "b", "").failover(FactSpace.move("b", "c", 0)),
                        "race.let-candidate"),
                row("a named candidate that does nothing: all are asked",
                        World.replica().noLeader().standbyAt(1000, "b", "").failover(FactSpace.move("b", "c", 0))
                                .memory(m -> m.withDeferringSince(Optional.of(NOW - SECOND))),
                        "race.ask-peers"),
                row("nobody waits for a candidate that is not there",
                        World.replica().noLeader().standbyAt(1000, "b", "").failover(FactSpace.move("b", "d", 0)),
                        "race.ask-peers"),
                row("a primary has crashed: it is started before the lease is extended",
                        World.leader().stopped("in production", false).lease(NOW - 9 * SECOND, NOW + 21 * SECOND),
                        "recovery.restart-primary"),
                row("a primary has crashed and the lease ends soon: it is extended first",
                        World.leader().stopped("in production", false).lease(NOW - 16 * SECOND, NOW + 14 * SECOND),
                        "lease.renew"),
                row("a primary whose start has failed: the lease is extended first",
                        World.leader().stopped("in production", false).lease(NOW - 9 * SECOND, NOW + 21 * SECOND)
                                .memory(m -> m.withStartFailures(1)),
                        "lease.renew"),
                row("a leader that hands over writes nothing meanwhile",
                        World.leader().failover(FactSpace.move("a", "c", 0))
                                .memory(m -> m.withPublished("other", NOW))
                                .running(new Action.Demote(Action.Demote.Mode.GRACEFUL)),
                        "action.wait"));
    }

    private static Stream<Arguments> racesForAMove() {
        Tags nofailover = new Tags(Map.of("nofailover", true));
        return Stream.of(
                row("the named candidate that has the last record need not ask",
                        World.replica().noLeader().standbyAt(1100, "b", "").failover(FactSpace.move("b", "a", 0)),
                        "race.acquire"),
                row("the named candidate that is not known to have the last record asks",
                        World.replica().noLeader().standbyAt(1000, "b", "").failover(FactSpace.move("b", "a", 0)),
                        "race.ask-peers"),
                row("the last record is still on its way",
                        World.replica().noLeader().standbyAt(1000, "b", "streaming")
                                .failover(FactSpace.move("b", "a", 0)),
                        "race.await-last-record"),
                row("the last record may be on its way to another",
                        World.replica().noLeader().standbyAt(1000, "b", "").peersAsked(NOW,
                                FactSpace.receiver("c", 1000)),
                        "race.await-receiver"),
                row("nobody receives any more",
                        World.replica().noLeader().standbyAt(1000, "b", "").peersAsked(NOW, World.peer("c", 1000)),
                        "race.acquire"),
                row("the receiver did not take over",
                        World.replica().noLeader().standbyAt(1000, "b", "")
                                .peersAsked(NOW, FactSpace.receiver("c", 1000))
                                .memory(m -> m.withDeferringSince(Optional.of(NOW - SECOND))),
                        "race.acquire"),
                row("the last record does not come",
                        World.replica().noLeader().standbyAt(1000, "b", "streaming")
                                .memory(m -> m.withDeferringSince(Optional.of(NOW - SECOND))),
                        "race.ask-peers"),
                row("a switchover does not promote who lost too much",
                        farBehind()
                                .failover(FactSpace.move("b", "a", 0)),
                        "race.lagging"),
                row("a failover by hand does",
                        farBehind()
                                .failover(FactSpace.move("", "a", 0)).peers(World.peer("c", 2000)),
                        "race.acquire"),
                row("a scheduled move says nothing about a race before its time",
                        World.replica().noLeader().standbyAt(1000, "b", "").failover(FactSpace.move("b", "a", 3600))
                                .peers(World.peer("c", 2000)),
                        "race.defer"),
                row("nobody waits for a candidate that must not lead",
                        World.replica().noLeader().standbyAt(1000, "b", "").failover(FactSpace.move("b", "c", 0))
                                .peers(World.peer("c", 1000, nofailover)),
                        "race.acquire"),
                row("the candidate is waited for",
                        World.replica().noLeader().standbyAt(1000, "b", "").failover(FactSpace.move("b", "c", 0))
                                .peers(World.peer("c", 1000)),
                        "race.wait-candidate"),
                row("more WAL counts before a higher priority",
                        World.replica().noLeader().standbyAt(2000, "b", "")
                                .peers(World.peer("c", 1000, new Tags(Map.of("failover_priority", 9)))),
                        "race.acquire"),
                row("less WAL counts in spite of a higher priority",
                        World.replica().noLeader().standbyAt(1000, "b", "").tags(Map.of("failover_priority", 9))
                                .peers(World.peer("c", 2000)),
                        "race.defer"));
    }

    private static World steppedDown(int secondsLeft) {
        return World.replica().noLeader().stopped("shut down", false).role(PostgresRole.DEMOTED)
                .failover(FactSpace.move("a", "c", 0))
                .memory(m -> m.withGaveUpLeadership(Optional.of(NOW + secondsLeft * SECOND)));
    }

    private static World farBehind() {
        return World.replica().noLeader().standbyAt(1000, "b", "")
                .snapshot(s -> new ClusterSnapshot(s.initialize(), s.config(), s.leader(),
                        new StoredStatus(new Lsn(10_000_000), new TreeMap<>(), List.of()), s.members(), s.failover(),
                        s.sync(), s.history(), s.failsafe()));
    }

    private static Arguments row(String situation, World world, String ruleId) {
        return Arguments.of(situation, world, ruleId);
    }

    @ParameterizedTest(name = "{0}: {2}")
    @MethodSource("rows")
    void ruleOfTheCorner(String situation, World world, String ruleId) {
        assertThat(world.decide().ruleId()).as(situation).isEqualTo(ruleId);
    }
}
